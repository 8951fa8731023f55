// What the package's postrm leaves behind on a purge, where folders of its state are mounts: run in a mount namespace, where it finds
// folders of its own below /var and nothing of systemd's.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from '../../../host/setup/paths.mjs';

const POSTRM = join(PROJECT, 'deploy/package/scripts/postrm');

const NAMESPACES = ['--user', '--map-root-user', '--mount'];

/** deb-systemd-helper would change the machine's own: one that does nothing is found first. */
const PREPARE = `
  set -e
  for folder in /var/lib /var/cache /var/log /run /mnt; do mount -t tmpfs tmpfs $folder; done
  printf '#!/bin/sh\\n' > /mnt/deb-systemd-helper
  chmod +x /mnt/deb-systemd-helper
  PATH=/mnt:$PATH
  for folder in lib cache log; do mkdir -p /var/$folder/wasprey/below; echo x > /var/$folder/wasprey/below/file; done
`;

const LIST = 'status=$?; find /var/lib /var/cache /var/log -mindepth 1 -printf "%p\\n" | sort; exit $status';

const skip = spawnSync('unshare', [...NAMESPACES, 'true']).status === 0 ? false : 'namespaces can not be made here';

function purge(prepare: string) {
  const script = `${PREPARE}${prepare}\nset +e; sh "$0" purge; ${LIST}`;
  const { status, stdout, stderr } = spawnSync('unshare', [...NAMESPACES, 'sh', '-c', script, POSTRM], {
    encoding: 'utf8',
  });
  return { status, left: stdout.split('\n').filter((line) => line !== ''), stderr };
}

test('a purge removes the folders of state, logs and compiled rules', { skip }, () => {
  assert.deepEqual(purge(''), { status: 0, left: [], stderr: '' });
});

test('a purge succeeds where there are none', { skip }, () => {
  assert.deepEqual(purge('rm -r /var/*/wasprey'), { status: 0, left: [], stderr: '' });
});

test('a purge empties a folder that is a mount, and succeeds', { skip }, () => {
  const mount =
    'mount -t tmpfs tmpfs /var/lib/wasprey; mkdir /var/lib/wasprey/journal; echo x > /var/lib/wasprey/journal/1';
  assert.deepEqual(purge(mount), { status: 0, left: ['/var/lib/wasprey'], stderr: '' });
});

test('a purge empties a mount below a folder, and removes what is beside it', { skip }, () => {
  const mount =
    'mkdir /var/lib/wasprey/journal; mount -t tmpfs tmpfs /var/lib/wasprey/journal; echo x > /var/lib/wasprey/journal/1';
  assert.deepEqual(purge(mount), { status: 0, left: ['/var/lib/wasprey', '/var/lib/wasprey/journal'], stderr: '' });
});

test('a purge removes a link to a folder, and not what is in the folder', { skip }, () => {
  const link = 'rm -r /var/lib/wasprey; mkdir /mnt/elsewhere; ln -s /mnt/elsewhere /var/lib/wasprey';
  assert.deepEqual(purge(link), { status: 0, left: [], stderr: '' });
});

test('a purge fails, with the reason, where a file can not be removed', { skip }, () => {
  const readOnly =
    'mount -t tmpfs tmpfs /var/lib/wasprey; echo x > /var/lib/wasprey/file; mount -o remount,ro /var/lib/wasprey';
  const { status, left, stderr } = purge(readOnly);
  assert.equal(status, 1);
  assert.ok(left.includes('/var/lib/wasprey/file'));
  assert.match(stderr, /rm: cannot remove '\/var\/lib\/wasprey\/file': Read-only file system/);
});

test('a purge fails, with the reason, where an empty folder can not be removed', { skip }, () => {
  const readOnly =
    'mount -t tmpfs tmpfs /var/lib/wasprey; mkdir /var/lib/wasprey/empty; mount -o remount,ro /var/lib/wasprey';
  const { status, stderr } = purge(readOnly);
  assert.equal(status, 1);
  assert.match(stderr, /rm: cannot remove '\/var\/lib\/wasprey\/empty': Read-only file system/);
});

test('a purge fails, with the reason, where a file is a mount', { skip }, () => {
  const mount = 'echo y > /mnt/other; mount --bind /mnt/other /var/lib/wasprey/below/file';
  const { status, left, stderr } = purge(mount);
  assert.equal(status, 1);
  assert.ok(left.includes('/var/lib/wasprey/below/file'));
  assert.match(stderr, /rm: cannot remove '\/var\/lib\/wasprey\/below\/file': Device or resource busy/);
});
