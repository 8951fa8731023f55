// Runs the conformance corpus, or another directory with files of these names, and prints what fails.
// usage: test/conformance/main.ts [DIR] [--only PART]     PART: cases with this in their id, with all that differs

import { parseArgs } from 'node:util';
import { corpusPath, DEFAULT_DIRECTORY, readCorpus } from './suite.ts';
import { SUITES } from './suites.ts';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { only: { type: 'string' } } });
const directory = positionals[0] ?? DEFAULT_DIRECTORY;
const absent = SUITES.find(({ file }) => corpusPath(directory, file) === undefined);
if (absent !== undefined) {
  process.stderr.write(`conformance: ${directory} has neither ${absent.file} nor ${absent.file}.gz\n`);
  process.exit(2);
}
let passed = 0;
let failed = 0;
for (const suite of SUITES) {
  let passedHere = 0;
  let failedHere = 0;
  const differences = new Map<string, number>();
  for await (const result of suite.run(readCorpus(directory, suite.file), directory)) {
    if (values.only !== undefined && !result.id.includes(values.only)) continue;
    if (result.failure === undefined) {
      passedHere++;
      if (result.difference) differences.set(result.difference, (differences.get(result.difference) ?? 0) + 1);
      continue;
    }
    failedHere++;
    console.log(`FAIL ${result.id}\n     ${result.failure.replaceAll('\n', '\n     ')}`);
  }
  const known = [...differences].map(([row, count]) => `, ${count} by difference "${row}"`).join('');
  console.log(`${suite.file}: ${passedHere} passed, ${failedHere} failed${known}`);
  passed += passedHere;
  failed += failedHere;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
