// Captures by rules, live: what was before and after an alert, of the container or session alone, with the state of the processes then.

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Report } from '../../host/captures/report/report.ts';
import { wasprey } from '../support/command-line.ts';
import { Container } from '../support/live/live-container.ts';
import { rulesFileForTests } from '../support/live/rules-file.ts';
import { type RunProcess, startRun } from '../support/live/run-process.ts';
import { completeReport } from '../support/records/capture-report.ts';

const MARK = 'WASPREY_CAPTURES_TEST';
/** What an attacker does: drops a program, runs it, reads, and connects. The mark is in no command line, so that rules can't find it there. */
const ATTACK = `
  echo before > /tmp/before
  cp /bin/busybox /tmp/dropped
  /tmp/dropped id --password=hunter2 2>/dev/null
  sleep 1
  cat /tmp/before > /dev/null
  mkdir /tmp/after
  rm /tmp/before
  nc -w 1 127.0.0.1 9 2>/dev/null
  sleep 3
  true`; // or the shell would become the last program that it runs

const { directory, rules } = rulesFileForTests(
  () => `
- rule: Dropped program run
  desc: d
  condition: evt.type in (execve, execveat) and evt.res = SUCCESS and proc.exepath = /tmp/dropped and proc.env contains ${MARK}
  output: "dropped program (command=%proc.cmdline)"
  priority: CRITICAL
  tags: [dropped]
  capture: true
  capture_duration: 3000
- rule: Not captured
  desc: d
  condition: evt.type in (mkdir, mkdirat) and proc.env contains ${MARK} and (fs.path.name startswith /tmp/after)
  output: "folder"
  priority: INFO
`,
);

function configuration(name: string, capture: object, journal: object = {}): { config: string; folder: string } {
  const config = join(directory, `${name}.yaml`);
  const folder = join(directory, name);
  const settings = {
    capture: { enabled: true, path_prefix: join(folder, 'c'), ...capture },
    journal,
    json_output: true,
  };
  writeFileSync(config, JSON.stringify(settings));
  return { config, folder };
}

/** The one capture in a folder, when it is complete. */
async function captureIn(run: RunProcess, folder: string): Promise<{ readonly path: string; readonly report: Report }> {
  return run.until('a complete capture', () => {
    const [file, ...more] = existsSync(folder) ? readdirSync(folder) : [];
    assert.equal(more.length, 0);
    if (file === undefined) return undefined;
    const path = join(folder, file);
    const report = completeReport(path);
    return report && { path, report };
  });
}

/** How long a loaded machine takes is not tested here; that it is reported is, by unit/captures. */
function isOfContent(missing: string): boolean {
  return !missing.startsWith('The state is later than ');
}

/** What one of the processes did whose program has that name, with `-` where it was before the alert. */
function deeds({ timeline, alerts }: Report): string[] {
  const [first] = alerts;
  return timeline.map(({ time, deed }) => `${time < (first?.time ?? 0n) ? '-' : '+'} ${deed.text}`);
}

