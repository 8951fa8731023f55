// From rules to a module that the sandbox accepts: manifest, cache, limits, what can't be compiled.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { AscError, runAsc } from '../../../host/compiler/assemble/asc.ts';
import { TIERING_BUDGET } from '../../../host/compiler/assemble/asc-in-process.ts';
import { ModuleCache } from '../../../host/compiler/assemble/cache.ts';
import { cachePlaces } from '../../../host/compiler/assemble/cache-places.ts';
import { compileModule, translateRules } from '../../../host/compiler/compile.ts';
import { MANIFEST_SECTION, type Manifest } from '../../../host/compiler/manifest.ts';
import { schemaVersion } from '../../../host/compiler/schema-version.ts';
import { readCustomSection } from '../../../host/sandbox/sections.ts';
import { verifyModule } from '../../../host/sandbox/verify.ts';
import { EVENT_STRUCTS } from '../../../host/schema/event-structs.ts';
import { member, type Struct } from '../../../host/schema/layout.ts';
import { RuleModule, rulesOf } from '../../support/records/rule-module.ts';

const directory = mkdtempSync(join(tmpdir(), 'wasprey-cache-'));
after(() => rmSync(directory, { recursive: true }));

const CONDITIONS = [
  'evt.type in (open, openat) and fd.name = /etc/shadow and proc.aname[1] = sshd',
  'evt.type = execve and user.uid = 0',
];

test('the manifest travels in the module, and says what is needed to run it', async () => {
  const { wasm, manifest } = await compileModule(rulesOf(CONDITIONS), {
    cacheDirectory: directory,
    sources: { 'test.yaml': 'ab' },
  });
  verifyModule(wasm);
  const section = readCustomSection(wasm, MANIFEST_SECTION);
  assert.ok(section);
  assert.deepEqual(JSON.parse(Buffer.from(section).toString('utf8')) as Manifest, manifest);
  assert.equal(manifest.schema, schemaVersion());
  assert.deepEqual(manifest.eventTypes, ['open', 'openat', 'execve']);
  assert.deepEqual(manifest.sources, { 'test.yaml': 'ab' });
  const [first, second] = manifest.rules;
  assert.deepEqual(first?.fields, ['evt.type', 'fd.name', 'proc.aname[1]']);
  assert.deepEqual(first?.eventTypes, ['open', 'openat']);
  assert.equal(second?.line, 2);
});

test('the same rules are compiled once; a damaged entry is compiled again', async () => {
  const rules = rulesOf(CONDITIONS);
  const first = await compileModule(rules, { cacheDirectory: directory });
  const again = await compileModule(rules, { cacheDirectory: directory });
  assert.ok(again.cached);
  assert.deepEqual(again.wasm, first.wasm);
  for (const name of readdirSync(directory)) {
    const content = readFileSync(join(directory, name));
    content[content.length - 1] = (content.at(-1) ?? 0) ^ 1;
    writeFileSync(join(directory, name), content);
  }
  const repaired = await compileModule(rules, { cacheDirectory: directory });
  assert.equal(repaired.cached, false);
  assert.deepEqual(repaired.wasm, first.wasm);
  assert.ok((await compileModule(rules, { cacheDirectory: directory })).cached);
});

test('rules that only stand elsewhere are not compiled again; modules that came with the installation are used', async () => {
  const moved = rulesOf(CONDITIONS).map((rule) => ({ ...rule, file: '/elsewhere/rules.yaml', line: rule.line + 40 }));
  const own = join(directory, 'own');
  const { cached, manifest } = await compileModule(moved, { cacheDirectory: own, builtDirectory: directory });
  assert.ok(cached);
  assert.equal(manifest.rules[1]?.line, 42);
  assert.equal((await compileModule(moved, { cacheDirectory: own })).cached, false, 'nothing was copied');
});

test('what came with the installation is read first: what is in a cache can not replace it', () => {
  const folders = ['built', 'cached'].map((name) => join(directory, name));
  const [built = '', cached = ''] = folders;
  new ModuleCache(built).write('key', Uint8Array.of(1));
  new ModuleCache(cached).write('key', Uint8Array.of(2));
  new ModuleCache(cached).write('other', Uint8Array.of(3));
  const cache = new ModuleCache(cached, built);
  assert.deepEqual(cache.read('key'), Uint8Array.of(1));
  assert.deepEqual(cache.read('other'), Uint8Array.of(3));
});

test('a cache that cannot be written costs nothing but time', () => {
  const cache = new ModuleCache(join(import.meta.filename, 'cache'));
  cache.write('key', new Uint8Array(3));
  assert.equal(cache.read('key'), undefined);
});

