// node lookup.js SETTINGS.json < request.json
// Asks the hub; prints {"answer": ...} or {"refusal": ...}.
'use strict';

const fs = require('node:fs');
const { services, settings, toHub, refusal } = require('./exchange.js');

const config = settings(process.argv[2]);
const client = new services.lookup.v1.LookupService(config.hub, toHub(config));
const request = JSON.parse(fs.readFileSync(0, 'utf8'));

client.Lookup(request, { deadline: Date.now() + 10_000 }, (error, answer) => {
  console.log(JSON.stringify(error ? { refusal: refusal(error) } : { answer }));
  process.exitCode = error ? 1 : 0;
  client.close();
});
