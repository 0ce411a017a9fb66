// From the stream to the hub, through its ingress.
'use strict';

const { services, toHub, refusal, sign } = require('./exchange.js');

const unansweredMax = 64;
const heartbeatMs = 2_000;

/** Never ends but with the process: whatever fails is tried again, from where the hub says it is. */
async function publish(config, stream) {
  const client = new services.change.v1.ChangeIngressService(config.hub, toHub(config), { 'grpc.keepalive_time_ms': 20_000 });
  for (;;) {
    try {
      await publishFrom(await watermark(client, stream), client, config, stream);
    } catch (error) {
      console.log(`the hub does not take batches: ${JSON.stringify(error.metadata ? refusal(error) : error.message)}`);
    }
    await pause(1_000 + Math.random() * 1_000);
  }
}

/** How far the hub has applied the stream. */
async function watermark(client, stream) {
  const state = await new Promise((done, fail) =>
    client.GetStreamState({}, { deadline: Date.now() + 10_000 }, (error, answer) => error ? fail(error) : done(answer)));
  if (state.stream_epoch.length > 0 && !state.stream_epoch.equals(stream.epoch)) throw new Error('the hub knows another epoch: its operator has to accept this one');
  if (state.quarantined) throw new Error('the hub holds the stream in quarantine: its operator has to look');
  if (Number(state.watermark) > stream.last) throw new Error('the hub knows more than the stream: the folder was set back, begin with an empty one');
  return Number(state.watermark);
}

function publishFrom(applied, client, config, stream) {
  return new Promise((done, fail) => {
    const call = client.Publish();
    let sent = applied;
    let unanswered = 0;
    let lastSentAt = 0;
    const send = payload => {
      call.write({ batch: sign(config, payload) });
      unanswered++;
      lastSentAt = Date.now();
    };
    const tick = setInterval(() => {
      for (const batch of stream.from(sent + 1).slice(0, unansweredMax - unanswered)) {
        send(batch.payload);
        sent = batch.last;
      }
      // The age of an answer counts from the last batch: without heartbeats what this department said grows stale.
      if (unanswered === 0 && sent === stream.last && stream.readAt && Date.now() - lastSentAt > heartbeatMs) send(stream.heartbeat());
    }, 100);
    call.on('data', answer => {
      unanswered--;
      if (answer.result === 'BATCH_RESULT_QUARANTINED') {
        clearInterval(tick);
        fail(new Error(`batch ${answer.first_sequence} put the stream in quarantine: ${answer.reason}, ${answer.detail}`));
        return call.cancel();
      }
      // A refused batch stays a gap until what it breaks is mended; the hub then asks for it with ReadChanges.
      if (answer.reason) console.log(`batch ${answer.first_sequence} was refused: ${answer.reason}, ${answer.detail}`);
      if (Number(answer.watermark) > applied) console.log(`the hub has applied ${applied = Number(answer.watermark)} changes of ${stream.last}`);
    });
    call.on('error', fail);
    call.on('end', done);
    call.on('status', () => clearInterval(tick));
  });
}

function pause(ms) {
  return new Promise(done => setTimeout(done, ms));
}

module.exports = { publish };
