// What a file of the conformance corpus is run by, and what comes of each of its cases.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export interface CaseResult {
  readonly id: string;
  /** What is not as expected; absent if the case passes. */
  readonly failure?: string;
  /** Row of the table of differences (test/conformance/DIFFERENCES.md) by which this case is judged instead of Falco's verdict. */
  readonly difference?: string;
}

export interface Suite {
  /** Name of the file in the corpus directory. */
  readonly file: string;
  /** Runs the cases of the parsed file, in order. `directory` is where it was, for suites that need another file of it. */
  run(corpus: unknown, directory: string): AsyncIterable<CaseResult> | Iterable<CaseResult>;
}

/** The judgement of a case; a case on which the program breaks has failed, and the others still run. */
export function attempt(id: string, judge: () => CaseResult): CaseResult {
  try {
    return judge();
  } catch (error) {
    return { id, failure: `it threw ${String(error)}` };
  }
}

/** Where the corpus is unless a directory is named. */
export const DEFAULT_DIRECTORY = join(import.meta.dirname, 'corpus');

type SourceReviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

/** Times in ns pass 2^53: an integer that a number can't hold is read as bigint. */
const exactIntegers: SourceReviver = (_key, value, { source = '' }) =>
  typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? BigInt(source) : value;

/** Where a file of the corpus is: plain or, as NAME.gz, compressed; undefined if it is missing. */
export function corpusPath(directory: string, file: string): string | undefined {
  return [join(directory, file), join(directory, `${file}.gz`)].find((path) => existsSync(path));
}

/** @throws if the file is missing or not JSON */
export function readCorpus(directory: string, file: string): unknown {
  const path = corpusPath(directory, file);
  if (path === undefined) throw new Error(`${directory} has no ${file}`);
  const bytes = readFileSync(path);
  return parseExact((path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'));
}

/** JSON.parse, with integers past 2^53 as bigint. */
export function parseExact(text: string): unknown {
  // The reviver's third argument is not in TypeScript's library yet.
  return JSON.parse(text, exactIntegers as (key: string, value: unknown) => unknown);
}

/** The cases of a corpus file; the shape of each is the suite's to know. */
export function casesOf<Case>(corpus: unknown, key = 'cases'): readonly Case[] {
  const cases = (corpus as Readonly<Record<string, unknown>>)[key];
  if (!Array.isArray(cases)) throw new Error(`the corpus file has no array "${key}"`);
  return cases as readonly Case[];
}
