// node lookup.js HOST:PORT CERTIFICATES DEPARTMENT < request.json
// Prints {"answer": ...} or {"refusal": ...}.
'use strict';

const fs = require('node:fs');
const { services, credentials, refusal } = require('./exchange.js');

const [address, folder, department] = process.argv.slice(2);
const client = new services.lookup.v1.LookupService(address, credentials(folder, department));
const request = JSON.parse(fs.readFileSync(0, 'utf8'));

client.Lookup(request, { deadline: Date.now() + 10_000 }, (error, answer) => {
  console.log(JSON.stringify(error ? { refusal: refusal(error) } : { answer }));
  client.close();
});
