// The order of the folders of native/src, which its README lists: a folder includes only those before it.

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from '../../../host/setup/paths.mjs';

const SRC = join(PROJECT, 'native/src');
const read = (file: string): string => readFileSync(join(SRC, file), 'utf8');
const SOURCES = new Map(
  globSync('**/*.{h,cc}', { cwd: SRC })
    .sort()
    .map((file) => [file, read(file)]),
);

/** The folders in the order of the README's list. */
const ORDER = foldersOf(read('README.md'));

/** The first column of the rows of the list. */
function foldersOf(readme: string): string[] {
  const section = /^## The order of the folders$(.*?)^## /ms.exec(readme)?.[1] ?? '';
  return [...section.matchAll(/^\| `(\w+)\/` \|/gm)].map(([, folder = '']) => folder);
}

/** The files that a source includes; those of the system and of libraries are in angle brackets. */
const includesOf = (source: string): string[] =>
  [...source.matchAll(/^\s*#\s*include\s+"([^"]+)"/gm)].map(([, path = '']) => path);

/** Includes of folders that come after that of the file. */
function upwardsOf(file: string, source: string, order: readonly string[]): string[] {
  const own = order.indexOf(dirname(file));
  const isHigher = (path: string) => order.indexOf(dirname(path)) > own;
  return includesOf(source)
    .filter(isHigher)
    .map((path) => `${file} includes ${path}`);
}

/** The classes that a header defines, not those it only declares. */
const classesOf = (source: string): string[] =>
  [...source.matchAll(/^(?:class|struct)(?: \[\[\w+\]\])? (\w+)[^;{]*\{/gm)].map(([, name = '']) => name);

/** The classes whose members a source defines. */
const implementedBy = (source: string): Set<string> =>
  new Set([...source.matchAll(/^(?!\s|\/|#)[^=;(\n]*?\b([A-Z]\w*)::~?\w+\(/gm)].map(([, name = '']) => name));

test('the list, includes, and members are found', () => {
  const readme =
    '## The order of the folders\n\n| folder | what |\n|---|---|\n| `low/` | a |\n| `high/` | b |\n\n## More\n';
  assert.deepEqual(foldersOf(readme), ['low', 'high']);
  const source = '#include "high/a.h"\n#include <low/b.h>\n  #  include "low/c.h"\n// #include "high/d.h"\n';
  assert.deepEqual(includesOf(source), ['high/a.h', 'low/c.h']);
  assert.deepEqual(upwardsOf('low/e.cc', source, ['low', 'high']), ['low/e.cc includes high/a.h']);
  assert.deepEqual(upwardsOf('high/e.cc', source, ['low', 'high']), []);
  assert.deepEqual(classesOf('class A;\nclass B {\nstruct C : public B {\n  struct D {'), ['B', 'C']);
  const members = 'A::A(int a) : a_(a) {}\nB::~B() = default;\nstd::vector<C::X> C::F() const {\n  D::G();\n}\n';
  assert.deepEqual([...implementedBy(members)], ['A', 'B', 'C']);
});

test('each folder of native/src is in the list', () => {
  assert.deepEqual([...new Set([...SOURCES.keys()].map(dirname))].sort(), [...ORDER].sort());
});

test('what is included by a path is there: in these folders, or of the kernel part and what is generated', () => {
  const strays = [...SOURCES].flatMap(([file, source]) =>
    includesOf(source)
      .filter((path) =>
        ORDER.includes(dirname(path)) ? !SOURCES.has(path) : !/^(bpf|generated)\/[\w/]+\.h$/.test(path),
      )
      .map((path) => `${file} includes ${path}`),
  );
  assert.deepEqual(strays, []);
});

test('a folder includes only those before it', () => {
  assert.deepEqual(
    [...SOURCES].flatMap(([file, source]) => upwardsOf(file, source, ORDER)),
    [],
  );
});

test('a class is implemented in the folder of its header', () => {
  const homes = new Map<string, string>();
  for (const [file, source] of SOURCES) {
    if (file.endsWith('.h')) for (const name of classesOf(source)) homes.set(name, dirname(file));
  }
  const strays = [...SOURCES].flatMap(([file, source]) =>
    [...implementedBy(source)]
      .filter((name) => (homes.get(name) ?? dirname(file)) !== dirname(file))
      .map((name) => `${file} implements ${name} of ${homes.get(name)}/`),
  );
  assert.deepEqual(strays, []);
  assert.ok(homes.size > 100, `${homes.size} classes`);
});

test('no file of native/src has more than 300 lines', () => {
  const long = [...SOURCES].map(([file, source]) => ({ file, lines: source.trimEnd().split('\n').length }));
  assert.deepEqual(
    long.filter(({ lines }) => lines > 300),
    [],
  );
});
