// Runs test suites on node's test runner, one suite after the other, as one run with one summary at its end.
// usage: test/run.ts SUITE... [--file PART] [--no-skips]     SUITE: unit, conformance, fuzz, limits, alone, live, page, cluster, kernels, package; PART:
// only files with this in their name; --no-skips: a test that is skipped fails the run

import { globSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';
import { reportFailure, SetupFailure } from '../host/setup/failure.mjs';
import { PROJECT } from '../host/setup/paths.mjs';
import { prepare } from '../host/setup/prepare.mjs';
import { printKernels } from './kernels/kernel-table.ts';
import { ALONE } from './live/alone.ts';
import { rootIsMountPoint, runBelowOwnRoot } from './own-root.ts';
import { shareCluster } from './support/cluster.ts';
import { makeTestPackages } from './support/packages.ts';
import { type TestEvent, Totals } from './totals.ts';

interface Suite {
  readonly needs: Parameters<typeof prepare>[0];
  /** Test files at a time. */
  readonly concurrency: number;
  /** Files that run by themselves after the others, by their names without `.test.ts`, with the reasons. */
  readonly alone?: Readonly<Record<string, string>>;
  /** What is to be there before the first file's time begins. */
  readonly before?: (files: readonly string[]) => unknown;
  /** What its files share, from before the first to after the last. */
  readonly shared?: () => Promise<AsyncDisposable>;
  /** Names of files that begin; the others follow by name. Those that take long go first, so that none is left alone at the end. */
  readonly first?: readonly string[];
  /** Prints what the suite's files have come to together. */
  readonly after?: (files: readonly string[]) => void;
  /** A file that takes longer hangs. */
  readonly fileTimeoutMs?: number;
}

const SUITES = new Map<string, Suite>([
  // A third of their time is that of waiting, for counters and timeouts.
  ['unit', { needs: 'native', concurrency: 3 }],
  ['conformance', { needs: 'native', concurrency: 2 }],
  ['fuzz', { needs: 'native', concurrency: 2 }],
  // Not in `npm test`: each of its cases takes a compiler minutes.
  ['limits', { needs: 'native', concurrency: 1, fileTimeoutMs: 60 * 60_000 }],
  // Its file runs the first two of these.
  ['alone', { needs: 'native', concurrency: 1, fileTimeoutMs: 20 * 60_000 }],
  ['live', { needs: 'live-tests', concurrency: 2, alone: ALONE }],
  // A browser keeps a processor busy, and the agent another.
  ['page', { needs: 'page-tests', concurrency: 1 }],
  // A name is certain when two minutes before a session are known: pod-request-stream waits for that, and for a receiver that is away.
  ['cluster', { needs: 'cluster-tests', concurrency: 1, shared: shareCluster, fileTimeoutMs: 10 * 60_000 }],
  // A guest keeps little more than one processor busy; with three at a time two are, to the end. A file prepares its guest as well.
  [
    'kernels',
    {
      needs: 'kernel-tests',
      concurrency: 3,
      // The second is short, but its root takes longest to make.
      first: ['7.3-amd64', '6.12-amd64', '6.1-arm64', '6.12-arm64'],
      fileTimeoutMs: 25 * 60_000,
      after: printKernels,
    },
  ],
  // One at a time: two of them make packages or images in the working tree.
  ['package', { needs: 'package-tests', concurrency: 1, before: makeTestPackages }],
]);

/** Suites that make containers. */
const BELOW_OWN_ROOT = ['live', 'page', 'cluster', 'kernels', 'package'];

/** Unless the suite says otherwise. */
const FILE_TIMEOUT_MS = 5 * 60_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { file: { type: 'string' }, 'no-skips': { type: 'boolean', default: false } },
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
  for (const [name, suite] of [...SUITES].filter(([known]) => positionals.includes(known))) {
    const began = performance.now();
    const busyBefore = busySeconds();
    if (!(await canPrepare(suite.needs))) {
      process.stderr.write(`test:${name} can't be run here\n`);
      totals.addUnrunnable();
      continue;
    }
    const files = globSync(`${PROJECT}test/${name}/**/*.test.ts`)
      .filter((path) => basename(path).includes(values.file ?? ''))
      .sort((one, other) => placeIn(suite, one) - placeIn(suite, other) || (one < other ? -1 : 1));
    if (files.length === 0) continue;
    await suite.before?.(files);
    await using _shared = await suite.shared?.();
    yield* runFiles(files, suite, totals);
    suite.after?.(files);
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

function placeIn({ first = [] }: Suite, file: string): number {
  const place = first.indexOf(basename(file, '.test.ts'));
  return place < 0 ? first.length : place;
}

async function* runFiles(files: readonly string[], suite: Suite, totals: Totals): AsyncGenerator<TestEvent> {
  const { concurrency, alone = {}, fileTimeoutMs: timeout = FILE_TIMEOUT_MS } = suite;
  const isAlone = (file: string): boolean => basename(file, '.test.ts') in alone;
  for (const [part, atATime] of [
    [files.filter((file) => !isAlone(file)), concurrency],
    [files.filter(isAlone), 1],
  ] as const) {
    if (part.length > 0) yield* totals.count(run({ files: part, concurrency: atATime, timeout, cwd: PROJECT }));
  }
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