for (const [what, journal] of [
  ['out of memory', {}],
  ['out of the journal', { enabled: true }],
] as const) {
  test(`in a container: before (${what}) and after, state, and nothing of others`, async () => {
    const name = `container-${what.replaceAll(' ', '-')}`;
    const kept: { readonly enabled?: true; readonly folder?: string } =
      'enabled' in journal ? { ...journal, folder: join(directory, `${name}-journal`) } : {};
    const { config, folder } = configuration(name, {}, kept);
    await using run = startRun('-c', config, rules);
    await run.watches();
    const container = new Container({ image: 'registry.example/team/server:2' });
    const beside = new Container();
    try {
      await beside.exec(['sh', '-c', 'touch /tmp/of-others']);
      const attack = container.exec(['sh', '-c', ATTACK], { env: { [MARK]: '1' } });
      await run.until('the alert', () => run.alerts('Dropped program run').length > 0);
      await beside.exec(['sh', '-c', 'touch /tmp/of-others']);
      await attack;
      const { path, report } = await captureIn(run, folder);
      const [alert] = run.alerts('Dropped program run');
      assert.equal(alert?.output_fields['wasprey.capture'], path.slice(folder.length + 1));
      assert.equal(run.alerts('Not captured')[0]?.output_fields['wasprey.capture'], undefined);
      assert.equal(statSync(path).mode & 0o777, 0o600);

      const done = deeds(report);
      for (const deed of [
        '- creates /tmp/before',
        '- creates /tmp/dropped',
        '+ runs dropped id --password=hunter2',
        '+ reads /tmp/before',
        '+ makes the folder /tmp/after',
        '+ removes /tmp/before',
        '+ connects to 127.0.0.1:9: ECONNREFUSED',
      ]) {
        assert.ok(done.includes(deed), `no "${deed}" in:\n${done.join('\n')}`);
      }
      assert.ok(!done.some((deed) => deed.includes('of-others')), done.join('\n'));
      assert.equal(
        new Set(done.filter((deed) => deed.includes('creates /tmp/dropped'))).size,
        1,
        'before and after overlap',
      );

      assert.equal(report.alerts[0]?.tags[0], 'dropped');
      assert.equal(report.place.image, 'registry.example/team/server');
      assert.equal([...report.fired].length, 1);
      assert.deepEqual(report.missing.filter(isOfContent), []);
      const { times } = report.state ?? {};
      assert.ok(times && times.begun <= times.fired && times.fired <= times.details, JSON.stringify(times));
      const dropped = report.files.find((file) => file.path === '/tmp/dropped');
      assert.equal(dropped?.layer?.sha256, hashIn(container, '/tmp/dropped'));
      assert.ok(report.state?.processes.some((process) => process.arguments.join(' ').startsWith('sh -c')));

      const shown = wasprey('captures', 'show', path);
      assert.equal(shown.status, 0, shown.stderr);
      assert.ok(!shown.stdout.includes('hunter2') && shown.stdout.includes('--password='), shown.stdout);
      const replayed = wasprey('replay', path, '-r', rules, '--json');
      const alerts = replayed.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).output);
      const live = run.alerts().map(({ output }) => output);
      assert.deepEqual(alerts.toSorted(), live.toSorted(), replayed.stderr);
    } finally {
      container.stop();
      beside.stop();
    }
    run.kill('SIGINT');
    assert.equal(await run.ended, 0, run.stderr());
    if (kept.folder !== undefined) exportsRaiseTheAlert(kept.folder, folder);
  });
}

/** What is exported of the journal, and of the captures, raises the alert once, as it was live. */
function exportsRaiseTheAlert(journal: string, captures: string): void {
  const raised = (...from: readonly string[]): number => {
    const scap = join(directory, 'exported.scap');
    const exported = wasprey('export', ...from, '-o', scap);
    assert.equal(exported.status, 0, exported.stderr);
    const replayed = wasprey('replay', scap, '-r', rules, '--json');
    assert.equal(replayed.status, 0, replayed.stderr);
    return replayed.stdout.split('\n').filter((line) => line.includes('Dropped program run')).length;
  };
  assert.equal(raised(journal), 1);
  assert.equal(raised(captures), 1);
}

function hashIn(container: Container, path: string): string {
  return createHash('sha256')
    .update(readFileSync(join(container.root, path)))
    .digest('hex');
}

test('with the scope of a process tree, what others do is left out; bounds are reported: one capture of a rule at most', async () => {
  const { config, folder } = configuration('bounds', { max_per_rule: 1, scope: 'process_tree', before: '1s' });
  await using run = startRun('-c', config, rules);
  await run.watches();
  // Others read all the time, and so does the session, as long as the capture goes on: what no rule wants passes the filter for it alone.
  const readOf = (who: string): string => {
    const path = join(directory, `read-by-${who}`);
    writeFileSync(path, '');
    return path;
  };
  const [own, others] = [readOf('its-session'), readOf('others')];
  const attack = (): void => {
    const script =
      'cp /bin/true /tmp/dropped; /tmp/dropped; rm -f /tmp/dropped; for i in $(seq 29); do cat "$0"; sleep 0.1; done';
    const reading = spawn('sh', ['-c', 'while sleep 0.1; do cat "$0"; done', others], { detached: true });
    spawnSync('setsid', ['--wait', 'sh', '-c', script, own], { env: { ...process.env, [MARK]: '1' } });
    process.kill(-(reading.pid ?? assert.fail()));
  };
  await run.alert('Dropped program run', attack);
  const done = deeds((await captureIn(run, folder)).report);
  assert.ok(done.includes(`+ reads ${own}`), done.join('\n'));
  assert.ok(!done.some((deed) => deed.includes(others)), done.join('\n'));
  await run.alert('Dropped program run', attack);
  const [, second] = run.alerts('Dropped program run');
  assert.equal(second?.output_fields['wasprey.capture'], undefined);
  await run.until('the internal alert', () => run.alerts('Wasprey internal: capture failure').length === 1);
  assert.match(run.alerts('Wasprey internal: capture failure')[0]?.output ?? '', /has begun 1 within an hour/);
  run.kill('SIGINT');
  assert.equal(await run.ended, 0, run.stderr());
});

