// Recording for real: what a process does while `wasprey capture` watches raises the same alerts in a replay without privilege
// as `wasprey run` raises at the same time.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { wasprey, waspreyIn } from '../support/command-line.ts';
import { rulesFileForTests } from '../support/live/rules-file.ts';
import { type RunProcess, startRun, startWasprey } from '../support/live/run-process.ts';

const RULES = `
- rule: Shadow read
  desc: d
  condition: evt.type in (open, openat) and fd.name = /etc/shadow and proc.name = cat
  output: "%proc.cmdline pid=%proc.pid parent=%proc.pname by %user.name in %proc.cwd container=%container.id open=%fd.name"
  priority: WARNING
- rule: Program started
  desc: d
  condition: evt.type = execve and proc.name = cat
  output: "%proc.cmdline pid=%proc.pid parent=%proc.pname"
  priority: INFO
`;

const { directory, rules } = rulesFileForTests(() => RULES);
const module = join(directory, 'rules.wasm');
before(() => {
  const { status, stderr } = wasprey('compile', rules, '-o', module);
  assert.equal(status, 0, stderr);
  chmodSync(module, 0o644);
});

/** Ends it as Ctrl-C does; its exit status. */
async function interrupt(run: RunProcess): Promise<number | null> {
  run.kill('SIGINT');
  return run.ended;
}

function replay(path: string, ...words: string[]) {
  const launcher = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  return waspreyIn({ launcher }, 'replay', path, '-m', module, ...words);
}

test('a replay, without privilege, gives the alerts that run gave at the time', async () => {
  const path = join(directory, 'live.wsp');
  await using running = startRun('-m', module, '--rule-matching', 'all');
  await using capturing = startWasprey(['capture', '-o', path]);
  await running.says(/watching by 2 rules/);
  await capturing.says(/recording \d+ event types/);
  spawnSync('cat', ['/etc/shadow']);
  spawnSync('sh', ['-c', 'cat ../etc/./shadow; true'], { cwd: '/usr' });
  assert.equal(await interrupt(capturing), 0, capturing.stderr());
  assert.equal(await interrupt(running), 0, running.stderr());
  assert.match(capturing.stderr(), /Recorded for [\d.]+ s: [\d,]+ events, /);
  assert.equal(statSync(path).mode & 0o777, 0o600);

  chmodSync(path, 0o644);
  const { status, stdout, stderr } = replay(path, '--rule-matching', 'all');
  assert.equal(status, 0, stderr);
  // The two have a clock of their own for what else went on; these processes both have seen.
  const alerts = (text: string) =>
    text
      .split('\n')
      .filter((line) => line.includes('shadow'))
      .sort();
  assert.equal(alerts(stdout).length, 4, stdout);
  assert.match(
    stdout,
    /Warning cat \.\.\/etc\/\.\/shadow pid=\d+ parent=sh by root in \/usr\/ container=\S+ open=\/etc\/shadow/,
  );
  assert.deepEqual(alerts(stdout).map(withoutTime), alerts(running.stdout()).map(withoutTime));
  assert.match(stderr, /Replayed [\d,]+ events: \d+ alerts, in [\d.]+ s \([\d,]+ events\/s\)\./);
});

/** Two captures refresh their offset from the kernel's clock to wall time at different moments: the time may differ by some us. */
function withoutTime(line: string): string {
  return line.replace(/^\S+ /, '');
}

test('rules decide what is recorded; the limits of time and size end it', async () => {
  const path = join(directory, 'small.wsp');
  await using capturing = startWasprey(['capture', '-o', path, '-r', rules, '--duration', '1']);
  assert.equal(await capturing.ended, 0, capturing.stderr());
  assert.match(capturing.stderr(), /recording 3 event types/);
  assert.match(capturing.stderr(), /Recorded for 1\.\d s/);

  const large = join(directory, 'large.wsp');
  await using filling = startWasprey(['capture', '-o', large, '--max-size', '1', '--duration', '60']);
  await filling.says(/recording/);
  const load = spawn('sh', ['-c', 'while :; do find /usr/share /usr/lib >/dev/null; done'], { stdio: 'ignore' });
  try {
    await filling.says(/the file has reached its maximum size/);
    await filling.ended;
  } finally {
    load.kill('SIGKILL');
  }
  assert.equal(await filling.ended, 0, filling.stderr());
  const { size } = statSync(large);
  assert.ok(size <= 1 << 20 && size > 1 << 19, `${size} bytes`);
  chmodSync(large, 0o644);
  const { status, stderr } = replay(large);
  assert.equal(status, 0, stderr);
});

test('a capture that is killed leaves a recording that can be replayed, but for the end', async () => {
  const path = join(directory, 'killed.wsp');
  await using capturing = startWasprey(['capture', '-o', path]);
  await capturing.says(/recording/);
  spawnSync('cat', ['/etc/shadow']);
  const empty = statSync(path).size;
  const deadline = performance.now() + 10_000;
  // A block goes to the file each second.
  for (let more = 0; more < 3; ) {
    assert.ok(performance.now() < deadline);
    spawnSync('true');
    if (statSync(path).size > empty + more * 100) more++;
    await new Promise((resolve) => setTimeout(resolve, 700));
  }
  capturing.kill('SIGKILL');
  const copy = join(directory, 'copy.wsp');
  copyFileSync(path, copy);
  chmodSync(copy, 0o644);
  const { status, stdout, stderr } = replay(copy);
  assert.equal(status, 1);
  assert.match(stdout, /Warning cat \/etc\/shadow/);
  assert.match(stderr, /damaged {2}at byte \d+: the file ends .*; nothing after it could be read/);
});
