// `wasprey doctor` of an installation that lacks files, and of one whose addon can't be loaded.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { openCapture } from '../../../host/capture/open.ts';
import { checkCapture } from '../../../host/doctor/capture-checks.ts';
import { failureOf } from '../../../host/doctor/capture-trial.ts';
import type { Examination } from '../../../host/doctor/examine.ts';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { notStarted } from '../../support/capture-trials.ts';

/** What the build of an installation has (deploy/tree/). */
const BUILT = ['native/wasprey.node', 'native/act', 'bpf/wasprey.bpf.o', 'bpf/isolate.bpf.o', 'page'];

/** What doctor says of the capture in an installation that lacks a file. */
function captureWithout(absent: string) {
  const home = mkdtempSync(join(tmpdir(), 'wasprey-installed-'));
  try {
    cpSync(join(PROJECT, 'host'), join(home, 'host'), { recursive: true });
    for (const name of ['package.json', 'rules']) cpSync(join(PROJECT, name), join(home, name), { recursive: true });
    symlinkSync(join(PROJECT, 'node_modules'), join(home, 'node_modules'));
    for (const name of BUILT.filter((name) => name !== absent)) {
      mkdirSync(dirname(join(home, 'build', name)), { recursive: true });
      symlinkSync(join(PROJECT, 'build', name), join(home, 'build', name));
    }
    const { stdout, stderr } = spawnSync(process.execPath, ['host/cli/main.ts', 'doctor', '--json'], {
      cwd: home,
      encoding: 'utf8',
    });
    assert.equal(stderr, '');
    const { groups, trial } = JSON.parse(stdout) as Examination;
    return { home, trial, check: groups.flatMap(({ checks }) => checks).find(({ id }) => id === 'capture') };
  } finally {
    rmSync(home, { recursive: true });
  }
}

for (const absent of ['bpf/isolate.bpf.o', 'native/wasprey.node', 'page']) {
  test(`an installation without ${absent} is damaged`, () => {
    const { home, check } = captureWithout(absent);
    assert.equal(check?.state, 'fails');
    assert.equal(
      check.finding,
      `it can't start: the installation is damaged: it lacks ${home}/build/${absent} [DOCTOR_INCOMPLETE]`,
    );
    assert.equal(check.advice, 'install Wasprey again');
  });
}

test('a BPF object that is cut off is installed again, or built', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-doctor-'));
  try {
    const object = join(folder, 'wasprey.bpf.o');
    writeFileSync(object, 'ELF');
    const { capture } = openCapture({ source: 'bpf', object });
    try {
      const advice = /wasprey\.bpf\.o\. Install Wasprey again; in a checkout: make -C native\./;
      assert.throws(() => capture.start(['openat']), advice);
    } finally {
      capture.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('an addon that is not there is one line, with advice', () => {
  const load = (): unknown => createRequire(import.meta.url)('/nonexist/wasprey.node');
  let failure = failureOf(undefined);
  try {
    load();
  } catch (error) {
    failure = failureOf(error);
  }
  const [check] = checkCapture(notStarted(failure));
  assert.equal(check?.finding, "it can't start: Cannot find module '/nonexist/wasprey.node' [MODULE_NOT_FOUND]");
  assert.match(check.advice ?? '', /^install Wasprey again; in a checkout: /);
});

test('where a check of the machine has failed, no other kernel is advised', () => {
  const message = "Making the BPF maps failed. Linux 6.1 or later is needed; the detail has the kernel's message.";
  const trial = notStarted({ code: 'CAPTURE_LOAD', message, detail: 'EPERM' });
  const [check] = checkCapture(trial, 'auto', 'alert', true);
  assert.equal(check?.finding, "it can't start: Making the BPF maps failed [CAPTURE_LOAD]");
  assert.equal(check.advice, 'mend first what fails above');
  const [alone] = checkCapture(trial);
  assert.match(alone?.finding ?? '', /Linux 6\.1 or later is needed/);
});
