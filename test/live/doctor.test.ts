// `wasprey doctor` on this machine, for root and for others, and on a kernel that lacks hooks.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Check } from '../../host/doctor/check.ts';
import type { Examination } from '../../host/doctor/examine.ts';
import { PROJECT } from '../../host/setup/paths.mjs';
import { waspreyIn } from '../support/command-line.ts';
import { lackingKernel } from '../support/live/live-lacking.ts';
import { startRun } from '../support/live/run-process.ts';

const NOBODY = 65_534;

function doctor(words: readonly string[] = [], launcher: readonly string[] = [], uid = 0) {
  return waspreyIn({ cwd: PROJECT, launcher, uid }, 'doctor', ...words);
}

function examination(launcher: readonly string[] = [], uid = 0): Examination & { readonly status: number | null } {
  const { status, stdout, stderr } = doctor(['--json'], launcher, uid);
  assert.equal(stderr, '');
  return { ...(JSON.parse(stdout) as Examination), status };
}

function check(found: Examination, id: string): Check {
  const all = found.groups.flatMap(({ checks }) => checks);
  return all.find((one) => one.id === id) ?? assert.fail(`no check ${id} among ${all.map((one) => one.id)}`);
}

test('all works on the test machine, beside an agent that runs', async () => {
  await using run = startRun('-o', 'control.enabled=false');
  await run.watches();
  const { status, stdout, stderr } = doctor();
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /^Wasprey \S+ on Linux \S+, (x64|arm64)\n\nMachine\n {2}works +kernel +\d/);
  assert.match(
    stdout,
    /\n {2}works +capture +starts in [\d.]+ s; \d\d BPF programs are loaded, and all hooks\s+attached\n/,
  );
  run.kill('SIGINT');
  assert.equal(await run.ended, 0);
  assert.doesNotMatch(run.stdout(), /tampered/);
});

test('as JSON, with all programs', () => {
  const found = examination();
  assert.equal(found.status, 0);
  assert.notEqual(found.state, 'fails');
  for (const name of ['on_call', 'on_fork', 'on_request', 'on_open', 'snapshot_tasks', 'write_passed'])
    assert.ok(found.trial.loaded.includes(name), name);
  assert.deepEqual(found.trial.missing, []);
});

test('another user than root learns what is missing', () => {
  const found = examination([], NOBODY);
  assert.equal(found.status, 1);
  assert.deepEqual(
    [check(found, 'capabilities').state, check(found, 'capabilities').advice],
    ['fails', 'run it as root'],
  );
  assert.equal(check(found, 'btf').state, 'works');
  assert.match(check(found, 'capture').finding, /not permitted: missing CAP_BPF, CAP_PERFMON.*\[CAPTURE_PERMISSION\]/);
  assert.match(doctor([], [], NOBODY).stdout, /\n {2}fails +capabilities +loading BPF programs needs root/);
});

test('what the kernel refuses, and every other program, is tried', () => {
  const found = examination(
    lackingKernel({ tracepoints: ['io_uring_cqe_overflow'], programs: ['on_call', 'on_open', 'on_paths'] }),
  );
  assert.equal(found.status, 1);
  assert.match(check(found, 'capture').finding, /^it can't start: This kernel refuses the BPF program on_call/);
  const refused = found.trial.missing.filter(({ reason }) => reason === 'program-refused');
  assert.deepEqual(refused.map(({ program }) => program).toSorted(), ['on_call', 'on_open', 'on_paths']);
  assert.ok(found.trial.loaded.includes('on_socket') && found.trial.loaded.includes('on_exec'));

  const lacking = examination(lackingKernel({ tracepoints: ['io_uring_cqe_overflow'] }));
  assert.equal(lacking.status, 1);
  assert.equal(check(lacking, 'capture').state, 'limited');
  assert.match(
    check(lacking, 'hook:on_request_overflowed').finding,
    /^the kernel has no tracepoint io_uring_cqe_overflow/,
  );
});
