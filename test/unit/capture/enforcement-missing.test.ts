// What is reported about enforcement where the kernel does not take all programs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  describeMeans,
  type EnforcedMeans,
  lacksNetworkCapability,
  lacksPinned,
  missingByReason,
} from '../../../host/capture/enforcement-means.ts';

const REASON = 'EPERM: Operation not permitted: CAP_NET_ADMIN is missing';
const MISSING = ['enforce_connect4', 'enforce_sendmsg6'].map((program) => ({ program, detail: REASON }));
const means = (by: 'cgroup' | 'open-signal' | 'connect-signal'): EnforcedMeans => ({ clauses: [{ by }], problems: [] });

test('programs stand together by the first line of their reason', () => {
  const log = [{ program: 'enforce_open', detail: 'EINVAL\nlibbpf: a\nlibbpf: b' }];
  const unknown = [{ program: 'enforce_exec', detail: '' }];
  assert.deepEqual(missingByReason([...MISSING, ...log, ...unknown]), [
    `enforce_connect4, enforce_sendmsg6 (${REASON})`,
    'enforce_open (EINVAL)',
    'enforce_exec',
  ]);
  assert.ok(lacksNetworkCapability(MISSING));
  assert.ok(!lacksNetworkCapability(log));
});

test('a means whose programs are missing is not in force, and others are', () => {
  const [refused = ''] = describeMeans(means('cgroup'), MISSING);
  assert.match(refused, /^not in force, without enforce_connect4, enforce_sendmsg6: no call is refused/);
  for (const other of ['open-signal', 'connect-signal'] as const)
    assert.deepEqual(describeMeans(means(other), MISSING), describeMeans(means(other)));
  const opens = [{ program: 'enforce_open', detail: '' }];
  assert.deepEqual(describeMeans(means('open-signal'), opens), ['not in force, without enforce_open']);
});

test('nothing is pinned where its programs are missing, or pinning has failed', () => {
  assert.ok(lacksPinned(MISSING));
  assert.ok(lacksPinned([{ program: 'responses.pinned', detail: 'no BPF file system' }]));
  assert.ok(!lacksPinned([{ program: 'enforce_open', detail: '' }]));
});
