// When suites last passed, and on which inputs: passes.json, which is committed with the change that it is about, and which only the runner
// writes. So a run can leave out what nothing has changed for.

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { PROJECT } from '../host/setup/paths.mjs';
import { digestInputs } from '../host/setup/stamp.mjs';
import { workingTreeFiles } from './kernels/working-tree.ts';

export interface Pass {
  /** SHA-256 of the names and contents of the suite's inputs, in hex. */
  readonly inputs: string;
  /** When it ended, ISO 8601. */
  readonly passed: string;
  readonly tests: number;
  readonly seconds: number;
  /** As `uname -r` and process.arch. */
  readonly machine: string;
}

const FILE = join(PROJECT, 'test/passes.json');

/**
 * What decides about a suite's result: the content of its inputs as they are in the working tree, committed or not. Documents decide nothing.
 * @param inputs files and folders, relative to `project`
 * @returns undefined where there is no git to list them
 */
export function digestOf(inputs: readonly string[], project: string = PROJECT): string | undefined {
  if (!existsSync(join(project, '.git'))) return undefined;
  return digestInputs(
    project,
    [...workingTreeFiles(project, inputs)].filter((path) => !path.endsWith('.md')),
  );
}

/** The pass of a suite on just these inputs, if there was one. */
export function passOf(suite: string, digest: string | undefined, file: string = FILE): Pass | undefined {
  const pass = read(file)[suite];
  return pass !== undefined && pass.inputs === digest ? pass : undefined;
}

/** Notes that a suite has passed whole, without a skipped test. */
export function notePass(suite: string, pass: Omit<Pass, 'passed' | 'machine'>, file: string = FILE): void {
  const passed = new Date().toISOString();
  const passes = { ...read(file), [suite]: { ...pass, passed, machine: `${release()} ${process.arch}` } };
  const sorted = Object.fromEntries(Object.entries(passes).sort(([one], [other]) => (one < other ? -1 : 1)));
  writeFileSync(`${file}.new`, `${JSON.stringify(sorted, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
}

function read(file: string): Readonly<Record<string, Pass>> {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Pass>) : {};
}
