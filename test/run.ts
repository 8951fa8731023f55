// Runs test suites on node's test runner, one suite after the other, as one run with one summary at its end.
// usage: test/run.ts SUITE... [--file PART] [--no-skips]     SUITE: alone, unit, conformance, fuzz, limits, live, page, cluster, kernels,
// kernel-features, package; PART: only files with this in their name; --no-skips: a test that is skipped fails the run

import { cpus } from 'node:os';
import { relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';
import { reportFailure, SetupFailure } from '../host/setup/failure.mjs';
import { PROJECT } from '../host/setup/paths.mjs';
import { prepare } from '../host/setup/prepare.mjs';
import { isClonable, runInClone, untrackedSources } from './clone.ts';
import { rootIsMountPoint, runBelowOwnRoot } from './own-root.ts';
import { filesOf, runSuite } from './run-suite.ts';
import { BELOW_OWN_ROOT, SUITES, type Suite } from './suites.ts';
import { type TestEvent, Totals } from './totals.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { file: { type: 'string', default: '' }, 'no-skips': { type: 'boolean', default: false } },
});
const unknown = positionals.find((name) => !SUITES.has(name));
if (positionals.length === 0 || unknown !== undefined) {
  process.stderr.write(
    `test/run.ts: ${unknown ?? 'no suite named'}: the suites are ${[...SUITES.keys()].join(', ')}\n`,
  );
  process.exit(2);
}

process.exitCode =
  BELOW_OWN_ROOT.some((name) => positionals.includes(name)) && !rootIsMountPoint() && (await canPrepare('live-tests'))
    ? await runBelowOwnRoot()
    : await runAll();

async function runAll(): Promise<number> {
  const totals = new Totals();
  await pipeline(Readable.from(runSuites(totals)), new spec(), process.stdout, { end: false });
  const unwanted = values['no-skips'] ? totals.skippedTests : [];
  if (unwanted.length > 0) process.stdout.write(`Skipped, which --no-skips takes for a failure:\n`);
  for (const { file, name, why } of unwanted) {
    process.stdout.write(`  ${relative(PROJECT, file)}: ${name}${why === '' ? '' : `: ${why}`}\n`);
  }
  process.stdout.write(`${totals.closingLine()}\n`);
  return totals.success && unwanted.length === 0 ? 0 : 1;
}

async function* runSuites(totals: Totals): AsyncGenerator<TestEvent> {
  const times: string[] = [];
  /** Of a suite that ran in a clone: its files that had a test skipped there. No other has to run here. */
  const remaining = new Map<string, ReadonlySet<string>>();
  for (const [name, suite] of [...SUITES].filter(([known]) => positionals.includes(known))) {
    const began = performance.now();
    const busyBefore = busySeconds();
    if (!(await canPrepare(suite.needs))) {
      process.stderr.write(`test:${name} can't be run here\n`);
      totals.addUnrunnable();
      continue;
    }
    if (suite.inClone !== undefined && isClonable()) {
      const untracked = untrackedSources();
      if (untracked.length > 0) {
        process.stderr.write(
          `test:${name} is not run: a clone of what is committed lacks ${untracked.join(', ')}; git add or remove it\n`,
        );
        totals.addUnrunnable();
        continue;
      }
      for (const [cloned, skipped] of yield* runInClone(suite.inClone, values.file, totals)) {
        if (positionals.includes(cloned)) remaining.set(cloned, new Set(skipped.map(({ file }) => file)));
        else totals.addSkipped(skipped);
      }
    }
    // The own files of a suite that clones others are about all that these skip.
    const own = suite.inClone === undefined || values.file === '' ? filesOf(name, values.file) : [];
    const files = own.filter((file) => remaining.get(name)?.has(file) ?? true);
    if (files.length > 0) yield* runSuite(files, suite, totals);
    else if (suite.inClone === undefined) continue;
    const seconds = (performance.now() - began) / 1000;
    const processors = (busySeconds() - busyBefore) / seconds;
    times.push(`${name} ${Math.round(seconds)} s (${processors.toFixed(1)})`);
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

/** Says what is missing when a suite can't be run here; those after it are run all the same, and the whole has failed. */
async function canPrepare(needs: Suite['needs']): Promise<boolean> {
  try {
    await prepare(needs);
    return true;
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error;
    reportFailure(error);
    return false;
  }
}