/** What a session does after the alert, every few milliseconds: messages, which neither the rules nor what is kept before an alert have captured. */
const SENDING = `
  const { mkdirSync, rmdirSync } = require('node:fs');
  const socket = require('node:dgram').createSocket('udp4').on('error', () => {});
  mkdirSync(process.argv[1]);
  const sending = setInterval(() => socket.send('after', 9, '127.0.0.1'), 3);
  setTimeout(() => { clearInterval(sending); rmdirSync(process.argv[1]); socket.close(); }, 2000);`;

test('a first capture loads no programs: they are there before', async (t) => {
  const { config, folder } = configuration('ahead', { scope: 'process_tree', state: false, mode: 'all_rules' });
  await using run = startRun('-c', config, rules);
  await run.watches();
  // What no rule here needs, nor what is kept of the time before an alert. One thread loads them, the longest first: this one is the last.
  const ahead = await run.until('programs that are loaded ahead', () => {
    const programs = programsOf(run.pid);
    return programs.some(({ name }) => name === 'on_receive') && programs;
  });
  const made = `/tmp/after-ahead-${process.pid}`;
  spawnSync('setsid', ['--wait', process.execPath, '-e', SENDING, made], { env: { ...process.env, [MARK]: '1' } });
  const { report } = await captureIn(run, folder);
  assert.deepEqual(programsOf(run.pid), ahead);
  const sent = report.timeline.find(({ deed }) => deed.text.startsWith('sends to 127.0.0.1:9'));
  assert.ok(sent, deeds(report).join('\n'));
  const [alert] = report.alerts;
  t.diagnostic(
    `the first message of the capture is ${(sent.time - (alert?.time ?? 0n)) / 1_000_000n} ms after the alert`,
  );
  run.kill('SIGINT');
  assert.equal(await run.ended, 0, run.stderr());
});

interface Program {
  readonly id: number;
  readonly name?: string;
  readonly bytes_xlated: number;
}

/** Of the program that libbpf is given in place of one that is loaded later (native/src/loading/ready_program.cc): it is there for a moment. */
const NOTHING_BYTES = 16;

/** The BPF programs that a process holds. */
function programsOf(pid: number): Pick<Program, 'id' | 'name'>[] {
  const all: readonly Program[] = JSON.parse(execFileSync('bpftool', ['-j', 'prog', 'show'], { encoding: 'utf8' }));
  const held = new Set(readdirSync(`/proc/${pid}/fdinfo`).flatMap((fd) => programBehind(pid, fd) ?? []));
  return all
    .filter(({ id, bytes_xlated }) => held.has(id) && bytes_xlated > NOTHING_BYTES)
    .map(({ id, name = '' }) => ({ id, name }));
}

/** The id of the BPF program that a descriptor is for. */
function programBehind(pid: number, fd: string): number | undefined {
  try {
    const [, id] = /^prog_id:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1')) ?? [];
    return id === undefined ? undefined : Number(id);
  } catch {
    return undefined; // closed meanwhile
  }
}

test('an agent that ends in the middle of a capture, of all processes and by a rule without capture, ends the file', async () => {
  const { config, folder } = configuration('ended', {
    ...{ scope: 'all', state: false },
    ...{ mode: 'all_rules', default_duration: 60_000 },
  });
  await using run = startRun('-c', config, rules);
  await run.watches();
  const made = `/tmp/after-${process.pid}`;
  await run.alert('Not captured', () => {
    spawnSync('sh', ['-c', `mkdir ${made}; rmdir ${made}`], { env: { ...process.env, [MARK]: '1' } });
  });
  const read = join(directory, 'read-by-others-still');
  writeFileSync(read, '');
  spawnSync('setsid', ['--wait', 'sh', '-c', 'for i in $(seq 25); do cat "$0"; sleep 0.1; done', read]);
  run.kill('SIGINT');
  assert.equal(await run.ended, 0, run.stderr());
  const { path, report } = await captureIn(run, folder);
  assert.equal(run.alerts('Not captured')[0]?.output_fields['wasprey.capture'], path.slice(folder.length + 1));
  assert.equal(report.alerts[0]?.rule, 'Not captured');
  const done = deeds(report);
  for (const deed of [`makes the folder ${made}`, `+ reads ${read}`]) {
    assert.ok(
      done.some((each) => each.endsWith(deed)),
      `no "${deed}" in:\n${done.join('\n')}`,
    );
  }
});