test('a process that compiles gets the places of caches, and nothing else of the environment', async () => {
  const places = { WASPREY_CACHE: '/modules', NODE_COMPILE_CACHE: '/code' };
  assert.deepEqual(cachePlaces({ ...places, TOKEN: 'secret' }), places);
  assert.deepEqual(cachePlaces({ TOKEN: 'secret' }), {});
  const code = join(directory, 'code');
  const before = process.env.NODE_COMPILE_CACHE;
  process.env.NODE_COMPILE_CACHE = code;
  try {
    await runAsc('export function one(): i32 { return 1; }', new Map());
  } finally {
    if (before === undefined) delete process.env.NODE_COMPILE_CACHE;
    else process.env.NODE_COMPILE_CACHE = before;
  }
  assert.ok(readdirSync(code).length > 0, 'asc kept its code there');
});

test('after asc was imported, V8 optimizes functions as before', () => {
  const { stdout } = spawnSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
  assert.match(stdout, new RegExp(`default: --wasm-tiering-budget=${TIERING_BUDGET}$`, 'm'));
});

test('asc is stopped when it takes too long, and says what is wrong with a source', async () => {
  const operators = new Map<string, string>();
  await assert.rejects(
    runAsc('export const a: i32 = 1;', operators, { milliseconds: 1, megabytes: 500 }),
    (error) => error instanceof AscError && error.kind === 'timeout',
  );
  await assert.rejects(runAsc('export function f(): i32 { return nothing; }', operators), /Cannot find name 'nothing'/);
});

test('a check that cannot be evaluated on live events is never true, and its author is warned', () => {
  const { diagnostics } = translateRules(
    rulesOf([
      'evt.type = open and fdlist.names contains x',
      'evt.args contains x',
      'evt.type = open and fd.name regex "(a"',
      'evt.type = connect and fd.sip.name contains x',
    ]),
  );
  const codes = diagnostics.map(({ rule, severity, code }) => `${rule} ${severity} ${code}`);
  assert.deepEqual(codes, [
    '0 warning field-not-captured',
    '1 warning field-not-in-conditions',
    '2 error condition-invalid',
    '3 warning condition-not-supported',
  ]);
});

test('an automaton past the limit is reported, and the rest of the rules compiled', () => {
  const { diagnostics, source } = translateRules(
    rulesOf([`evt.type = open and fd.name regex "(a|b)*a(a|b){20}"`, 'evt.type = open and fd.name = /a']),
  );
  assert.deepEqual(
    diagnostics.map(({ code }) => code),
    ['condition-too-large'],
  );
  assert.match(source, /rule1_open/);
});

test('thousands of alternatives are compiled: asc would overflow its stack on one chain of them', async () => {
  const numbers = Array.from({ length: 3000 }, (_, index) => index);
  const { wasm } = await compileModule(
    rulesOf([
      `evt.type = openat and (${numbers.map((number) => `fd.num = ${3 * number}`).join(' or ')})`,
      `evt.type = openat and proc.exepath in (${numbers.map((number) => `/usr/bin/p${1000 + number}`).join(', ')})`,
    ]),
    { cacheDirectory: directory },
  );
  verifyModule(wasm);
});

test('matches are reported in the order of the rules, for each event', async () => {
  const module = await RuleModule.of(
    rulesOf([
      'evt.type = openat and proc.name = cat',
      'evt.type = execve',
      'evt.type in (openat, execve) and fd.name exists',
      'evt.type = openat',
    ]),
  );
  const { records } = module;
  const image = records.image({ comm: 'cat' });
  module.setCandidates(image);
  const from = records.end;
  records.event('openat', image, { kind: 0x66, name: '/x' });
  records.event('execve', image, {});
  records.event('setns', image, {});
  assert.deepEqual(module.evaluate(from, records.end), [0, 2, 3, 1]);
});

test("a descriptor's members lie at the same place in every shape that has them", () => {
  const { descriptor } = EVENT_STRUCTS;
  const others: readonly Struct[] = [EVENT_STRUCTS.open, EVENT_STRUCTS.network];
  for (const { name, offset, type } of descriptor.members.slice(
    0,
    descriptor.members.findIndex((each) => each.name === 'old_fd'),
  )) {
    for (const struct of others) {
      assert.equal(member(struct, name).offset, offset, `${struct.name}.${name}`);
      assert.equal(member(struct, name).type, type, `${struct.name}.${name}`);
    }
  }
});
