// A suite of the corpus as a test: it fails with the first cases that fail.

import assert from 'node:assert/strict';
import { DEFAULT_DIRECTORY, readCorpus, type Suite } from './suite.ts';

const SHOWN = 20;

/** Runs a suite on the corpus; there must be cases, and all must pass. */
export async function assertSuitePasses(suite: Suite): Promise<void> {
  const failures: string[] = [];
  let cases = 0;
  for await (const { id, failure } of suite.run(readCorpus(DEFAULT_DIRECTORY, suite.file), DEFAULT_DIRECTORY)) {
    cases++;
    if (failure !== undefined) failures.push(`${id}: ${failure}`);
  }
  assert.ok(cases > 0, `${suite.file} has no cases`);
  assert.equal(failures.length, 0, `${failures.length} of ${cases} fail\n${failures.slice(0, SHOWN).join('\n')}`);
}
