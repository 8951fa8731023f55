// The commands of deploy/README.md that unpack an archive at /: what they leave as it was.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fixMetadata } from '../../../deploy/tree/fixed-metadata.ts';
import { makeTar } from '../../../deploy/tree/tar.ts';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { directoryForTest } from '../../support/directory.ts';

const CONFIGURATION = 'etc/wasprey/wasprey.yaml';
const PROGRAM = 'usr/bin/wasprey';
const SERVICE = 'usr/lib/systemd/system/wasprey.service';
/** Of a folder that is there already: the archive has 755. */
const OWN_MODE = 0o711;

const [install = '', upgrade = '', ...more] = readFileSync(join(PROJECT, 'deploy/README.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('tar -x'));

function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** An archive as the packages' are made, with few files. */
function archive(context: TestContext): string {
  const tree = directoryForTest(context);
  for (const path of [CONFIGURATION, PROGRAM, SERVICE]) write(tree, path, 'new');
  mkdirSync(join(tree, 'etc/wasprey/rules.d'));
  fixMetadata(tree);
  const file = join(directoryForTest(context), 'archive.tar');
  makeTar(tree, file);
  execFileSync('gzip', ['--no-name', file]);
  return `${file}.gz`;
}

/** A system where usr/lib is a link, and modes are its own. */
function system(context: TestContext): string {
  const root = directoryForTest(context);
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  mkdirSync(join(root, 'elsewhere'));
  symlinkSync('../elsewhere', join(root, 'usr/lib'));
  for (const path of ['.', 'usr', 'usr/bin']) chmodSync(join(root, path), OWN_MODE);
  return root;
}

function run(command: string, file: string, root: string): void {
  const words = command.split(' ').map((word) => (word === '/' ? root : word.endsWith('.tar.gz') ? file : word));
  execFileSync(words[0] ?? '', words.slice(1));
}

function assertSystem(root: string): void {
  for (const path of ['.', 'usr', 'usr/bin']) assert.equal(statSync(join(root, path)).mode & 0o777, OWN_MODE, path);
  assert.ok(lstatSync(join(root, 'usr/lib')).isSymbolicLink());
  assert.equal(readlinkSync(join(root, 'usr/lib')), '../elsewhere');
  for (const path of [PROGRAM, SERVICE]) assert.equal(readFileSync(join(root, path), 'utf8'), 'new');
}

test('there is a command for the first time and one for an upgrade', () => {
  assert.match(install, /^tar -xzf \S+\.tar\.gz -C \/ /);
  assert.match(upgrade, /^tar -xzf \S+\.tar\.gz -C \/ /);
  assert.deepEqual(more, []);
});

test('modes and links of folders stay when it is unpacked for the first time', (context) => {
  const root = system(context);
  run(install, archive(context), root);
  assertSystem(root);
  assert.equal(readFileSync(join(root, CONFIGURATION), 'utf8'), 'new');
});

test('an upgrade keeps the configuration and rules as well', (context) => {
  const root = system(context);
  const rules = 'etc/wasprey/rules.d/own.yaml';
  for (const path of [CONFIGURATION, rules, PROGRAM]) write(root, path, 'own');
  run(upgrade, archive(context), root);
  assertSystem(root);
  for (const path of [CONFIGURATION, rules]) assert.equal(readFileSync(join(root, path), 'utf8'), 'own');
  assert.deepEqual(readdirSync(join(root, 'etc/wasprey')).sort(), ['rules.d', 'wasprey.yaml']);
});
