// What a file of the conformance corpus is run by, and what comes of each of its cases.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface CaseResult {
  readonly id: string;
  /** What is not as expected; absent if the case passes. */
  readonly failure?: string;
  /** Row of the table of differences (docs/differences.md) by which this case is judged instead of Falco's verdict. */
  readonly difference?: string;
}

export interface Suite {
  /** Name of the file in the corpus directory. */
  readonly file: string;
  /** Runs the cases of the parsed file, in order. */
  run(corpus: unknown): AsyncIterable<CaseResult> | Iterable<CaseResult>;
}

/** Where the corpus is unless a directory is named. */
export const DEFAULT_DIRECTORY = join(import.meta.dirname, '../../../shared/conformance');

/** @throws if the file is missing or not JSON */
export function readCorpus(directory: string, file: string): unknown {
  return JSON.parse(readFileSync(join(directory, file), 'utf8'));
}

/** The cases of a corpus file; the shape of each is the suite's to know. */
export function casesOf<Case>(corpus: unknown, key = 'cases'): readonly Case[] {
  const cases = (corpus as Readonly<Record<string, unknown>>)[key];
  if (!Array.isArray(cases)) throw new Error(`the corpus file has no array "${key}"`);
  return cases as readonly Case[];
}
