// Runs the files of a suite, here or in a clone of the project.

import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { run } from 'node:test';
import { PROJECT } from '../host/setup/paths.mjs';
import { SUITES, type Suite } from './suites.ts';
import type { SkippedTest, TestEvent, Totals } from './totals.ts';

/** Unless the suite says otherwise. */
const FILE_TIMEOUT_MS = 5 * 60_000;

/** Where tests are run. */
export interface Place {
  /** Ends in a slash. */
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** The working tree. */
export const HERE: Place = { folder: PROJECT, environment: process.env };

export function suiteOf(name: string): Suite {
  const suite = SUITES.get(name);
  if (suite === undefined) throw new Error(`no suite ${name}`);
  return suite;
}

/** Paths of a suite's test files with `part` in their names, in the order in which they begin. */
export function filesOf(name: string, part: string, { folder } = HERE): string[] {
  const { first = [] } = suiteOf(name);
  const place = (file: string): number => {
    const index = first.indexOf(basename(file, '.test.ts'));
    return index < 0 ? first.length : index;
  };
  return globSync(`${folder}test/${name}/**/*.test.ts`)
    .filter((path) => basename(path).includes(part))
    .sort((one, other) => place(one) - place(other) || (one < other ? -1 : 1));
}

/** Runs files of a suite here, with what the suite has around them. */
export async function* runSuite(files: readonly string[], suite: Suite, totals: Totals): AsyncGenerator<TestEvent> {
  await suite.before?.(files);
  await using _shared = await suite.shared?.(Math.min(suite.concurrency, files.length));
  yield* runFiles(files, suite, totals);
  suite.after?.(files);
}

/** @param setAside as in Totals.count */
export async function* runFiles(
  files: readonly string[],
  suite: Suite,
  totals: Totals,
  { folder, environment } = HERE,
  setAside?: SkippedTest[],
): AsyncGenerator<TestEvent> {
  const { alone = {}, fileTimeoutMs: timeout = FILE_TIMEOUT_MS } = suite;
  const isAlone = (file: string): boolean => basename(file, '.test.ts') in alone;
  for (const [part, concurrency] of [
    [files.filter((file) => !isAlone(file)), suite.concurrency],
    [files.filter(isAlone), 1],
  ] as const) {
    if (part.length === 0) continue;
    const events = run({ files: part, concurrency, timeout, cwd: folder, env: environment });
    yield* totals.count(events, setAside);
  }
}
