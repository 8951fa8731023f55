// Reads the rule files at the paths that a person gives.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { RuleFile } from '../../compiler/rules/load.ts';
import { CommandFailure } from '../../diagnostics/failure.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import { readBeginning } from '../../fields/read-beginning.ts';
import { PROJECT } from '../../setup/paths.mjs';

/** The rules that come with Wasprey. */
export const OWN_RULES = join(PROJECT, 'rules');

/** A hundred times what the stock rules have. */
const MOST_BYTES = 32 * 1024 * 1024;

/** `\0asm`, with which every WebAssembly module begins. */
const MODULE_MAGIC = [0x00, 0x61, 0x73, 0x6d];

/**
 * Reads the files, and of folders all files that end in .yaml or .yml, in the order of their names.
 * @param paths none: the rules that come with Wasprey
 * @param onUnreadable called with the reason why a file can't be read, which is left out then
 * @throws {CommandFailure} for what can't be read, and for a folder without rules
 */
export function readRuleFiles(
  paths: readonly string[],
  onUnreadable: (failure: CommandFailure) => void = (failure) => {
    throw failure;
  },
): RuleFile[] {
  return (paths.length === 0 ? [OWN_RULES] : paths).flatMap(filesOf).flatMap((name) => {
    try {
      return [{ name, text: readText(name) }];
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      onUnreadable(error);
      return [];
    }
  });
}

function filesOf(path: string): string[] {
  const names = rulesBelow(path) ?? [path];
  if (names.length === 0) throw new CommandFailure(`${path} has no rule files`, 'they end in .yaml or .yml');
  return names;
}

/** The rule files in a folder; undefined if it is not a folder. */
function rulesBelow(path: string): string[] | undefined {
  return filesBelow(path, isRuleFile);
}

function filesBelow(path: string, isWanted: (name: string) => boolean): string[] | undefined {
  if (!orFail(path, () => statSync(path)).isDirectory()) return undefined;
  return orFail(path, () => readdirSync(path, { withFileTypes: true }))
    .filter(({ name }) => isWanted(name))
    .map(({ name }) => join(path, name))
    .filter((file) => mayBeFile(file))
    .sort();
}

/**
 * The files, and of folders all files that end in .wasm, in the order of their names.
 * @throws {CommandFailure} for missing paths, and for a folder without modules
 */
export function moduleFiles(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const below = filesBelow(path, (name) => name.endsWith('.wasm')) ?? [path];
    if (below.length === 0) throw new CommandFailure(`${path} has no modules`, 'they end in .wasm');
    return below;
  });
}

/** Reading a pipe that somebody has put into a folder would take forever. A broken link is reported when it is read. */
function mayBeFile(path: string): boolean {
  return orFail(path, () => statSync(path, { throwIfNoEntry: false }))?.isFile() ?? true;
}

/** Emacs makes a broken link `.#rules.yaml` while a file has unsaved changes. */
function isRuleFile(name: string): boolean {
  return /\.ya?ml$/.test(name) && !basename(name).startsWith('.#');
}

/**
 * The existing files of a configuration's rule files and folders.
 * @throws {CommandFailure} if none exists
 */
export function presentRuleFiles(paths: readonly string[]): string[] {
  const files = paths
    .filter((path) => existsSync(path))
    .flatMap((path) => rulesBelow(path) ?? [path].filter(isRuleFile));
  if (files.length > 0) return files;
  if (paths.length === 0)
    throw new CommandFailure('the configuration has no rules', 'see rules_files, modules and follow');
  const help = `they end in .yaml or .yml, and are expected at ${paths.join(', ')}`;
  throw new CommandFailure('none of the configured rule files exists', help);
}

function readText(path: string): string {
  const bytes = orFail(path, () => readBeginning(path, MOST_BYTES + 1));
  if (bytes.length > MOST_BYTES) {
    const megabytes = MOST_BYTES / 1024 / 1024;
    throw new CommandFailure(`${path} has more than ${megabytes} MB`, 'that is the limit for rule files');
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const isModule = MODULE_MAGIC.every((byte, index) => bytes[index] === byte);
    const help = isModule ? 'run compiled modules with `wasprey run --module`' : 'is it the right file?';
    throw new CommandFailure(`${path} is not valid UTF-8`, help);
  }
}

/** Runs `work`, and reports errors of the file system in plain words. */
function orFail<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw new CommandFailure(`can't read ${path}: ${reasonOf(error)}`);
  }
}

/** File name -> SHA-256 of its text in hex, as manifests have it. */
export function sourceHashes(files: readonly RuleFile[]): Record<string, string> {
  return Object.fromEntries(files.map(({ name, text }) => [name, createHash('sha256').update(text).digest('hex')]));
}
