// Prints every finding of the AsyncAPI parser; exits 1 if there is any. Usage: node check-asyncapi.js FILE
'use strict';

const fs = require('node:fs');
const { Parser } = require('@asyncapi/parser');

new Parser().parse(fs.readFileSync(process.argv[2], 'utf8'), { source: process.argv[2] }).then(({ document, diagnostics }) => {
  for (const finding of diagnostics) console.log(`${finding.severity} ${finding.code} ${finding.path.join('.')}: ${finding.message}`);
  if (document) console.log(`${document.version()}: ${document.operations().all().length} operations, ${document.channels().all().length} channels`);
  process.exitCode = document && diagnostics.length === 0 ? 0 : 1;
});
