// The order of the rooms: which folder of host/ may import which. Imports of types count as any other.

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { ENTRIES } from '../../../host/setup/entries.mjs';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { importsOf } from '../../support/imports.ts';

/** Where things are: any room may import these. */
const PLACES: ReadonlySet<string> = new Set(['setup/paths.mjs', 'setup/entries.mjs']);

/** Each room, with the rooms that it may import; these stand before it. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  setup: [],
  schema: [],
  diagnostics: ['schema'],
  'config-values': [],
  sandbox: ['schema'],
  capture: ['schema', 'diagnostics'],
  signature: ['sandbox'],
  compiler: ['schema', 'diagnostics', 'sandbox'],
  fields: ['schema', 'capture', 'compiler'],
  recording: ['schema', 'capture', 'fields'],
  metadata: ['schema', 'diagnostics', 'capture', 'compiler', 'fields'],
  outputs: ['schema', 'diagnostics', 'config-values', 'capture', 'compiler', 'fields'],
  scap: ['schema', 'capture', 'fields', 'metadata', 'recording'],
  sessions: ['diagnostics', 'fields'],
  verdicts: ['schema', 'compiler', 'fields', 'outputs'],
  engine: ['schema', 'diagnostics', 'sandbox', 'capture', 'fields', 'recording', 'scap', 'sessions', 'verdicts'],
  journal: [
    ...[
      'schema',
      'diagnostics',
      'sandbox',
      'capture',
      'compiler',
      'fields',
      'recording',
      'outputs',
      'sessions',
      'engine',
    ],
  ],
  captures: ['schema', 'diagnostics', 'recording', 'sessions', 'engine', 'journal'],
  responses: ['schema', 'diagnostics', 'config-values', 'capture', 'compiler', 'fields', 'metadata', 'outputs'],
  registry: ['diagnostics', 'outputs'],
  config: [
    ...['schema', 'diagnostics', 'config-values', 'compiler', 'outputs', 'sessions', 'captures', 'journal'],
    'responses',
  ],
  doctor: ['setup', 'schema', 'diagnostics', 'capture', 'metadata', 'responses'],
  agent: [
    ...['schema', 'diagnostics', 'sandbox', 'capture', 'compiler', 'fields', 'recording', 'metadata', 'outputs'],
    ...['sessions', 'verdicts', 'engine', 'journal', 'captures', 'responses'],
  ],
  generate: ['setup', 'schema', 'diagnostics', 'compiler', 'outputs', 'agent'],
  audit: ['schema', 'diagnostics', 'sandbox', 'fields', 'outputs', 'sessions', 'agent'],
  'rule-trials': [...['diagnostics', 'fields', 'outputs', 'engine', 'journal', 'responses', 'agent', 'audit']],
  'pod-access': ['diagnostics'],
  'rule-tests': [
    ...['schema', 'diagnostics', 'sandbox', 'compiler', 'fields', 'recording', 'scap', 'outputs', 'responses', 'agent'],
    'audit',
  ],
  daemon: [
    ...[
      'setup',
      'schema',
      'diagnostics',
      'config-values',
      'capture',
      'signature',
      'compiler',
      'fields',
      'metadata',
      'outputs',
      'engine',
    ],
    ...['sessions', 'verdicts', 'journal', 'captures', 'responses', 'registry', 'config', 'doctor', 'agent', 'audit'],
  ],
  cli: [
    ...['setup', 'schema', 'diagnostics', 'sandbox', 'capture', 'signature', 'compiler', 'fields', 'recording'],
    ...[
      'config-values',
      'outputs',
      'engine',
      'journal',
      'captures',
      'responses',
      'registry',
      'config',
      'doctor',
      'agent',
      'generate',
      'audit',
      'rule-tests',
      'rule-trials',
      'pod-access',
      'daemon',
      'scap',
      'sessions',
    ],
  ],
};

/** The folders of a room, in an order by which each may import only those before it. The room's own files come last: its folders import none of them. */
const ORDERS: Readonly<Record<string, readonly string[]>> = {
  compiler: ['automata', 'ir', 'conditions', 'rules', 'lower', 'plan', 'emit', 'lint', 'assemble'],
  daemon: [...['places', 'rules', 'hot-reload', 'metrics', 'pod-requests', 'web', 'control', 'audit', 'console']],
  cli: [
    ...['definition', 'options', 'completion', 'reports', 'responses', 'generate', 'activity', 'console', 'commands'],
  ],
};

