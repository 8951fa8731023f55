// The files of a configuration: the main one, and those of its config_files.

import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SourceFile } from '../diagnostics/source-file.ts';
import { reasonOf } from '../diagnostics/system-reason.ts';
import type { Origin } from './error.ts';
import { ConfigError, configError } from './error.ts';
import type { Environment } from './expand.ts';
import { RULE_KEYS } from './keys/rules.ts';
import { type ConfigEntry, type ConfigMapping, type ConfigNode, readConfigNode } from './node.ts';
import { readValue } from './read.ts';

type Strategy = 'append' | 'override' | 'add-only';

/** Locks, swap files and backups that editors make. */
const LEFT_BY_EDITORS = /^[.#]|~$/;

/** Largest configuration file that is read. */
const MOST_BYTES = 4 << 20;

/** @throws {ConfigError} */
export function readConfigFile(path: string): ConfigMapping {
  return readConfigNode(readSource(path));
}

function readSource(path: string): SourceFile {
  const fail = (reason: string): ConfigError => {
    const nowhere = { file: new SourceFile(path, ''), start: 0, end: 0 };
    return configError('CONFIG_FILE_READ', `the configuration can't be read: ${reason}`, nowhere);
  };
  let bytes: Buffer;
  try {
    if (statSync(path).size > MOST_BYTES) throw fail('it is larger than 4 MB');
    bytes = readFileSync(path);
  } catch (error) {
    throw error instanceof ConfigError ? error : fail(reasonOf(error));
  }
  try {
    return new SourceFile(path, new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw fail('it is not valid UTF-8');
  }
}

/**
 * The main file, merged with its config_files by top-level key.
 * @param path of the main file, which config_files may not name; undefined if there is none
 * @returns the configuration and the files it was read from, in order
 * @throws {ConfigError}
 */
export function withIncludes(
  main: ConfigMapping,
  path: string | undefined,
  environment: Environment,
): { readonly root: ConfigMapping; readonly files: readonly string[] } {
  const files = path === undefined ? [] : [path];
  const entry = main.entries.get('config_files');
  if (!entry) return { root: main, files };
  const { value, diagnostics } = readValue(RULE_KEYS.config_files, entry.value, environment, 'config_files');
  if (diagnostics.length > 0) throw new ConfigError(diagnostics);
  const entries = new Map(main.entries);
  for (const [index, { path: given = '', strategy = 'append' }] of value.entries()) {
    const origin = originOf(entry, index);
    for (const included of filesAt(given, origin)) {
      if (path !== undefined && sameFile(included, path)) {
        throw configError('CONFIG_INCLUDE', `${included} is this file itself`, origin);
      }
      merge(entries, readConfigFile(included), strategy);
      files.push(included);
    }
  }
  return { root: { ...main, entries }, files };
}

function originOf({ value }: ConfigEntry, index: number): Origin {
  return (value.kind === 'sequence' ? value.items[index] : value)?.origin ?? value.origin;
}

/** The file itself, or all files of a folder; empty if it does not exist. */
function filesAt(path: string, origin: Origin): string[] {
  if (path === '') throw configError('CONFIG_INCLUDE', 'an item of config_files needs a path', origin);
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path)
      .filter((name) => !LEFT_BY_EDITORS.test(name))
      .sort()
      .map((name) => join(path, name))
      .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return [];
    throw configError('CONFIG_INCLUDE', `${path} can't be read: ${reasonOf(error)}`, origin);
  }
}

function sameFile(one: string, other: string): boolean {
  try {
    return realpathSync(one) === realpathSync(other);
  } catch {
    return one === other;
  }
}

function merge(entries: Map<string, ConfigEntry>, included: ConfigMapping, strategy: Strategy): void {
  for (const [key, entry] of included.entries) {
    if (key === 'config_files') {
      throw configError('CONFIG_INCLUDE', 'a file of config_files can not have config_files itself', entry.origin, {
        help: 'list them in the main file',
      });
    }
    const before = entries.get(key);
    if (before && strategy === 'add-only') continue;
    const value = before && strategy === 'append' ? appended(before.value, entry.value) : entry.value;
    entries.set(key, { origin: entry.origin, value });
  }
}

function appended(before: ConfigNode, after: ConfigNode): ConfigNode {
  if (before.kind !== 'sequence' || after.kind !== 'sequence') return after;
  return { kind: 'sequence', items: [...before.items, ...after.items], origin: before.origin };
}
