// What `wasprey doctor` says of capabilities where the kernel opens trace events for CAP_SYS_ADMIN alone.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Check } from '../../../host/doctor/check.ts';
import { readServiceCapabilities } from '../../../host/doctor/service-capabilities.ts';
import { checkSystem } from '../../../host/doctor/system-checks.ts';
import { gatherSystemFacts, type SystemFacts } from '../../../host/doctor/system-facts.ts';

const PACKAGED = (1n << 19n) | (1n << 38n) | (1n << 39n);
/** Of the package's service. */
const SERVICE = new Set(['CAP_BPF', 'CAP_PERFMON', 'CAP_SYS_PTRACE']);
const ALL = PACKAGED | (1n << 21n);

interface Case extends Partial<SystemFacts> {
  readonly kernelRelease?: string;
  readonly capabilities?: bigint;
  readonly starts?: boolean;
}

/** The check of capabilities, on a Debian that is new. */
function capabilities({ kernelRelease = '7.3.1-cloud-amd64', capabilities = PACKAGED, starts, ...facts }: Case): Check {
  const here = gatherSystemFacts();
  const machine = { ...here.machine, platform: 'linux', initialUserNamespace: true, kernelRelease, capabilities };
  const there = { ...here, machine, perfEventParanoid: '3', serviceCapabilities: SERVICE, ...facts };
  return checkSystem(there, starts).find(({ id }) => id === 'capabilities') ?? assert.fail();
}

test('the rights of the package do not suffice from Linux 7.0 on while the setting is above 2', () => {
  const { state, finding, advice } = capabilities({});
  assert.equal(state, 'fails');
  assert.match(finding, /^CAP_SYS_ADMIN is missing: kernel\.perf_event_paranoid is 3/);
  assert.match(advice ?? '', /sysctl -w kernel\.perf_event_paranoid=2 .*, or give it this capability/);
  for (const enough of [
    { perfEventParanoid: '2' },
    { perfEventParanoid: '-1' },
    { perfEventParanoid: undefined },
    { kernelRelease: '6.12.41+deb13-amd64' },
    // A kernel of another distribution, which is found by the trial.
    { starts: true },
  ]) {
    assert.equal(capabilities(enough).state, 'works', JSON.stringify(enough));
  }
});

test('root with all rights learns that the service of the package does not start', () => {
  const { state, finding, advice } = capabilities({ capabilities: ALL, starts: true });
  assert.equal(state, 'limited');
  assert.match(
    finding,
    /the service of the package lacks CAP_SYS_ADMIN: .* it does not start until kernel\.perf_event/,
  );
  assert.match(advice ?? '', /perf_event_paranoid=2 .*CapabilityBoundingSet=CAP_SYS_ADMIN in a drop-in/);
  assert.equal(capabilities({ capabilities: ALL, serviceCapabilities: undefined }).state, 'works');
  assert.equal(capabilities({ capabilities: ALL, perfEventParanoid: '2' }).state, 'works');
});

test('who lacks CAP_SYS_PTRACE learns that first', () => {
  const { state, finding } = capabilities({ capabilities: ALL & ~(1n << 19n), starts: true });
  assert.equal(state, 'limited');
  assert.match(finding, /^CAP_SYS_PTRACE is missing/);
});

test('what systemd gives the service is read from what systemctl shows', () => {
  const shown = (state: string, set: string) => `LoadState=${state}\nCapabilityBoundingSet=${set}\n`;
  assert.deepEqual(readServiceCapabilities(shown('loaded', 'cap_bpf cap_perfmon cap_sys_ptrace')), SERVICE);
  assert.deepEqual(readServiceCapabilities(shown('loaded', '')), new Set());
  assert.equal(readServiceCapabilities(shown('not-found', 'cap_chown cap_sys_admin')), undefined);
});
