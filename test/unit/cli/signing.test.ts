// The life of a module on the command line: compiled anywhere to the same bytes, looked into, signed, verified, run.

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { withSource } from '../../../host/compiler/source-section.ts';
import { portableNames } from '../../../host/daemon/rules/portable-names.ts';
import { waspreyIn } from '../../support/command-line.ts';

const RULES = `
- rule: Removed
  desc: d
  condition: evt.type = unlink and proc.name = rm
  output: "%proc.name removes %fd.name"
  priority: info
`;

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasprey-sign-'));
  writeFileSync(join(folder, 'r.yaml'), RULES);
  assert.equal(wasprey('keygen', 'team').status, 0);
  assert.equal(wasprey('keygen', 'next').status, 0);
  const compiled = wasprey('compile', 'r.yaml', '-o', 'r.wasm', '--key', 'team.key');
  assert.match(compiled.stderr, /^r\.wasm: 1 rule, \d+ KB, compiled in /m);
  assert.equal(compiled.status, 0);
});
after(() => rmSync(folder, { recursive: true }));

function wasprey(...words: string[]) {
  return waspreyIn({ cwd: folder, env: { PATH: process.env.PATH } }, ...words);
}

test('keys are their owner’s alone, and are not overwritten', () => {
  assert.equal(statSync(join(folder, 'team.key')).mode & 0o777, 0o600);
  const { status, stderr } = wasprey('keygen', 'team');
  assert.equal(status, 1);
  assert.match(stderr, /team\.key already exists/);
});

test('the same rules give the same bytes, wherever they are', () => {
  cpSync(join(folder, 'r.yaml'), join(folder, 'elsewhere/r.yaml'));
  assert.equal(wasprey('compile', './elsewhere/r.yaml', '-o', 'again.wasm', '--key', 'team.key').status, 0);
  assert.ok(readFileSync(join(folder, 'again.wasm')).equals(readFileSync(join(folder, 'r.wasm'))));
});

test('names of rule files that are alike are told apart', () => {
  const names = portableNames(['/a/rules.yaml', 'b/rules.yaml', '/a/rules.yaml', 'b/other.yaml']);
  assert.deepEqual(
    [...names],
    [
      ['/a/rules.yaml', 'rules.yaml'],
      ['b/rules.yaml', 'rules.yaml (2)'],
      ['b/other.yaml', 'other.yaml'],
    ],
  );
});

test('inspect shows rules, sources and proof', () => {
  const { status, stdout } = wasprey('inspect', 'r.wasm');
  assert.equal(status, 0);
  for (const line of [
    /^Proven of its code$/m,
    /^ {2}r\.yaml {2}[0-9a-f]{64}$/m,
    /^1 rule$/m,
    /^ {2}Removed +Informational +r\.yaml:2 +unlink$/m,
  ])
    assert.match(stdout, line);
  const report = JSON.parse(wasprey('inspect', '--json', 'r.wasm').stdout);
  assert.deepEqual(report.eventTypes, ['unlink']);
  assert.deepEqual(report.fields, ['evt.type', 'proc.name']);
  assert.equal(report.manifest.rules[0].name, 'Removed');
  assert.equal(report.runsHere, true);
  assert.equal(report.schema, report.manifest.schema);
});

test('inspect shows the code, and nothing that steers a terminal', () => {
  const wat = wasprey('inspect', '--wat', 'r.wasm').stdout;
  assert.match(wat, /^\(module\n/);
  assert.match(wat, /\(export "evaluate"/);
  assert.match(wasprey('inspect', '--assemblyscript', 'r.wasm').stdout, /export function evaluate\(/);
  const hostile = withSource(readFileSync(join(folder, 'r.wasm')), 'a "\u001b[2J"\n\tb\u009b');
  writeFileSync(join(folder, 'hostile.wasm'), hostile);
  assert.equal(wasprey('inspect', '--assemblyscript', 'hostile.wasm').stdout, 'a "\\u001b[2J"\n\tb\\u009b');
});

test('a module is verified as an agent takes it', () => {
  assert.match(wasprey('verify', 'r.wasm', '-k', 'team.pub').stdout, /^r\.wasm: 1 rule, signed with [0-9a-f]{16}\n$/);
  assert.match(wasprey('verify', 'r.wasm', '-k', 'next.pub').stderr, /SIGNATURE_UNTRUSTED/);
  assert.equal(wasprey('sign', 'r.wasm', '--key', 'next.key', '-o', 'both.wasm').status, 0);
  assert.equal(wasprey('verify', 'both.wasm', '-k', 'next.pub').status, 0);
  const changed = readFileSync(join(folder, 'r.wasm'));
  const at = changed.indexOf('Removed');
  changed[at] = 'r'.charCodeAt(0);
  writeFileSync(join(folder, 'changed.wasm'), changed);
  const refused = wasprey('verify', 'changed.wasm', '-k', 'team.pub');
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /changed\.wasm was changed after it was signed.*SIGNATURE_WRONG\]\n {2}do not trust it/);
  const again = wasprey('sign', 'changed.wasm', '--key', 'next.key', '--key', 'team.key');
  assert.equal(again.status, 1);
  assert.match(again.stderr, /SIGNATURE_WRONG/);
  assert.ok(readFileSync(join(folder, 'changed.wasm')).equals(changed), 'it was signed again');
});

test('a run that asks for signatures takes none but those, before anything is captured', () => {
  assert.equal(wasprey('compile', 'r.yaml', '-o', 'bare.wasm').status, 0);
  const { status, stderr } = wasprey('run', '-m', 'bare.wasm', '--trusted-key', 'team.pub', '--duration', '0');
  assert.equal(status, 1);
  assert.match(stderr, /bare\.wasm is not signed \[SIGNATURE_MISSING\]\n {2}sign it/);
  const keyless = wasprey('run', '-m', 'r.wasm', '--signature', 'required');
  assert.equal(keyless.status, 2);
  assert.match(keyless.stderr, /signatures are required, but no key is trusted/);
});
