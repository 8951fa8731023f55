// The tables of enforced rules: by which means each clause is enforced, and what they have no room or no means for.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EnforcedAction, meansOf } from '../../../host/capture/enforcement-means.ts';
import { enforcementTables } from '../../../host/capture/enforcement-tables.ts';
import type { ExactClause, ExactProcess } from '../../../host/schema/kernel-enforcement.ts';
import { RAILS } from '../../support/records/enforcement-rails.ts';

test('What can not be enforced is a problem that says why', () => {
  const reasons = (clause: ExactClause, action: 'kill_process' | 'deny'): string => {
    const made = enforcementTables([{ exact: { rule: 0, clauses: [clause] }, action }], RAILS);
    return made.ok ? '' : made.problems.map(({ reason }) => reason).join('; ');
  };
  assert.match(reasons({ types: ['unlink'], process: 'any' }, 'kill_process'), /effect of unlink can't be stopped/);
  const lsm = /is only refused by BPF LSM, which this kernel lacks \(it was started without\)/;
  assert.match(reasons({ types: ['open'], process: 'any' }, 'deny'), lsm);
  assert.match(reasons({ types: ['execve'], process: 'any' }, 'deny'), lsm);
  assert.match(
    reasons({ types: ['connect'], process: 'any', result: 'succeeded' }, 'deny'),
    /depends on the result of connect/,
  );
  assert.match(
    reasons({ types: ['sendto'], process: 'candidate', result: 'succeeded' }, 'kill_process'),
    /too late to stop a send/,
  );
  assert.match(
    reasons({ types: ['connect'], process: 'any', sockets: ['unix'] }, 'deny'),
    /sockets of unix are not enforced/,
  );
  assert.equal(reasons({ types: ['connect'], process: 'any' }, 'deny'), '');
});

test('Opens, and execs that are not to kill, are refused by BPF LSM where the kernel has it', () => {
  const meansWith = (
    types: readonly string[],
    action: EnforcedAction,
    lack?: string,
    result?: 'failed',
  ): string | undefined => {
    const clause: ExactClause = { types, process: 'any', ...(result && { result }) };
    return meansOf({ exact: { rule: 0, clauses: [clause] }, action }, lack).clauses[0]?.by;
  };
  assert.equal(meansWith(['open'], 'deny'), 'open-lsm');
  assert.equal(meansWith(['open'], 'kill_process'), 'open-lsm');
  assert.equal(meansWith(['open'], 'kill_process', 'started without'), 'open-signal');
  assert.equal(meansWith(['open'], 'kill_process', undefined, 'failed'), 'open-signal');
  assert.equal(meansWith(['open'], 'deny', undefined, 'failed'), undefined);
  assert.equal(meansWith(['execve'], 'deny'), 'exec-lsm');
  assert.equal(meansWith(['execve'], 'kill_process'), 'exec-signal');
  assert.equal(meansWith(['connect'], 'deny'), 'cgroup');
});

test('Connects and sends are refused by what the process is; a process whose connect is to be stopped is killed at its end', () => {
  const meansOfTypes = (types: readonly string[], action: EnforcedAction, process: ExactProcess = 'candidate') => {
    const [means] = meansOf({ exact: { rule: 0, clauses: [{ types, process }] }, action }, undefined).clauses;
    return means?.by;
  };
  assert.equal(meansOfTypes(['connect'], 'deny'), 'cgroup-process');
  assert.equal(meansOfTypes(['connect', 'sendto'], 'deny'), 'cgroup-process');
  assert.equal(meansOfTypes(['connect', 'sendto'], 'kill_process'), 'cgroup-process');
  assert.equal(meansOfTypes(['connect'], 'kill_process'), 'cgroup-process');
  assert.equal(meansOfTypes(['connect'], 'deny', 'container'), 'cgroup');
});

test('Tables that have no room for all rules are a problem', () => {
  const name = (equal: readonly string[]): ExactClause => ({
    types: ['open'],
    process: 'any',
    names: [{ of: 'path', equal, beginnings: [], endings: [] }],
  });
  const many = enforcementTables(
    [{ exact: { rule: 0, clauses: new Array(64).fill(name(['/a'])) }, action: 'kill_process' }],
    RAILS,
  );
  assert.ok(!many.ok && many.problems.some(({ reason }) => reason.includes('64 alternatives')));
  const long = Array.from({ length: 50 }, (_, index) => `/${'x'.repeat(200)}${index}`);
  const deep = enforcementTables([{ exact: { rule: 0, clauses: [name(long)] }, action: 'kill_process' }], RAILS);
  assert.ok(!deep.ok && deep.problems.some(({ reason }) => reason.includes('longer than the kernel has room for')));
});
