// What the hub asks of a department: AdapterService, for the hub's key only.
'use strict';

const { grpc, services, fromHub, isHub, failure, sign } = require('./exchange.js');
const permits = require('./permits.js');

const itemsMax = 256;
const unavailable = { unavailable: 'PROVIDER_FAILED' };

function serve(config, stream) {
  const server = new grpc.Server();
  const onlyHub = handle => (call, answer) => {
    const refuse = error => answer ? answer(error) : call.emit('error', error);
    try {
      return isHub(call, config) ? handle(call, answer) : refuse(failure(grpc.status.PERMISSION_DENIED, 'HUB_ONLY'));
    } catch (error) {
      // By its kind: the library would tell the caller its text.
      console.log(`a call of the hub failed: ${error.code ?? error.name}`);
      return refuse({ code: grpc.status.INTERNAL, details: error.name });
    }
  };
  server.addService(services.adapter.v1.AdapterService.service, {
    Describe: onlyHub((call, answer) => answer(null, describe(config, stream))),
    ReadChanges: onlyHub(call => readChanges(call, config, stream)),
    Fetch: onlyHub((call, answer) => fetch(call.request, answer, config, stream)),
  });
  return new Promise((done, fail) => server.bindAsync(config.listen, fromHub(config), error => {
    if (error) return fail(error);
    console.log(`${config.department} answers on ${config.listen}`);
    done();
  }));
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
  const rows = orNothing(() => permits.read(config.data));
  answer(null, { results: request.items.map(item => orNothing(() => rows && fetchOne(item, rows, stream)) ?? unavailable) });
}

/** What cannot be read is named, not quoted. */
function orNothing(read) {
  try {
    return read();
  } catch (error) {
    console.log(`the data cannot be read: ${error.code ?? error.name}`);
    return undefined;
  }
}

function fetchOne({ subject, attribute }, rows, stream) {
  const plate = subject?.ref === 'locator' ? permits.open(stream.locatorKey, subject.locator) : subject?.identifier?.value;
  if (attribute !== 'bay' || plate === undefined) return unavailable;
  const row = rows.get(plate);
  if (!row) return { absent: true };
  return row.bay ? { found: { value: { text: row.bay }, as_of: { seconds: permits.midnight(row.since) } } } : unavailable;
}

module.exports = { serve };
