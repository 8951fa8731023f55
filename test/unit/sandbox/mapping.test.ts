// The second wall: with the verifier switched off, a store into any region that native code maps is stopped by the MMU, as a
// trap that the run reports; what is mapped stays as it was, and the next module reads it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileRuleModule, type VerifiedModule } from '../../../host/sandbox/compile-module.ts';
import { instantiateRuleModule } from '../../../host/sandbox/instantiate.ts';
import { runEvaluate } from '../../../host/sandbox/run.ts';
import { verifyModule } from '../../../host/sandbox/verify.ts';
import { BuilderCapture } from '../../support/records/builder-capture.ts';
import { ruleModule } from '../../support/sandbox/wasm-builder.ts';

/** Compiled without a look at it, with another module's proof. */
function unverified(bytes: Uint8Array): VerifiedModule {
  return { module: new WebAssembly.Module(new Uint8Array(bytes)), proof: verifyModule(ruleModule()) };
}

const STORE = ruleModule({ evaluate: '(i32.store (local.get $from) (i32.const 0x21212121))' });

test('the verifier refuses the module', () => {
  assert.throws(() => compileRuleModule(STORE), { name: 'SandboxError' });
});

test('the mapping stops its store in every region', () => {
  using capture = new BuilderCapture();
  const image = capture.image('EXEC', { pid: 42, comm_bytes: 'victim' });
  capture.event('openat', { image });
  const [event] = capture.poll();
  assert.ok(event?.image);
  const { memory, plan } = capture.open;
  const before = new Uint8Array(memory.buffer);
  const instance = instantiateRuleModule(unverified(STORE), { memory, ruleCount: 1, match: () => {} });
  const targets = {
    event: capture.segments[0] ?? 0,
    'process image': plan.imagesAddress,
    container: plan.containersAddress,
    scratch: plan.scratchAddress,
  };
  for (const [region, address] of Object.entries(targets)) {
    const held = before.slice(address, address + 64);
    const result = runEvaluate(instance, address, address);
    assert.equal(result.ok ? 'stored' : result.kind, 'trap', region);
    assert.deepEqual(before.slice(address, address + 64), held, region);
  }
  assert.equal(event.image.number('pid'), 42);
  const reader = instantiateRuleModule(compileRuleModule(ruleModule()), { memory, ruleCount: 1, match: () => {} });
  assert.deepEqual(runEvaluate(reader, targets.event, targets.event), { ok: true });
});
