// Whether the kernel can preempt programs on exits of its functions, by what it says of itself.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HooksError, hooksOf } from '../../../host/capture/hooks.ts';
import { type PreemptionFacts, preemption } from '../../../host/capture/preemption.ts';

const DYNAMIC = '#1 SMP PREEMPT_DYNAMIC Debian 6.12.41-1 (2025-08-12)';
const unknown = { chosen: undefined, commandLine: undefined, config: undefined };
const of = (facts: Partial<PreemptionFacts>): string | undefined =>
  preemption({ version: DYNAMIC, ...unknown, ...facts });

test('a kernel that is built without preemption has none, one with it has', () => {
  assert.equal(of({ version: '#1 SMP Debian 6.12.118-1 (2026-11-20)' }), undefined);
  for (const model of ['PREEMPT', 'PREEMPT_RT', 'PREEMPT_LAZY']) {
    assert.equal(of({ version: `#1 SMP ${model} Debian` }), `the kernel is preemptible (${model})`);
  }
});

test('of one that can choose, what is in force counts, then what it was started with, then how it was built', () => {
  const full = 'the kernel is preemptible (preempt=full)';
  assert.equal(of({ chosen: 'none (voluntary) full \n' }), undefined);
  assert.equal(of({ chosen: '(none) voluntary full lazy\n', commandLine: 'preempt=full' }), undefined);
  assert.equal(of({ chosen: 'none voluntary (full) \n' }), full);
  assert.equal(of({ chosen: 'full (lazy)\n' }), 'the kernel is preemptible (preempt=lazy)');
  assert.equal(of({ commandLine: 'quiet preempt=none\n', config: 'CONFIG_PREEMPT=y\n' }), undefined);
  assert.equal(of({ commandLine: 'preempt=none preempt=full' }), full);
  assert.equal(of({ commandLine: 'preempt=full -- preempt=none\n' }), full);
  assert.equal(of({ commandLine: 'preempt=full init="x preempt=none y"' }), full);
  assert.equal(of({ commandLine: 'nopreempt=none xpreempt=full', config: 'CONFIG_PREEMPT_VOLUNTARY=y\n' }), undefined);
  assert.equal(of({ config: '# CONFIG_PREEMPT is not set\nCONFIG_PREEMPT_NONE=y\nCONFIG_PREEMPTION=y\n' }), undefined);
  assert.match(of({ config: '# CONFIG_PREEMPT_NONE is not set\nCONFIG_PREEMPT=y\n' }) ?? '', /by its configuration/);
  assert.match(of({}) ?? '', /^it is unknown/);
});

test('fexit is refused where programs may be preempted; the other settings ask nothing', () => {
  const facts = (): PreemptionFacts => ({ version: '#1 SMP PREEMPT_RT', ...unknown });
  assert.throws(
    () => hooksOf('fexit', facts),
    (error) => {
      assert.ok(error instanceof HooksError);
      assert.equal(error.code, 'CAPTURE_HOOKS');
      assert.match(
        error.message,
        /^engine\.wasprey\.hooks is fexit, but the kernel is preemptible \(PREEMPT_RT\): .*Use sys_exit\.$/,
      );
      return true;
    },
  );
  assert.equal(
    hooksOf('fexit', () => ({ version: '#1 SMP', ...unknown })),
    'fexit',
  );
  const never = (): never => assert.fail('asked');
  assert.deepEqual([hooksOf('auto', never), hooksOf('sys_exit', never)], ['sys_exit', 'sys_exit']);
});