/** The same of rooms whose own files come first: they import none of the folders. */
const ORDERS_BEHIND_FILES: Readonly<Record<string, readonly string[]>> = {
  schema: ['events', 'audit', 'tables', 'fields', 'versions', 'generate'],
};

const HOST = join(PROJECT, 'host');
const FILES = globSync('**/*.{ts,tsx,mjs}', { cwd: HOST }).sort();

/** The files that each file imports, by their paths below host/. */
const IMPORTS = new Map(FILES.map((file) => [file, importsOf(file, readFileSync(join(HOST, file), 'utf8'))]));

const roomOf = (file: string): string => file.split('/')[0] ?? '';

/** The rooms of what a file imports, without the places. */
const importedRooms = (file: string): string[] =>
  (IMPORTS.get(file) ?? []).filter((other) => !PLACES.has(other)).map(roomOf);

/** The imports between what two files stand for, such as their folders. */
function graphOf(of: (file: string) => string): Map<string, Set<string>> {
  const graph = new Map<string, Set<string>>();
  for (const [file, imports] of IMPORTS) {
    const targets = graph.get(of(file)) ?? new Set();
    graph.set(of(file), targets);
    for (const other of imports) if (of(other) !== of(file)) targets.add(of(other));
  }
  return graph;
}

/** Sets of nodes that can each be reached from each other of the set. */
function circlesOf(graph: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const reachable = new Map([...graph.keys()].map((node) => [node, reachableFrom(node, graph)]));
  const circles = [...graph.keys()].map((node) =>
    [...graph.keys()].filter((other) => reachable.get(node)?.has(other) && reachable.get(other)?.has(node)),
  );
  return [...new Map(circles.filter(({ length }) => length > 0).map((circle) => [circle.join(), circle])).values()];
}

function reachableFrom(node: string, graph: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const reached = new Set<string>();
  const next = [node];
  for (let from = next.pop(); from !== undefined; from = next.pop()) {
    for (const to of graph.get(from) ?? []) {
      if (reached.has(to)) continue;
      reached.add(to);
      next.push(to);
    }
  }
  return reached;
}

test('imports of every form are found', () => {
  const source = `
    import { a } from './a.ts';
    import type { b } from "../b.ts";
    import {
      c,
      type d,
    } from '../c/c.ts';
    import './e.tsx';
    export * from './f.ts';
    export type { g } from './g.ts';
    const h = await import('./h.ts');
    let i: typeof import('./i.ts').i;
    /** @import { J } from './j.mjs' */
    import k from 'k';
    const assemblyScript = "import { l } from '../l';";`;
  const found = ['x/a.ts', 'b.ts', 'c/c.ts', 'x/e.tsx', 'x/f.ts', 'x/g.ts', 'x/h.ts', 'x/i.ts', 'x/j.mjs'];
  assert.deepEqual(importsOf('x/y.ts', source), found);
});

test('circles are found, of two and of more', () => {
  const graph = (edges: Record<string, string[]>) =>
    new Map(Object.entries(edges).map(([from, to]) => [from, new Set(to)]));
  assert.deepEqual(circlesOf(graph({ a: ['b', 'c'], b: ['c'], c: [] })), []);
  assert.deepEqual(circlesOf(graph({ a: ['b'], b: ['a', 'c'], c: ['d'], d: ['e'], e: ['c'] })), [
    ['a', 'b'],
    ['c', 'd', 'e'],
  ]);
});

test('what is imported is a file of host/', () => {
  const strays = [...IMPORTS].flatMap(([file, imports]) =>
    imports.filter((path) => !IMPORTS.has(path)).map((path) => `${file} imports ${path}`),
  );
  assert.deepEqual(strays, []);
});

