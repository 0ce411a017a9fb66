// The department's own data, permits.csv, and what of it is new since it was last published.
'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');

const scheme = 'plate';

/** Two values that the hub holds, and one that stays here. */
const attributes = {
  permit: row => ({ code: row.kind }),
  'valid-until': row => ({ date: day(row.valid_until) }),
  bay: null,
};

/** Rows by number plate. The file is plain: no quotes, no commas within a cell. */
function read(file) {
  const [head, ...lines] = fs.readFileSync(file, 'utf8').trimEnd().split('\n').map(line => line.split(','));
  const rows = lines.map(cells => Object.fromEntries(head.map((name, i) => [name, cells[i]])));
  return new Map(rows.map(row => [row.plate, row]));
}

/** The changes that make what was published into what is there now. */
function changesBetween(published, rows, locator) {
  const changes = [];
  for (const [plate, row] of rows) {
    for (const [attribute, valueOf] of Object.entries(attributes)) {
      const stated = { subject: { scheme, value: plate }, attribute, ...(valueOf ? { value: valueOf(row) } : { locator: locator(plate) }) };
      const change = { set: stated, as_of: { seconds: midnight(row.since) } };
      if (published.get(`${plate} ${attribute}`) !== textOf(change)) changes.push(change);
    }
  }
  for (const key of published.keys()) {
    const [plate, attribute] = key.split(' ');
    if (!rows.has(plate)) changes.push({ withdraw: { subject: { scheme, value: plate }, attribute }, as_of: { seconds: Math.floor(Date.now() / 1000) } });
  }
  return changes;
}

/** What is published after a change. */
function follow(published, change) {
  const { subject, attribute } = change.set ?? change.withdraw;
  if (change.set) published.set(`${subject.value} ${attribute}`, textOf(change));
  else published.delete(`${subject.value} ${attribute}`);
}

/** A locator is sealed anew each time, so it does not count. */
function textOf({ set, as_of }) {
  const value = set.value && (set.value.code ?? Object.values(set.value.date).slice(0, 3).join('-'));
  return `${as_of.seconds} ${value ?? 'located'}`;
}

/** What the hub keeps in place of a value: the number plate, for nobody but this department to read. */
function seal(key, plate) {
  const nonce = crypto.randomBytes(12);
  const cipher = crypto.createCipheriv('aes-256-gcm', key, nonce);
  return Buffer.concat([nonce, cipher.update(plate, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

/** The number plate, or undefined for a locator that this department has not made. */
function open(key, locator) {
  if (locator.length < 28) return undefined;
  try {
    const cipher = crypto.createDecipheriv('aes-256-gcm', key, locator.subarray(0, 12), { authTagLength: 16 });
    cipher.setAuthTag(locator.subarray(-16));
    return cipher.update(locator.subarray(12, -16), undefined, 'utf8') + cipher.final('utf8');
  } catch {
    return undefined;
  }
}

function midnight(text) {
  const seconds = Date.parse(`${text}T00:00:00Z`) / 1000;
  if (Number.isNaN(seconds)) throw new RangeError('not a day');
  return seconds;
}

function day(text) {
  const [year, month, day] = text.split('-').map(Number);
  return { year, month, day };
}

module.exports = { attributes, read, changesBetween, follow, seal, open, midnight };
