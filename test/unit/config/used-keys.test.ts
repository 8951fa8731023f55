// Each key of the configuration is there for something that reads it.

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEFINITION } from '../../../host/config/definition.ts';
import type { Definition } from '../../../host/config-values/value-types.ts';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { LanguageServer, type Place } from '../../support/language-server.ts';
import { assertSameNames } from '../../support/same-names.ts';

const FILES = ['keys/*.ts', '../outputs/kinds/*.ts']
  .flatMap((pattern) => globSync(pattern, { cwd: join(PROJECT, 'host/config') }))
  .map((path) => join('host/config', path))
  .toSorted();

/** Names of keys that have a value, in all sections. */
function valueNames(definition: Definition): string[] {
  switch (definition.kind) {
    case 'section':
      return Object.entries(definition.keys).flatMap(([name, inner]) =>
        inner.kind === 'unused' ? [] : [name, ...valueNames(inner)],
      );
    case 'list':
      return valueNames(definition.items);
    case 'map':
      return valueNames(definition.values);
    default:
      return [];
  }
}

const NAMES: ReadonlySet<string> = new Set(valueNames(DEFINITION));

interface DefinedKey extends Place {
  readonly name: string;
}

/** Where a file defines keys. */
function definedIn(file: string): DefinedKey[] {
  const lines = readFileSync(join(PROJECT, file), 'utf8').split('\n');
  return lines.flatMap((text, line) => {
    const [, indent = '', name = '', value = ''] = /^( +)(\w+): (\w+\(|\{)/.exec(text) ?? [];
    return NAMES.has(name) && value !== 'unused(' ? [{ name, file, line, character: indent.length }] : [];
  });
}

/** Keys whose readers have types of their own, or none. */
const READ_OTHERWISE: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  // runtimePlaces(), for all runtimes by their names.
  ['host/config/keys/metadata.ts', new Set(['enabled'])],
  // What alerts an addition is for: host/outputs/additions.ts.
  ['host/config/keys/outputs.ts', new Set(['rule', 'tags'])],
  // All of Falco's engines mean the same.
  ['host/config/keys/service.ts', new Set(['kind'])],
]);

function isReadOtherwise({ name, file }: DefinedKey): boolean {
  // makeOutputs(), for all outputs.
  if (file.startsWith('host/outputs/kinds/')) return name === 'enabled';
  return READ_OTHERWISE.get(file)?.has(name) === true;
}

/** Not a definition that takes over the key of another. */
function isReader({ file }: Place): boolean {
  return file.startsWith('host/') && !file.startsWith('host/config/keys/');
}

test('each key of the configuration is read', async () => {
  await using server = new LanguageServer();
  await server.start();
  const keys = FILES.flatMap(definedIn);
  assert.ok(keys.length > 150, `${keys.length}`);
  const readers = await Promise.all(keys.map((key) => server.references(key)));
  const unread = keys.filter((key, index) => !readers[index]?.some(isReader) && !isReadOtherwise(key));
  assertSameNames(
    unread.map(({ name, file, line }) => `${name} (${file}:${line + 1})`),
    [],
    'nothing in host/ reads such a key: whoever sets it is told nothing, and gets nothing',
  );
});

test('each file of keys is part of the configuration', async () => {
  for (const file of FILES.filter((path) => path.startsWith('host/config/keys/'))) {
    const tables = Object.entries(await import(join(PROJECT, file))).filter(([name]) => name.endsWith('_KEYS'));
    assert.ok(tables.length > 0, `${file} exports no table named ..._KEYS`);
    for (const [name, table] of tables) {
      const defined = Object.entries(DEFINITION.keys).filter(([key, value]) => Object(table)[key] === value);
      assertSameNames(
        defined.map(([key]) => key),
        Object.keys(Object(table)),
        `host/config/definition.ts has no ...${name} of ${file}`,
      );
    }
  }
});
