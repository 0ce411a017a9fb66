// What a department without .NET needs: the protos, its certificate, and a P-256 signature.
'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');
const protobuf = require('protobufjs');

const protos = path.join(__dirname, '..', '..', 'protos');
const files = ['lookup', 'change'].map(area => `dataexchange/${area}/v1/${area}.proto`);

const services = grpc.loadPackageDefinition(
  protoLoader.loadSync(files, { keepCase: true, includeDirs: [protos], longs: String, enums: String, defaults: true, oneofs: true })).dataexchange;

const root = new protobuf.Root();
root.resolvePath = resolve;
const types = root.loadSync(files, { keepCase: true });
const rpc = new protobuf.Root().loadSync(path.join(__dirname, 'rpc-status.proto'), { keepCase: true });

function resolve(origin, target) {
  const own = path.join(protos, target);
  return fs.existsSync(own) ? own : target;
}

/** Mutual TLS as one department. `folder` holds root.pem, department-ID.pem and department-ID.key. */
function credentials(folder, department) {
  const read = name => fs.readFileSync(path.join(folder, name));
  return grpc.credentials.createSsl(read('root.pem'), read(`department-${department}.key`), read(`department-${department}.pem`));
}

/** The rich error of a refused call: reason, advice and the fields at fault. */
function refusal(error) {
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  if (!bytes) return { code: error.code, message: error.details };
  const status = rpc.lookupType('google.rpc.Status').decode(bytes);
  const detail = name => {
    const any = status.details.find(d => d.type_url.endsWith(`/google.rpc.${name}`));
    return any && rpc.lookupType(`google.rpc.${name}`).toObject(rpc.lookupType(`google.rpc.${name}`).decode(any.value));
  };
  const info = detail('ErrorInfo');
  return {
    code: error.code,
    reason: info.reason,
    domain: info.domain,
    advice: info.metadata.advice,
    fields: (detail('BadRequest')?.field_violations ?? []).map(v => v.field),
  };
}

/** A signed batch: payload bytes, key id, and r||s over the domain prefix and the payload. */
function sign(folder, department, batch) {
  const type = types.lookupType('dataexchange.change.v1.ChangeBatch');
  const problem = type.verify(batch);
  if (problem) throw new Error(problem);
  const payload = Buffer.from(type.encode(type.create(batch)).finish());
  const key = crypto.createPrivateKey(fs.readFileSync(path.join(folder, `department-${department}.key`)));
  const spki = crypto.createPublicKey(key).export({ type: 'spki', format: 'der' });
  const signature = crypto.sign('sha256', Buffer.concat([Buffer.from('dataexchange.change.v1\0'), payload]), { key, dsaEncoding: 'ieee-p1363' });
  return { payload, key_id: crypto.createHash('sha256').update(spki).digest('hex'), signature };
}

module.exports = { services, credentials, refusal, sign };