test('each folder of host/ is a room with a place in the order', () => {
  assert.deepEqual([...new Set(FILES.map(roomOf))].sort(), Object.keys(ROOMS).sort());
  const before = new Set<string>();
  for (const [room, lower] of Object.entries(ROOMS)) {
    for (const other of lower) assert.ok(before.has(other), `${room} may not import ${other}: it comes after`);
    before.add(room);
  }
});

test('a room imports from each room that it may import from', () => {
  const unused = Object.entries(ROOMS).flatMap(([room, lower]) => {
    const used = new Set(FILES.filter((file) => roomOf(file) === room).flatMap((file) => importedRooms(file)));
    return lower.filter((other) => !used.has(other)).map((other) => `${room} need not import ${other}`);
  });
  assert.deepEqual(unused, []);
});

test('a room imports only what it may', () => {
  const upwards = [...IMPORTS].flatMap(([file, imports]) => {
    const room = roomOf(file);
    return imports
      .filter((other) => roomOf(other) !== room && !PLACES.has(other) && !ROOMS[room]?.includes(roomOf(other)))
      .map((other) => `${file} imports ${other}`);
  });
  assert.deepEqual(upwards, []);
});

for (const [room, order] of [...Object.entries(ORDERS), ...Object.entries(ORDERS_BEHIND_FILES)]) {
  const places = room in ORDERS ? [...order, ''] : ['', ...order];
  const placeOf = (file: string): number =>
    places.indexOf(
      file
        .slice(room.length + 1)
        .split('/')
        .slice(0, -1)[0] ?? '',
    );
  const files = FILES.filter((file) => roomOf(file) === room);

  test(`the folders of ${room}/ have an order, and import only those before them`, () => {
    assert.deepEqual([...new Set(files.map((file) => places[placeOf(file)]))].sort(), [...places].sort());
    const upwards = files.flatMap((file) =>
      (IMPORTS.get(file) ?? [])
        .filter((other) => roomOf(other) === room && placeOf(other) > placeOf(file))
        .map((other) => `${file} imports ${other}`),
    );
    assert.deepEqual(upwards, []);
  });
}

test('nothing is imported in a circle, neither between files nor between folders', () => {
  const circles = [...circlesOf(graphOf((file) => file)), ...circlesOf(graphOf(dirname))];
  assert.deepEqual(circles, []);
});

test('the generator, which is not installed, is imported by nothing else', () => {
  const isOfGenerator = (file: string): boolean => file.startsWith('schema/generate/');
  const strays = [...IMPORTS].flatMap(([file, imports]) =>
    isOfGenerator(file) ? [] : imports.filter(isOfGenerator).map((other) => `${file} imports ${other}`),
  );
  assert.deepEqual(strays, []);
});

test('a room starts only files of its own', () => {
  const strays = FILES.flatMap((file) => {
    const started = readFileSync(join(HOST, file), 'utf8').matchAll(/\bentryFile\('(\w+)'\)/g);
    return [...started].flatMap(([, name = '']) => {
      const entry = (ENTRIES as Readonly<Record<string, string>>)[name] ?? name;
      return roomOf(entry) === roomOf(file) ? [] : [`${file} starts ${entry}`];
    });
  });
  assert.deepEqual(strays, []);
});

test('each entry is a file of the host, which a file starts or loads', () => {
  const sources = FILES.map((file) => readFileSync(join(HOST, file), 'utf8')).join('\n');
  for (const [name, entry] of Object.entries(ENTRIES)) {
    assert.ok(FILES.includes(`${entry}.ts`), `${name}: ${entry}.ts`);
    assert.ok(name === 'main' || sources.includes(`entryFile('${name}')`), `nothing starts ${name}`);
  }
});

test('no file of the host goes by its own place, which a bundle changes', () => {
  // The page is a bundle of its own, and the generator is not installed.
  const others = FILES.filter((file) => !/^(setup|schema\/generate|daemon\/console\/page)\//.test(file));
  const strays = others.flatMap((file) => {
    const uses =
      readFileSync(join(HOST, file), 'utf8').match(/(createRequire\()?import\.meta\.(url|dirname|filename)/g) ?? [];
    return uses.filter((use) => !use.startsWith('createRequire')).map((use) => `${file} has ${use}`);
  });
  assert.deepEqual(strays, []);
});
