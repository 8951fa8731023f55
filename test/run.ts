// Runs test suites on node's test runner, one suite after the other, as one run with one summary at its end.
// usage: test/run.ts SUITE... [--file PART] [--no-skips] [--changed]     SUITE: one of suites.ts; PART: only files with this in their name;
// --no-skips: a test that is skipped fails the run; --changed: leaves out suites that have passed on the inputs that they have now

import { cpus } from 'node:os';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';
import { MachineLacks, renderFailure, reportFailure, SetupFailure } from '../host/setup/failure.mjs';
import { prepare } from '../host/setup/prepare.mjs';
import { rootIsMountPoint, runBelowOwnRoot } from './own-root.ts';
import { digestOf, notePass, passOf } from './passes.ts';
import { filesOf, runSuite } from './run-suite.ts';
import { BELOW_OWN_ROOT, SUITES, type Suite } from './suites.ts';
import { type TestEvent, Totals } from './totals.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    file: { type: 'string', default: '' },
    'no-skips': { type: 'boolean', default: false },
    changed: { type: 'boolean', default: false },
  },
});
const unknown = positionals.find((name) => !SUITES.has(name));
if (positionals.length === 0 || unknown !== undefined) {
  process.stderr.write(
    `test/run.ts: ${unknown ?? 'no suite named'}: the suites are ${[...SUITES.keys()].join(', ')}\n`,
  );
  process.exit(2);
}

process.exitCode =
  BELOW_OWN_ROOT.some((name) => positionals.includes(name)) &&
  !rootIsMountPoint() &&
  (await supply('live-tests')) === undefined
    ? await runBelowOwnRoot()
    : await runAll();

async function runAll(): Promise<number> {
  const totals = new Totals();
  await pipeline(Readable.from(runSuites(totals)), new spec(), process.stdout, { end: false });
  process.stdout.write(totals.skippedList());
  const unwanted = values['no-skips'] && totals.skippedCount > 0;
  if (unwanted) process.stdout.write('Failed, since --no-skips is given and tests were skipped.\n');
  process.stdout.write(`${totals.closingLine()}\n`);
  return totals.success && !unwanted ? 0 : 1;
}

async function* runSuites(totals: Totals): AsyncGenerator<TestEvent> {
  const times: string[] = [];
  for (const [name, suite] of [...SUITES].filter(([known]) => positionals.includes(known))) {
    const began = performance.now();
    const busyBefore = busySeconds();
    const digest = suite.inputs === undefined ? undefined : digestOf(suite.inputs);
    const pass = values.changed ? passOf(name, digest) : undefined;
    if (pass !== undefined) {
      totals.addUnchanged(`${name}: passed ${pass.passed} (${pass.tests} tests, ${pass.seconds} s, ${pass.machine})`);
      continue;
    }
    const files = filesOf(name, values.file);
    if (files.length === 0) continue;
    const lacking = await supply(suite.needs);
    if (lacking instanceof MachineLacks) {
      totals.addLeftOut(name, files.length, renderFailure(lacking));
      continue;
    }
    if (lacking !== undefined) {
      process.stderr.write(`test:${name} can't be run here\n`);
      totals.addUnrunnable();
      continue;
    }
    const before = totals.tally();
    yield* runSuite(files, suite, totals);
    const seconds = (performance.now() - began) / 1000;
    const processors = (busySeconds() - busyBefore) / seconds;
    times.push(`${name} ${Math.round(seconds)} s (${processors.toFixed(1)})`);
    const { tests, clean } = totals.since(before);
    // An input that was edited meanwhile may have been read before or after.
    if (
      suite.inputs !== undefined &&
      digest !== undefined &&
      values.file === '' &&
      clean &&
      digestOf(suite.inputs) === digest
    ) {
      notePass(name, { inputs: digest, tests, seconds: Math.round(seconds) });
    }
  }
  yield* totals.summary();
  const message = `each suite with its set-up (processors that were busy): ${times.join(', ')}`;
  yield { type: 'test:diagnostic', data: { nesting: 0, message } };
}

/** Seconds that the machine's processors were busy, summed over all of them. */
function busySeconds(): number {
  const milliseconds = cpus().map(({ times: { user, nice, sys, irq } }) => user + nice + sys + irq);
  return milliseconds.reduce((sum, part) => sum + part, 0) / 1000;
}

/** Supplies what a suite needs. Returns why it can't be run if it can't, after saying so where that is a failure; those after it are run all the same. */
async function supply(needs: Suite['needs']): Promise<SetupFailure | undefined> {
  try {
    await prepare(needs);
    return undefined;
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error;
    if (!(error instanceof MachineLacks)) reportFailure(error);
    return error;
  }
}
