// The department's stream: what was published, as it was first made, numbered without a gap. One file a batch.
'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { encodeBatch, decodeBatch } = require('./exchange.js');

class Stream {
  #folder;
  #department;
  #batches = [];

  constructor(folder, department) {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#folder = folder;
    this.#department = department;
    // Made once. A stream that begins anew needs a new epoch, which the hub's operator has to accept.
    this.epoch = this.#once('epoch', 16);
    this.locatorKey = this.#once('locator.key', 32);
    // Until the department's data has been read to its end once, nobody can tell what it does not hold.
    this.loading = true;
    // When the last reading that came to its end began: nothing newer is known. Undefined until there was one.
    this.readAt = undefined;
    for (const name of fs.readdirSync(folder).filter(name => name.endsWith('.batch')).sort()) this.#take(this.#read(name), name);
  }

  /** The newest sequence; 0 before the first. */
  get last() {
    return this.#batches.at(-1)?.last ?? 0;
  }

  /** Everything that was ever said, oldest first. */
  *changes() {
    for (const { name } of this.#batches) yield* decodeBatch(this.#read(name)).changes;
  }

  /** Batches from the one that holds the sequence on. */
  from(sequence) {
    return this.#batches.filter(batch => batch.last >= sequence).map(({ first, last, name }) => ({ first, last, payload: this.#read(name) }));
  }

  /** On disk before anybody hears of it: a sequence that was sent must never get another content. */
  append(changes, loading, readAt) {
    const payload = this.#pack(this.last + 1, changes, loading, readAt);
    const name = `${String(this.last + 1).padStart(16, '0')}.batch`;
    writeDurably(this.#folder, name, payload);
    this.#take(payload, name);
  }

  /** All that a reading found is in the stream. */
  complete(readAt) {
    this.loading = false;
    this.readAt = readAt;
  }

  /** A batch without changes: everything has been sent, and held when the data was last read. It is not kept. */
  heartbeat() {
    return this.#pack(this.last + 1, [], this.loading, this.readAt);
  }

  #pack(first_sequence, changes, loading, readAt) {
    const packed_at = { seconds: readAt };
    return encodeBatch({ department: this.#department, stream_epoch: this.epoch, first_sequence, packed_at, changes, loading });
  }

  #take(payload, name) {
    const batch = decodeBatch(payload);
    const first = Number(batch.first_sequence);
    if (first !== this.last + 1) throw new Error(`the stream is not contiguous at ${name}`);
    this.#batches.push({ first, last: this.last + batch.changes.length, name });
    this.loading &&= batch.loading ?? false;
  }

  #read(name) {
    return fs.readFileSync(path.join(this.#folder, name));
  }

  #once(name, bytes) {
    if (!fs.existsSync(path.join(this.#folder, name))) writeDurably(this.#folder, name, crypto.randomBytes(bytes));
    return this.#read(name);
  }
}

/** Fails with EEXIST where another process has written the file: linked, not renamed. */
function writeDurably(folder, name, bytes) {
  const whole = path.join(folder, name);
  const part = `${whole}.${crypto.randomUUID()}.part`;
  const file = fs.openSync(part, 'w', 0o600);
  try {
    fs.writeFileSync(file, bytes);
    fs.fsyncSync(file);
  } finally {
    fs.closeSync(file);
  }
  try {
    fs.linkSync(part, whole);
  } finally {
    fs.unlinkSync(part);
  }
  const directory = fs.openSync(folder, 'r');
  try {
    fs.fsyncSync(directory);
  } finally {
    fs.closeSync(directory);
  }
}

module.exports = { Stream };
