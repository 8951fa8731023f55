// The table that the suite ends with: what was run on each kernel, and what came of it.

import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { GuestSuite } from './guests.ts';
import { resultsFolder } from './prepare.ts';
import type { Row } from './summary.ts';

const HEADS: Readonly<Record<keyof Row, string>> = {
  kernel: 'kernel',
  release: 'release',
  programs: 'programs',
  startMs: 'start-up ms',
  verified: 'actions',
  live: 'live tests',
  seconds: 's',
  cpuSeconds: 'CPU s',
};

/** @param files the suite's files that were run */
export function printKernels(suite: GuestSuite, files: readonly string[]): void {
  const rows = files
    .map((file) => join(resultsFolder(suite), `${basename(file, '.test.ts')}.json`))
    .filter((path) => existsSync(path))
    .map((path) => JSON.parse(readFileSync(path, 'utf8')) as Row);
  const lines = [HEADS, ...rows].map((row) => Object.keys(HEADS).map((key) => String(row[key as keyof Row] ?? '-')));
  const widths = Object.keys(HEADS).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  for (const line of lines) {
    process.stdout.write(
      `${line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
  }
}
