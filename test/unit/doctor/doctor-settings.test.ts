// What `wasprey doctor` makes of a configuration: sockets that it names, and hooks that may be missing.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { examinedSettings } from '../../../host/daemon/places/examined-settings.ts';
import { runtimePlaces } from '../../../host/daemon/places/metadata-places.ts';
import { checkCapture } from '../../../host/doctor/capture-checks.ts';
import type { CaptureTrial } from '../../../host/doctor/capture-trial.ts';
import { checkRuntimes, findRuntimes } from '../../../host/doctor/runtime-checks.ts';
import { STARTED } from '../../support/capture-trials.ts';
import { load } from '../../support/config-files.ts';

const PLACES = { criSockets: [], dockerSocket: '', podmanSocket: '', runcRoots: [] };

test('a socket that is configured, and missing, is reported; usual ones that are listed are not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-doctor-'));
  const [here, typo, off] = ['here', 'typo', 'off'].map((name) => join(folder, `${name}.sock`));
  const server = createServer().listen(here);
  try {
    const { configuration } = load(`container_engines:
  cri: {sockets: [/run/crio/crio.sock, ${here}, ${typo}]}
  docker: {sockets: [/var/run/docker.sock]}
  podman: {enabled: false, sockets: [${off}]}
`);
    const { namedSockets } = examinedSettings(configuration);
    assert.deepEqual(namedSockets, [here, typo]);
    const { criSockets } = runtimePlaces(configuration);
    const places = { ...PLACES, criSockets: criSockets.filter((path) => path.startsWith(folder)) };
    const [works, missing, ...others] = checkRuntimes(await findRuntimes(places, namedSockets), places);
    assert.deepEqual(others, []);
    assert.deepEqual([works?.id, works?.state], [`socket:${here}`, 'works']);
    assert.deepEqual([missing?.id, missing?.state], [`socket:${typo}`, 'limited']);
    assert.match(missing?.finding ?? '', /typo\.sock does not exist: /);
    assert.match(missing?.advice ?? '', /^correct its path in container_engines/);
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
});

test('a runtime that takes no connections is to be restarted, and keeps its socket', () => {
  for (const failure of ['EAGAIN', 'ETIMEDOUT']) {
    const [check] = checkRuntimes([{ path: '/run/a.sock', failure }], PLACES);
    assert.equal(check?.advice, 'the runtime is busy or hangs: restart it');
    assert.ok(check.finding.includes(failure));
  }
  const [stale] = checkRuntimes([{ path: '/run/a.sock', failure: 'ECONNREFUSED' }], PLACES);
  assert.equal(stale?.advice, 'start the runtime, or remove the socket');
});

const hook = (program: string) => ({
  hook: 'io_uring_submit_req',
  program,
  reason: 'tracepoint-missing' as const,
  detail: 'ENOENT',
  blinds: ['openat'],
  ways: ['io_uring' as const],
});
const trial = (...programs: readonly string[]): CaptureTrial => ({ ...STARTED, missing: programs.map(hook) });

test('a missing hook that the configuration allows is a limit', () => {
  const check = (text: string) => {
    const { hooks, missingHooks } = examinedSettings(load(text).configuration);
    return checkCapture(trial('on_request'), hooks, missingHooks).find(({ id }) => id === 'hook:on_request');
  };
  assert.equal(check('')?.state, 'fails');
  const allowed = check('engine: {wasprey: {missing_hooks: allow}}');
  assert.equal(allowed?.state, 'limited');
  assert.match(allowed.advice ?? '', /missing_hooks is allow/);
});

test('one hook is missing, and two are', () => {
  const finding = (...programs: readonly string[]) => checkCapture(trial(...programs))[0]?.finding ?? '';
  assert.match(finding('on_request'), /; 1 of the hooks is missing$/);
  assert.match(finding('on_request', 'on_open'), /; 2 of the hooks are missing$/);
});
