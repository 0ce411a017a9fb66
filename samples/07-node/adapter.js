// node adapter.js SETTINGS.json
// A department's adapter: publishes what changed in its file, and answers the hub.
'use strict';

const { Stream } = require('./stream.js');
const { publish } = require('./publisher.js');
const { serve } = require('./service.js');
const { settings } = require('./exchange.js');
const permits = require('./permits.js');

const changesPerBatch = 100;

const config = settings(process.argv[2]);
const stream = new Stream(config.state, config.department);
const published = new Map();
for (const change of stream.changes()) permits.follow(published, change);

/** One reading of the file. The last batch of the first one, or the heartbeat after it, says that the load is complete. */
function readFile() {
  const readAt = Math.floor(Date.now() / 1000);
  const changes = permits.changesBetween(published, permits.read(config.data), plate => permits.seal(stream.locatorKey, plate));
  while (changes.length > 0) {
    const next = changes.splice(0, changesPerBatch);
    stream.append(next, stream.loading && changes.length > 0, readAt);
    next.forEach(change => permits.follow(published, change));
  }
  stream.complete(readAt);
}

function readFileAndGoOn() {
  try {
    readFile();
  } catch (error) {
    // Another process has written to this stream: whatever this one said next would contradict it.
    if (error.code === 'EEXIST') throw error;
    // Named, not quoted: a text of the file could hold a number plate.
    console.log(`the data cannot be read: ${error.code ?? error.name}`);
  }
}

/** The address comes first: it keeps a second adapter from writing to the same stream. */
serve(config, stream).then(() => {
  readFileAndGoOn();
  setInterval(readFileAndGoOn, 1_000);
  publish(config, stream);
});
