// Runs the files of a suite.

import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { run } from 'node:test';
import { PROJECT } from '../host/setup/paths.mjs';
import { FileLimit } from './file-limit.ts';
import { SUITES, type Suite } from './suites.ts';
import type { TestEvent, Totals } from './totals.ts';

/** Unless the suite says otherwise. */
const FILE_LIMIT_MS = 5 * 60_000;

/** After a test has been ended by node's timeout, which names it, its file has this long to end by itself. */
const END_MS = 10_000;

const MARK = ['--import', join(PROJECT, 'test/mark-file.mjs')];

export function suiteOf(name: string): Suite {
  const suite = SUITES.get(name);
  if (suite === undefined) throw new Error(`no suite ${name}`);
  return suite;
}

/** Paths of a suite's test files with `part` in their names, in the order in which they begin. */
export function filesOf(name: string, part: string): string[] {
  const { first = [], folder = name, has = () => true } = suiteOf(name);
  const place = (file: string): number => {
    const index = first.indexOf(basename(file, '.test.ts'));
    return index < 0 ? first.length : index;
  };
  return globSync(`${PROJECT}test/${folder}/**/*.test.ts`)
    .filter((path) => basename(path).includes(part) && has(basename(path, '.test.ts')))
    .sort((one, other) => place(one) - place(other) || (one < other ? -1 : 1));
}

/** Runs files of a suite, with what the suite has around them. */
export async function* runSuite(files: readonly string[], suite: Suite, totals: Totals): AsyncGenerator<TestEvent> {
  await suite.before?.(files);
  await using _shared = await suite.shared?.(Math.min(suite.concurrency, files.length));
  yield* runFiles(files, suite, totals);
  suite.after?.(files);
}

async function* runFiles(files: readonly string[], suite: Suite, totals: Totals): AsyncGenerator<TestEvent> {
  const { alone = {}, fileLimitMs = FILE_LIMIT_MS } = suite;
  const isAlone = (file: string): boolean => basename(file, '.test.ts') in alone;
  using _limit = new FileLimit(fileLimitMs + END_MS, (file) => totals.addEnded(file, fileLimitMs));
  for (const [part, concurrency] of [
    [files.filter((file) => !isAlone(file)), suite.concurrency],
    [files.filter(isAlone), 1],
  ] as const) {
    if (part.length === 0) continue;
    yield* totals.count(run({ files: part, concurrency, timeout: fileLimitMs, cwd: PROJECT, execArgv: MARK }));
  }
}
