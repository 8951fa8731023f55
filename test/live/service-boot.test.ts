// The service as a machine runs it: by systemd, with all that the unit forbids.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { tamperProgram } from '../support/live/live-tamper.ts';
import { BootedSystem } from '../support/machines/booted-system.ts';

let system: BootedSystem;

before(async () => {
  system = await BootedSystem.boot();
});
after(() => system[Symbol.asyncDispose]());

function property(name: string): string {
  return system.run('systemctl', 'show', '--value', '-p', name, 'wasprey').stdout.trim();
}

function journal(): string {
  return system.run('journalctl', '--no-pager', '-o', 'cat', '-u', 'wasprey').stdout;
}

function succeeds(program: string, ...words: readonly string[]): void {
  const { status, stderr } = system.run(program, ...words);
  assert.equal(status, 0, `${program} ${words.join(' ')}: ${stderr}\n${journal()}`);
}

test('it is started when it watches, with the privileges that it needs and no others', async () => {
  succeeds('systemctl', 'start', 'wasprey');
  assert.match(property('StatusText'), /^watching by \d+ rules$/);
  const status = readFileSync(`/proc/${system.outerPid(Number(property('MainPID')))}/status`, 'utf8');
  // CAP_SYS_PTRACE, CAP_PERFMON, CAP_BPF.
  const capabilities = (1n << 19n) | (1n << 38n) | (1n << 39n);
  assert.match(status, new RegExp(`^CapEff:\\t0*${capabilities.toString(16)}$`, 'm'));
  assert.match(status, /^NoNewPrivs:\t1$/m);
  assert.match(status, /^Seccomp:\t2$/m);
});

test('alerts are in the journal, and its state is asked for as on any machine', async () => {
  system.run('cat', '/etc/shadow');
  await system.until('an alert', () => /Sensitive file read by cat: \/etc\/shadow .*user=root/.test(journal()));
  const { status, stdout } = system.run('wasprey', 'status', '--json');
  assert.equal(status, 0, stdout);
  assert.doesNotMatch(journal(), /internal/);
});

interface UnitSession {
  readonly unit?: string;
  readonly user: { readonly uid: number };
  readonly commands: readonly {
    readonly arguments: readonly string[];
    readonly status?: { readonly code?: number };
    readonly files?: readonly { readonly path: string }[];
    readonly commands?: readonly { readonly arguments: readonly string[] }[];
  }[];
}

test('activity has what a unit did', async () => {
  const script = 'echo x >/run/by-unit; sleep 0.1; exit 3';
  // Not by systemd-run: it needs the bus, which this system has not.
  const unitFile = `[Service]\nType=oneshot\nExecStart=/bin/sh -c '${script}'\n`;
  writeFileSync(system.outerPath('/run/systemd/system/backup.service'), unitFile);
  assert.notEqual(system.run('systemctl', 'start', 'backup').status, 0);
  const session = (): UnitSession | undefined => {
    const { stdout } = system.run('wasprey', 'activity', '--json', '--command', script);
    const line = stdout.split('\n').find((each) => each.includes('"kind":"service"'));
    return line === undefined ? undefined : JSON.parse(line);
  };
  // What happened within the last second may not be on disk.
  await system.until('its end', () => session()?.commands[0]?.status !== undefined);
  const { unit, user, commands } = session() ?? assert.fail();
  const [shell] = commands;
  assert.deepEqual([unit, user.uid, shell?.status], ['backup.service', 0, { code: 3 }]);
  assert.deepEqual(
    shell?.files?.map(({ path }) => path),
    ['/run/by-unit'],
  );
  assert.deepEqual(
    shell?.commands?.map(({ arguments: words }) => words),
    [['sleep', '0.1']],
  );
});

test('systemctl reload tells whether the rules could be used, and a mistake in them ends nothing', () => {
  const pid = property('MainPID');
  succeeds('sh', '-c', "echo '- rule: nothing else' >/etc/wasprey/rules.d/own.yaml");
  assert.notEqual(system.run('systemctl', 'reload', 'wasprey').status, 0);
  assert.equal(property('ActiveState'), 'active');
  assert.match(journal(), /own\.yaml/);
  succeeds('rm', '/etc/wasprey/rules.d/own.yaml');
  succeeds('systemctl', 'reload', 'wasprey');
  assert.equal(property('MainPID'), pid);
});

test('one that does not evaluate any more is restarted by the watchdog', { timeout: 120_000 }, async () => {
  succeeds('mkdir', '-p', '/run/systemd/system/wasprey.service.d');
  succeeds(
    'sh',
    '-c',
    "printf '[Service]\\nWatchdogSec=4\\nRestartSec=1\\n' >/run/systemd/system/wasprey.service.d/test.conf",
  );
  succeeds('systemctl', 'daemon-reload');
  succeeds('systemctl', 'restart', 'wasprey');
  const pid = property('MainPID');
  const outer = system.outerPid(Number(pid));
  const [thread] = readdirSync(`/proc/${outer}/task`).filter((tid) =>
    readFileSync(`/proc/${outer}/task/${tid}/comm`, 'utf8').startsWith('wasprey-engine'),
  );
  // It ends with the agent, or by itself.
  spawn(tamperProgram(), ['hold', thread ?? assert.fail(), '25000']);
  await system.until('its end', () => property('Result') === 'watchdog', 40_000);
  await system.until(
    'its next start',
    () => property('NRestarts') === '1' && property('SubState') === 'running',
    60_000,
  );
  assert.notEqual(property('MainPID'), pid);
});

test('it is stopped in good order', () => {
  succeeds('systemctl', 'stop', 'wasprey');
  assert.deepEqual([property('Result'), property('ExecMainStatus')], ['success', '0']);
  assert.match(journal(), /Watched for .* no event lost/);
});
