// Test files that run beside each other get different clusters, and the file after one gets its cluster (test/support/cluster/shared-clusters.ts).

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { announceClusters, takeSharedCluster } from '../../support/cluster/shared-clusters.ts';
import { directoryForTests } from '../../support/directory.ts';

const directory = directoryForTests();
const places = ['one', 'other'].map((name) => ({ folder: join(directory, name), pid: 1, archives: directory }));
for (const { folder } of places) mkdirSync(folder);

const MODULE = pathToFileURL(join(PROJECT, 'test/support/cluster/shared-clusters.ts')).href;
/** Stays until its input ends. */
const TAKER = `
  const { takeSharedCluster } = await import(${JSON.stringify(MODULE)});
  console.log(takeSharedCluster()?.folder);
  process.stdin.resume();`;

const takers: ChildProcess[] = [];
after(() => {
  for (const taker of takers) taker.kill();
});

async function taker(): Promise<{ readonly child: ChildProcess; readonly folder: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', TAKER], { stdio: ['pipe', 'pipe', 'inherit'] });
  takers.push(child);
  const [printed] = await once(child.stdout, 'data');
  return { child, folder: String(printed).trim() };
}

test('each process has a cluster of its own, until it ends; one more fails', async () => {
  const conceal = announceClusters(places);
  try {
    const [first, second] = [await taker(), await taker()];
    assert.deepEqual([first.folder, second.folder].sort(), places.map(({ folder }) => folder).sort());
    assert.throws(takeSharedCluster, /all of 2 clusters are in use/);
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    assert.equal((await taker()).folder, first.folder);
  } finally {
    conceal();
  }
  assert.equal(takeSharedCluster(), undefined);
});
