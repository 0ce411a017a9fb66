// node publish.js HOST:PORT CERTIFICATES DEPARTMENT < batches.json
// Publishes an array of change batches through the ingress; prints each acknowledgement as a line of JSON.
'use strict';

const fs = require('node:fs');
const { services, credentials, refusal, sign } = require('./exchange.js');

const [address, folder, department] = process.argv.slice(2);
const client = new services.change.v1.ChangeIngressService(address, credentials(folder, department));
const batches = JSON.parse(fs.readFileSync(0, 'utf8'));

const stream = client.Publish({ deadline: Date.now() + 10_000 });
stream.on('data', acknowledgement => console.log(JSON.stringify(acknowledgement)));
stream.on('error', error => {
  console.log(JSON.stringify({ refusal: refusal(error) }));
  process.exitCode = 1;
});
stream.on('end', () => client.close());
for (const batch of batches) {
  const { epoch, seconds, ...rest } = batch;
  stream.write({ batch: sign(folder, department, { ...rest, department, stream_epoch: Buffer.from(epoch, 'hex'), packed_at: { seconds } }) });
}
stream.end();
