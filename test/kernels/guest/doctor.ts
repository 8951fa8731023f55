// `wasprey doctor` on this kernel: nothing is missing but what the kernel is known to lack. Its report for people is kept.

import assert from 'node:assert/strict';
import { release } from 'node:os';
import { test } from 'node:test';
import { renderExamination } from '../../../host/cli/reports/doctor-report.ts';
import { SILENT } from '../../../host/diagnostics/terminal.ts';
import type { Examination } from '../../../host/doctor/examine.ts';
import { checkSystem } from '../../../host/doctor/system-checks.ts';
import { gatherSystemFacts } from '../../../host/doctor/system-facts.ts';
import { guestNamed } from '../guests.ts';
import { runCommand } from './command.ts';

const SYS_ADMIN = 1n << 21n;
const { lacks, needsTracefs } = guestNamed(process.env.GUEST ?? '');

// Run once: in emulation that takes as long as all the rest of this step.
const { stdout, stderr, status } = await runCommand('doctor', ['--json']);

/** Undefined if it printed something else, of which the first test has the words. */
const found = parsed(stdout);
if (found) {
  const text = renderExamination(found, SILENT);
  process.stdout.write(`\n@wasprey ${JSON.stringify({ kind: 'file', file: 'doctor.txt', text })}\n`);
}

function parsed(text: string): Examination | undefined {
  try {
    return JSON.parse(text) as Examination;
  } catch {
    return undefined;
  }
}

function examination(): Examination {
  return found ?? assert.fail('it printed no JSON');
}

test('wasprey doctor', () => {
  assert.equal(status, 0, stdout + stderr);
});

test('no hook is missing but those that this kernel is known to lack', () => {
  const { missing, failure } = examination().trial;
  assert.equal(failure, undefined);
  assert.deepEqual(missing.map(({ program }) => program).sort(), [...lacks.hooks].sort(), JSON.stringify(missing));
});

test('no operation of io_uring is missing but those that this kernel is known to lack', () => {
  const { missingIoUringOperations } = examination().trial;
  assert.deepEqual([...(missingIoUringOperations ?? assert.fail('the kernel was not asked'))].sort(), [
    ...lacks.ioUringOperations,
  ]);
});

test('BPF LSM is there, unless this kernel is known to lack it', () => {
  const { lackOfLsm } = examination().trial;
  assert.equal(lackOfLsm !== undefined, lacks.bpfLsm === true, lackOfLsm?.text);
  // Debian starts its kernels with bpf in the list: no guest lacks it for want of that.
  if (lackOfLsm) assert.equal(lackOfLsm.cause, 'refused', lackOfLsm.text);
});

test('kernel memory is read directly from Linux 6.2 on, and by probes before', () => {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  assert.equal(examination().trial.hasDirectReads, major > 6 || minor >= 2);
});

test('what it says of tracefs is what this kernel needs', () => {
  const tracefs = examination()
    .groups.flatMap(({ checks }) => checks)
    .find(({ id }) => id === 'tracefs');
  assert.equal(tracefs?.state, 'works');
  assert.equal(
    tracefs.finding,
    needsTracefs
      ? 'mounted: hooks are attached to trace events'
      : 'mounted; not needed, hooks are attached to raw tracepoints',
  );
});

test('the rights of the package suffice, unless trace events need CAP_SYS_ADMIN', () => {
  const facts = gatherSystemFacts();
  const machine = { ...facts.machine, capabilities: (facts.machine.capabilities ?? 0n) & ~SYS_ADMIN };
  const found = checkSystem({ ...facts, machine }).find(({ id }) => id === 'capabilities');
  assert.equal(found?.state, needsTracefs ? 'fails' : 'works', found?.finding);
});
