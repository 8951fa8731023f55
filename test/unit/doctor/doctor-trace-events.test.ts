// What `wasprey doctor` says of capabilities where the kernel opens trace events for CAP_SYS_ADMIN alone.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Check } from '../../../host/doctor/check.ts';
import { checkSystem } from '../../../host/doctor/system-checks.ts';
import { gatherSystemFacts, type SystemFacts, serviceHasSysAdmin } from '../../../host/doctor/system-facts.ts';

const PACKAGED = (1n << 19n) | (1n << 38n) | (1n << 39n);
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
  const there = { ...here, machine, perfEventParanoid: '3', serviceLacksSysAdmin: true, ...facts };
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
  assert.equal(capabilities({ capabilities: ALL, serviceLacksSysAdmin: false }).state, 'works');
  assert.equal(capabilities({ capabilities: ALL, perfEventParanoid: '2' }).state, 'works');
});

test('what the unit of the service and its drop-ins give is looked up', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-doctor-'));
  try {
    const has = (): boolean => serviceHasSysAdmin([join(folder, 'none'), folder]);
    assert.equal(has(), false);
    writeFileSync(join(folder, 'wasprey.service'), '[Service]\nCapabilityBoundingSet=CAP_BPF CAP_PERFMON\n');
    mkdirSync(join(folder, 'wasprey.service.d'));
    const dropIn = join(folder, 'wasprey.service.d/rights.conf');
    for (const [line, expected] of [
      ['CapabilityBoundingSet=~CAP_SYS_ADMIN', false],
      ['# CapabilityBoundingSet=CAP_SYS_ADMIN', false],
      ['CapabilityBoundingSet=CAP_KILL CAP_SYS_ADMIN', true],
    ] as const) {
      writeFileSync(dropIn, `[Service]\n${line}\n`);
      assert.equal(has(), expected, line);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
