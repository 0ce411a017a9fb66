// What a department without .NET needs: the protos, its certificate, and a P-256 signature.
'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
// Before gRPC: it has no setting of its own for this.
require('node:tls').DEFAULT_MIN_VERSION = 'TLSv1.3';
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');
const protobuf = require('protobufjs');

const protos = path.join(__dirname, '..', '..', 'protos');
const files = ['adapter', 'change', 'lookup'].map(area => `dataexchange/${area}/v1/${area}.proto`);

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

/** The settings of one department: a JSON file, its paths as of the folder that the program is started in. */
function settings(file) {
  return JSON.parse(fs.readFileSync(file, 'utf8'));
}

/** Certificate and key, as PEM. `certificates` holds root.pem, department-ID.pem and department-ID.key. */
function identity({ certificates, department }) {
  const read = name => fs.readFileSync(path.join(certificates, name));
  return { root: read('root.pem'), certificate: read(`department-${department}.pem`), key: read(`department-${department}.key`) };
}

/** Mutual TLS to the hub. The server is the hub if its certificate says so, whatever host it answers from. */
function toHub(config) {
  const { root, certificate, key } = identity(config);
  return grpc.credentials.createSsl(root, key, certificate, {
    checkServerIdentity: (host, server) => isNamed(server, config.hub_name) ? undefined : new Error('the server is not the hub'),
  });
}

/** Mutual TLS towards the hub. */
function fromHub(config) {
  const { root, certificate, key } = identity(config);
  return grpc.ServerCredentials.createSsl(root, [{ private_key: key, cert_chain: certificate }], true);
}

/** Whether the caller is the hub: its name, and the key that `hub_certificate` holds. */
function isHub(call, config) {
  const peer = call.getAuthContext().sslPeerCertificate;
  const known = new crypto.X509Certificate(fs.readFileSync(config.hub_certificate));
  return isNamed(peer, config.hub_name) && keyId(new crypto.X509Certificate(peer.raw).publicKey) === keyId(known.publicKey);
}

/** A certificate has exactly one URI, and that is who it is. */
function isNamed(certificate, name) {
  const names = (certificate.subjectaltname ?? '').split(', ').filter(entry => entry.startsWith('URI:'));
  return names.length === 1 && names[0] === `URI:${name}`;
}

function keyId(publicKey) {
  return crypto.createHash('sha256').update(publicKey.export({ type: 'spki', format: 'der' })).digest('hex');
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

/** An error for the hub, with a reason of docs/errors.md. */
function failure(code, reason) {
  const type = name => rpc.lookupType(`google.rpc.${name}`);
  const info = type('ErrorInfo').encode({ reason, domain: 'dataexchange' }).finish();
  const details = [{ type_url: 'type.googleapis.com/google.rpc.ErrorInfo', value: info }];
  const metadata = new grpc.Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from(type('Status').encode({ code, message: reason, details }).finish()));
  return Object.assign(new Error(reason), { code, details: reason, metadata });
}

const Batch = types.lookupType('dataexchange.change.v1.ChangeBatch');

/** The bytes of a batch. They are made once, kept, and sent as they are. */
function encodeBatch(batch) {
  const problem = Batch.verify(batch);
  if (problem) throw new Error(problem);
  return Buffer.from(Batch.encode(Batch.create(batch)).finish());
}

function decodeBatch(payload) {
  return Batch.toObject(Batch.decode(payload), { longs: String, oneofs: true });
}

/** A signed batch: payload bytes, key id, and r||s over the domain prefix and the payload. */
function sign(config, payload) {
  const key = crypto.createPrivateKey(identity(config).key);
  const signature = crypto.sign('sha256', Buffer.concat([Buffer.from('dataexchange.change.v1\0'), payload]), { key, dsaEncoding: 'ieee-p1363' });
  return { payload, key_id: keyId(crypto.createPublicKey(key)), signature };
}

module.exports = { grpc, services, settings, toHub, fromHub, isHub, refusal, failure, encodeBatch, decodeBatch, sign };
