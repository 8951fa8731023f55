// The steps of a guest, in one process, one after the other: Node's start, the imports and what V8 has compiled cost an emulated
// processor half of a step that has a process of its own.
//
// usage: guest/run-steps.ts STEPS PROGRESS     STEPS: lines "NAME FILE SECONDS HOOKS", with _ for a space in NAME; PROGRESS: gets a line
// "begins NAME" and one "ends NAME" for each step. Steps that have begun in it already are left out: a process before this one ran them.

import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { reported } from './reporter.ts';

const [stepsFile = '', progressFile = ''] = process.argv.slice(2);
const begun = new Set(readFileSync(progressFile, 'utf8').split('\n'));

// A test that waits for what does not keep a process alive ends at its limit, as one that waits for something else.
const alive = setInterval(() => {}, 2 ** 30);
for (const line of readFileSync(stepsFile, 'utf8').trim().split('\n')) {
  const [name = '', file = '', seconds = '', hooks] = line.split(' ');
  if (begun.has(`begins ${name}`)) continue;
  appendFileSync(progressFile, `begins ${name}\n`);
  const step = name.replaceAll('_', ' ');
  process.env.WASPREY_TEST_HOOKS = hooks;
  // The suite is what hooks are of that a file has outside of its own suites. It is begun once the step before has ended.
  await test(step, { timeout: Number(seconds) * 1000 }, () => {
    suite(file, () => import(pathToFileURL(join(PROJECT, file)).href));
  });
  await reported(step);
  appendFileSync(progressFile, `ends ${name}\n`);
}
clearInterval(alive);
