// What set-up says about machines that can't capture, judged from given facts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SetupFailure } from '../../../host/setup/failure.mjs';
import { checkMachine, gatherMachineFacts, type MachineFacts, requireMachine } from '../../../host/setup/machine.mjs';

const SYS_ADMIN = 1n << 21n;
const PERFMON = 1n << 38n;
const BPF = 1n << 39n;

const GOOD: MachineFacts = {
  platform: 'linux',
  architecture: 'x64',
  kernelRelease: '6.12.41+deb13-amd64',
  hasBtf: true,
  uid: 0,
  capabilities: SYS_ADMIN | PERFMON | BPF,
  initialUserNamespace: true,
  lockdownConfidential: false,
};

/** What is reported about GOOD with some facts changed. */
function complaints(changed: Partial<MachineFacts>): string[] {
  return checkMachine({ ...GOOD, ...changed }).map(({ what }) => what);
}

test('a machine with all that is needed has no problem', () => {
  assert.deepEqual(checkMachine(GOOD), []);
});

test('the oldest kernel is 6.1', () => {
  assert.deepEqual(complaints({ kernelRelease: '6.1.0-37-amd64' }), []);
  assert.deepEqual(complaints({ kernelRelease: '10.0' }), []);
  for (const kernelRelease of ['6.0.19', '5.18.0', '5.4.0-150-generic', '4.18.0-553.el8.x86_64']) {
    const [what, ...others] = complaints({ kernelRelease });
    assert.ok(what?.includes(kernelRelease) && what.includes('6.1 is the oldest'), what);
    assert.deepEqual(others, []);
  }
});

test('BPF and PERFMON suffice, and so does SYS_ADMIN alone', () => {
  assert.deepEqual(complaints({ capabilities: BPF | PERFMON }), []);
  assert.deepEqual(complaints({ capabilities: SYS_ADMIN }), []);
});

test('missing capabilities are named, to root and to a user', () => {
  assert.match(complaints({ capabilities: BPF }).join(), /^this root has no CAP_PERFMON$/);
  assert.match(complaints({ capabilities: 0n, uid: 1000 }).join(), /needs root, or CAP_BPF and CAP_PERFMON$/);
});

test('capabilities within a user namespace do not count', () => {
  assert.match(complaints({ initialUserNamespace: false }).join(), /user namespace/);
});

test('everything that is missing is reported at once, each with its remedy', () => {
  const problems = checkMachine({
    ...GOOD,
    architecture: 's390x',
    kernelRelease: '3.10.0',
    hasBtf: false,
    lockdownConfidential: true,
  });
  assert.equal(problems.length, 4);
  for (const { how } of problems) assert.notEqual(how, '');
});

test('another system is named, and nothing else', () => {
  assert.equal(complaints({ platform: 'darwin', hasBtf: false }).length, 1);
});

test('requireMachine throws one failure with all problems', () => {
  assert.throws(
    () => requireMachine({ ...GOOD, hasBtf: false, lockdownConfidential: true }),
    (error) => error instanceof SetupFailure && error.problems.length === 2,
  );
});

test('the facts of this machine can be gathered', () => {
  const facts = gatherMachineFacts();
  assert.equal(facts.platform, 'linux');
  assert.match(facts.kernelRelease, /^\d+\.\d+/);
  assert.equal(facts.uid, process.geteuid?.());
});

test('without /proc the capabilities are reported as unknown, not as missing', () => {
  assert.match(complaints({ capabilities: undefined }).join(), /^the capabilities of this process are unknown: \/proc/);
});
