// What the hub asks of a department: AdapterService, for the hub's key only.
'use strict';

const { grpc, services, fromHub, isHub, failure, sign } = require('./exchange.js');
const permits = require('./permits.js');

const itemsMax = 256;

function serve(config, stream) {
  const server = new grpc.Server();
  const onlyHub = handle => (call, answer) => {
    if (isHub(call, config)) return handle(call, answer);
    const error = failure(grpc.status.PERMISSION_DENIED, 'HUB_ONLY');
    return answer ? answer(error) : call.emit('error', error);
  };
  server.addService(services.adapter.v1.AdapterService.service, {
    Describe: onlyHub((call, answer) => answer(null, describe(config, stream))),
    ReadChanges: onlyHub(call => readChanges(call, config, stream)),
    Fetch: onlyHub((call, answer) => fetch(call.request, answer, config, stream)),
  });
  server.bindAsync(config.listen, fromHub(config), error => {
    if (error) throw error;
    console.log(`${config.department} answers on ${config.listen}`);
  });
}

function describe(config, stream) {
  return {
    department: config.department,
    stream_epoch: stream.epoch,
    last_sequence: stream.last,
    first_sequence: 1,
    attributes: Object.entries(permits.attributes).map(([name, valueOf]) => ({ name, located: valueOf === null })),
  };
}

/** The bytes as first made, signed as they leave. */
function readChanges(call, config, stream) {
  const { stream_epoch, from_sequence, to_sequence } = call.request;
  if (!stream_epoch.equals(stream.epoch)) return call.emit('error', failure(grpc.status.FAILED_PRECONDITION, 'EPOCH_UNKNOWN'));
  if (from_sequence === '0') return call.emit('error', failure(grpc.status.INVALID_ARGUMENT, 'REQUEST_INVALID'));
  const to = to_sequence === '0' ? stream.last : Number(to_sequence);
  for (const batch of stream.from(Number(from_sequence)).filter(batch => batch.first <= to)) call.write({ batch: sign(config, batch.payload) });
  call.end();
}

/** Answers every item; one that cannot be answered does not fail the rest. */
function fetch(request, answer, config, stream) {
  if (request.items.length < 1 || request.items.length > itemsMax) return answer(failure(grpc.status.INVALID_ARGUMENT, 'REQUEST_INVALID'));
  const rows = permits.read(config.data);
  answer(null, { results: request.items.map(item => fetchOne(item, rows, stream)) });
}

function fetchOne({ subject, attribute }, rows, stream) {
  const plate = subject?.ref === 'locator' ? permits.open(stream.locatorKey, subject.locator) : subject?.identifier?.value;
  if (attribute !== 'bay' || plate === undefined) return { unavailable: 'PROVIDER_FAILED' };
  const row = rows.get(plate);
  return row ? { found: { value: { text: row.bay }, as_of: { seconds: permits.midnight(row.since) } } } : { absent: true };
}

module.exports = { serve };
