// Documents: links lead to files and headings that are there, and a source file that a README names is there too.

import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from '../../../host/setup/paths.mjs';

const FOLDERS = '{host,native,rules,rules-wasm,deploy,test}';
const DOCUMENTS = ['README.md', ...globSync(`${FOLDERS}/**/*.md`, { cwd: PROJECT })].filter(isOurs);
const SOURCES = globSync(`${FOLDERS}/**/*.{ts,mjs,c,h,cc}`, { cwd: PROJECT }).filter(isOurs);
const PAGE_SOURCES = globSync(`${FOLDERS}/**/*.{tsx,css}`, { cwd: PROJECT }).filter(isOurs);
const MOST_LINES = 1000;
const NAMES: ReadonlySet<string> = new Set(SOURCES.map((path) => basename(path)));

function isOurs(path: string): boolean {
  return !path.includes('node_modules/');
}

/** A document without its blocks of code. */
function proseOf(path: string): string {
  return readFileSync(join(PROJECT, path), 'utf8').replaceAll(/^```.*?^```/gms, '');
}

/** What a link names a heading by. */
function anchors(path: string): ReadonlySet<string> {
  const headings = [...proseOf(path).matchAll(/^#+ (.*)$/gm)].map(([, text = '']) => text);
  return new Set(
    headings.map((text) =>
      text
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\- _]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

for (const path of DOCUMENTS) {
  test(`${path}: its links lead somewhere`, () => {
    for (const [, target = ''] of proseOf(path).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [file = '', anchor] = target.split('#');
      const place = file === '' ? path : join(dirname(path), file);
      assert.ok(existsSync(join(PROJECT, place)), target);
      if (anchor !== undefined) assert.ok(anchors(place).has(anchor), target);
    }
  });
}

for (const path of DOCUMENTS.filter((path) => basename(path) === 'README.md')) {
  test(`${path}: the source files that it names are there`, () => {
    const named = [...proseOf(path).matchAll(/`([\w./-]+\.(?:ts|mjs|c|h|cc))`/g)].map(([, name = '']) => name);
    const missing = named.filter((name) => !/NAME/.test(name) && !isThere(name, dirname(path)));
    assert.deepEqual(missing, []);
  });
}

/** By its path from the project's root or from the document, or by the end of its path. */
function isThere(name: string, folder: string): boolean {
  if (!name.includes('/')) return NAMES.has(name);
  if (existsSync(join(PROJECT, name)) || existsSync(join(PROJECT, folder, name))) return true;
  return SOURCES.some((source) => source.endsWith(`/${name}`));
}

test('a folder with more than a thousand lines of sources has a README', () => {
  const large = [...linesByFolder()].filter(([, lines]) => lines > MOST_LINES).map(([folder]) => folder);
  assert.ok(large.length > 20);
  assert.deepEqual(
    large.filter((folder) => !existsSync(join(PROJECT, folder, 'README.md'))),
    [],
  );
});

/** Lines below each folder, without those below a folder that has a README itself. Tests are described in test/README.md, generated files with what makes them. */
function linesByFolder(): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  for (const path of [...SOURCES, ...PAGE_SOURCES].filter((source) => !/^test\/|\/generated\//.test(source))) {
    const count = readFileSync(join(PROJECT, path), 'utf8').split('\n').length;
    for (let folder = dirname(path); folder.includes('/'); folder = dirname(folder)) {
      lines.set(folder, (lines.get(folder) ?? 0) + count);
      if (existsSync(join(PROJECT, folder, 'README.md'))) break;
    }
  }
  return lines;
}
