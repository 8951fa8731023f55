// What is reported about runtimes and an API server that fail, and when the server is asked at all.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { FailureLog, MetadataError } from '../../../host/metadata/failure-log.ts';
import { connect, placeInCluster } from '../../../host/metadata/kubernetes/connection.ts';

describe('metadata: failures', () => {
  it('one line until it works again, and not more than one a minute', () => {
    const lines: string[] = [];
    let now = 0;
    const log = new FailureLog(
      (line) => lines.push(line),
      () => now,
    );
    const fail = (subject?: string) => log.failed('cri', new MetadataError('timeout', 'no\u001b[2J answer', subject));
    for (let second = 0; second < 100; second++, now += 1000) fail();
    assert.deepEqual(lines, [
      'No metadata from the container runtime (CRI): no [2J answer. Alerts lack them until it answers.',
    ]);
    for (let second = 0; second < 60; second++, now += 1000) {
      log.working('cri');
      fail();
    }
    assert.equal(lines.length, 2);
    fail('another part');
    assert.equal(lines.length, 3);
    assert.deepEqual(
      log.counts.map(({ source, kind, count }) => ({ source, kind, count })),
      [{ source: 'cri', kind: 'timeout', count: 161 }],
    );
  });

  it('each kind has its last reason and time, and whether the source has worked since', () => {
    const log = new FailureLog(() => {});
    const states = () => log.counts.map(({ kind, reason, isLasting }) => [kind, reason, isLasting]);
    const began = Date.now();
    log.failed('kubernetes', new MetadataError('unreachable', 'refused\u001b[2J', 'pods'));
    log.failed('kubernetes', new MetadataError('unreachable', 'refused again', 'nodes'));
    assert.deepEqual(states(), [['unreachable', 'refused again', true]]);
    const [{ lastMs } = assert.fail()] = log.counts;
    assert.ok(lastMs >= began && lastMs <= Date.now());
    log.working('kubernetes', 'pods');
    assert.deepEqual(states(), [['unreachable', 'refused again', true]], 'the other part still fails');
    // It fails in another way now, and has not answered in between.
    log.failed('kubernetes', new MetadataError('denied', 'forbidden', 'nodes'));
    assert.deepEqual(states(), [
      ['unreachable', 'refused again', true],
      ['denied', 'forbidden', true],
    ]);
    log.working('kubernetes', 'nodes');
    log.failed('kubernetes', new MetadataError('expired', 'a line\nand another', 'nodes'));
    assert.deepEqual(states(), [
      ['unreachable', 'refused again', false],
      ['denied', 'forbidden', false],
      ['expired', 'a line and another', false],
    ]);
  });

  it('the API server is asked where there is a service account, and its files are read for each request', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wasprey-account-'));
    const environment = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443', NODE_NAME: 'node1' };
    assert.equal(placeInCluster(environment, folder), undefined);
    writeFileSync(join(folder, 'token'), 'first\n');
    writeFileSync(join(folder, 'ca.crt'), 'authority');
    assert.equal(placeInCluster({ ...environment, NODE_NAME: undefined }, folder), undefined);
    const place = placeInCluster(environment, folder);
    assert.ok(place);
    const { server, options } = await connect(place);
    assert.equal(server.href, 'https://[fd00::1]:6443/');
    assert.deepEqual((await options()).headers, { authorization: 'Bearer first' });
    writeFileSync(join(folder, 'token'), 'second');
    assert.deepEqual((await options()).headers, { authorization: 'Bearer second' });
    rmSync(folder, { recursive: true });
    await assert.rejects(options(), (error) => error instanceof MetadataError && error.kind === 'denied');
  });
});
