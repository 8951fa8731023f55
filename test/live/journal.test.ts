// The journal, live: what it keeps of random work raises the same alerts in replays of its segments as it raised at the time. An agent that is
// killed loses a second at most, and a disk that fails or hangs costs nothing but what happens meanwhile.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { History } from '../../host/journal/event-views.ts';
import { findHistory } from '../../host/journal/history.ts';
import { wasprey } from '../support/command-line.ts';
import { Container } from '../support/live/live-container.ts';
import { rulesFileForTests } from '../support/live/rules-file.ts';
import { type RunProcess, startRun } from '../support/live/run-process.ts';

const MARK = 'WASPREY_JOURNAL_TEST';
/** Rounds of random work: some 60 suffice. */
const MOST_WORK = 1_000;
/** Who it was, from the process itself to its ancestors, and where. */
const ALL = [
  '%evt.num %evt.type %evt.res %evt.cpu %proc.name %proc.pid %proc.vpid %proc.cmdline %proc.cwd %proc.exepath %proc.tty %proc.sid',
  '%proc.pname %proc.ppid %proc.pcmdline %proc.aname[2] %proc.aname[3] %proc.aname[4] %proc.apid[3] %proc.sname %proc.sid.exe',
  '%proc.vpgid.name %user.name %user.uid %user.loginuid %user.homedir %group.name %group.gid %container.id %container.name',
  '%container.image.repository %fd.name %fd.num %evt.args',
].join(' ');
const RULES = `
- rule: started
  desc: d
  condition: evt.type in (execve, execveat) and evt.res = SUCCESS and proc.env contains ${MARK}
  output: "${ALL}"
  priority: INFO
- rule: written
  desc: d
  condition: evt.type in (open, openat, openat2, creat) and evt.is_open_write = true and fd.num >= 0 and proc.env contains ${MARK}
  output: "${ALL}"
  priority: INFO
- rule: changed
  desc: d
  condition: evt.type in (unlink, unlinkat, rename, renameat, renameat2, mkdir, mkdirat, rmdir, link, linkat, symlink, symlinkat, chmod, fchmodat) and evt.res = SUCCESS and proc.env contains ${MARK}
  output: "${ALL} %fs.path.name %fs.path.source %fs.path.target"
  priority: INFO
- rule: connected
  desc: d
  condition: evt.type = connect and proc.env contains ${MARK}
  output: "${ALL}"
  priority: INFO
- rule: identity
  desc: d
  condition: evt.type in (setuid, setgid, setresuid) and proc.env contains ${MARK}
  output: "${ALL}"
  priority: INFO
- rule: signalled
  desc: d
  condition: evt.type = kill and proc.env contains ${MARK} and not evt.arg.pid = 0
  output: "${ALL}"
  priority: INFO
`;

const { directory, rules } = rulesFileForTests(() => RULES);

function configuration(name: string, journal: object): string {
  const path = join(directory, `${name}.yaml`);
  writeFileSync(path, JSON.stringify({ journal: { enabled: true, folder: join(directory, name), ...journal } }));
  return path;
}

/** Events that the agent says it has not kept in its journal, or has lost. */
function lacking(run: RunProcess): number {
  const said = run.stderr().matchAll(/([\d,]+) (?:events? not written|(?:events?|records? of processes) lost)/g);
  return [...said].reduce((sum, [, count = '']) => sum + Number(count.replaceAll(',', '')), 0);
}

async function interrupt(run: RunProcess): Promise<void> {
  run.kill('SIGINT');
  assert.equal(await run.ended, 0, run.stderr());
}

function replay(path: string): string[] {
  const { stdout, stderr, status } = wasprey('replay', path, '-r', rules, '--rule-matching', 'all');
  assert.equal(status, 0, stderr);
  return linesOf(stdout);
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => /^\S+ Informational /.test(line));

/** Numbers below `below`, the same for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
}

/** A script of random work, with subshells that end before what they have started. */
function script(random: (below: number) => number, depth = 0): string {
  const lines: string[] = [];
  for (let count = 2 + random(5); count > 0; count--) lines.push(line(random, depth));
  return lines.join('\n');
}

function line(random: (below: number) => number, depth: number): string {
  const file = `f${random(5)}`;
  const choices = [
    `echo x > ${file}`,
    `touch ${file}`,
    `mv ${file} g${random(5)} 2>/dev/null || true`,
    `rm -f ${file}`,
    `ln -sf ${file} link`,
    `chmod ${random(2) ? 600 : 644} ${file} 2>/dev/null || true`,
    `mkdir -p d${random(3)} && cd d${random(3)} 2>/dev/null || true`,
    'id > /dev/null',
    ': 2>/dev/null < /dev/tcp/127.0.0.1/9 || true',
    'sleep 0.05 & kill $! 2>/dev/null; wait',
    `setpriv --reuid=${65_000 + random(3)} --clear-groups true`,
  ];
  if (depth < 3) {
    const inner = script(random, depth + 1);
    // The second's parent has ended when it goes on.
    choices.push(
      `(${inner})`,
      `( (sleep 0.0${random(9)}; ${inner}) & )`,
      `setsid sh -c 'id; echo > ${file}' > /dev/null`,
    );
  }
  return choices[random(choices.length)] ?? 'true';
}

function work(seed: number): void {
  const cwd = join(directory, `work-${seed}`);
  mkdirSync(cwd);
  spawnSync('bash', ['-c', script(randomOf(seed))], { cwd, env: { ...process.env, [MARK]: '1' }, stdio: 'ignore' });
}

test('replays of the segments raise what was raised live', async () => {
  // Segments of 256 KB, of which none is removed before there are sixteen, however long this takes.
  const config = configuration('random', { max_size: '4MiB' });
  const folder = join(directory, 'random');
  await using run = startRun('-c', config, rules, '--rule-matching', 'all');
  await run.watches();
  const container = new Container({ image: 'registry.example/team/server:2' });
  const segments = () => (existsSync(folder) ? findHistory([folder]).files : []);
  const isEnough = () => segments().length >= 3 && linesOf(run.stdout()).length > 500;
  try {
    for (let seed = 1; !isEnough(); seed++) {
      assert.ok(seed < MOST_WORK, `${segments().length} segments, ${linesOf(run.stdout()).length} alerts`);
      work(seed);
      await container.exec(['sh', '-c', `(id; echo ${seed} > /tmp/x; (sleep 0.02; touch /tmp/y) & ) `], {
        env: { [MARK]: '1' },
      });
    }
    await sleep(500);
  } finally {
    container.stop();
  }
  await interrupt(run);
  const files = segments();
  assert.ok(files.length < 16 && files.every(({ isComplete }) => isComplete), `${files.length} segments`);
  const live = linesOf(run.stdout()).sort();
  const again = files.flatMap(({ path }) => replay(path)).sort();
  // Each event raises one alert. Other work on this machine may keep it from keeping up, but not unsaid.
  const differences = difference(live, again);
  assert.ok(differences.length <= lacking(run), `${differences.join('\n')}\n${run.stderr()}`);
});

/** What only one of them has. */
function difference(one: readonly string[], other: readonly string[]): string[] {
  const [ones, others] = [new Set(one), new Set(other)];
  return [
    ...one.filter((each) => !others.has(each)).map((each) => `only live:   ${each}`),
    ...other.filter((each) => !ones.has(each)).map((each) => `only replay: ${each}`),
  ].sort((a, b) => (a.slice(13) < b.slice(13) ? -1 : 1));
}

test('the end of a process is kept, with its status', async () => {
  const config = configuration('ends', {});
  await using run = startRun('-c', config, rules, '--rule-matching', 'all');
  await run.watches();
  spawnSync('sh', ['-c', 'sh -c "exit 7"; sleep 0.01 & kill -9 $!; wait'], { env: { ...process.env, [MARK]: '1' } });
  await sleep(300);
  await interrupt(run);
  const ends = endsIn(join(directory, 'ends'));
  // As wait(2) has it: the exit status in the second byte, or the signal.
  assert.deepEqual(
    [7 << 8, 9].filter((status) => !ends.includes(status)),
    [],
  );
});

function endsIn(folder: string): number[] {
  const ends: number[] = [];
  for (const { path } of findHistory([folder]).files) {
    using history = new History(path);
    for (const item of history.items({ processes: true })) {
      if (item.kind === 'process' && item.change === 'exit' && item.time > 0n) ends.push(item.waitStatus);
    }
  }
  return ends;
}

test('an agent that is killed has lost no more than the last second', async () => {
  const config = configuration('killed', {});
  await using run = startRun('-c', config, rules, '--rule-matching', 'all', '--json', '-o', 'json_output=true');
  await run.watches();
  const folder = join(directory, 'killed');
  const paths: { path: string; at: number }[] = [];
  for (const until = performance.now() + 5_000; performance.now() < until; ) {
    const path = join(directory, `kept-${paths.length}`);
    writeFileSync(path, '');
    paths.push({ path, at: performance.now() });
    await sleep(20);
  }
  run.kill('SIGKILL');
  const killed = performance.now();
  await run.ended;
  const kept = new Set<string>();
  for (const { path } of findHistory([folder]).files) {
    using history = new History(path);
    for (const item of history.items({ types: new Set(['openat']) })) {
      if (item.kind === 'event') kept.add(item.text('fd.name') ?? '');
    }
  }
  const missing = paths.filter(({ path, at }) => !kept.has(path) && at < killed - 1_000);
  assert.deepEqual(missing, []);
  assert.ok(paths.length > 100);
  // The next one goes on beside it.
  await using next = startRun('-c', config, rules);
  await next.watches();
  await sleep(1_200);
  await interrupt(next);
  assert.equal(findHistory([folder]).files.length, 2);
});

test('with a full disk, and a read-only one, the agent goes on, alerts once, and comes back', async () => {
  const folder = join(directory, 'disk');
  mkdirSync(folder);
  const sh = (command: string) => spawnSync('sh', ['-c', command], { encoding: 'utf8' });
  assert.equal(sh(`mount -t tmpfs -o size=6m tmpfs ${folder}`).status, 0);
  try {
    const config = configuration('disk', { folder: `${folder}/journal`, max_size: '4MiB' });
    await using run = startRun('-c', config, rules, '--rule-matching', 'all', '-o', 'json_output=true');
    await run.watches();
    const failures = () => run.alerts('Wasprey internal: journal failure').length;
    const make = (seed: number) => work(1000 + seed);
    let seed = 0;
    await run.until('a segment', () => sizesIn(`${folder}/journal`) > 0);
    sh(`dd if=/dev/zero of=${folder}/full bs=64k`);
    await run.until('a failure', () => {
      make(seed++);
      return failures() > 0;
    });
    const before = run.alerts('started').length;
    make(seed++);
    await run.until('alerts of rules', () => run.alerts('started').length > before);
    // It has no file open while it fails; the next attempts find this.
    assert.equal(sh(`mount -o remount,ro ${folder}`).status, 0);
    await sleep(7_000);
    make(seed++);
    assert.equal(sh(`mount -o remount,rw ${folder} && rm ${folder}/full`).status, 0);
    await run.says(/the journal is written to .* again; \d+ events are missing in it/, () => make(seed++));
    const { bytes = 0 } = findHistory([`${folder}/journal`]).files.at(-1) ?? {};
    await run.until('more in the journal', () => {
      make(seed++);
      return (findHistory([`${folder}/journal`]).files.at(-1)?.bytes ?? 0) > bytes;
    });
    assert.equal(failures(), 1);
    await interrupt(run);
    for (const { path } of findHistory([`${folder}/journal`]).files) replayWhole(path);
  } finally {
    sh(`umount -l ${folder}`);
  }
});

test('while the disk hangs, alerts come as before, one says so, and it comes back', async () => {
  const [image, folder] = [join(directory, 'hanging.img'), join(directory, 'hanging')];
  mkdirSync(folder);
  const sh = (command: string): void => assert.equal(spawnSync('sh', ['-c', command]).status, 0, command);
  sh(`truncate -s 64M ${image} && mkfs.ext4 -q ${image} && mount -o loop ${image} ${folder}`);
  try {
    const config = configuration('hanging', { folder: `${folder}/journal` });
    await using run = startRun('-c', config, rules, '--rule-matching', 'all', '-o', 'json_output=true');
    await run.watches();
    const start = (): unknown => spawnSync('true', { env: { ...process.env, [MARK]: '1' } });
    await run.until('a segment', () => {
      start();
      return sizesIn(`${folder}/journal`) > 0;
    });
    sh(`fsfreeze --freeze ${folder}`);
    // Before the agent ends, also if the test fails: a thread that waits for the disk can't be ended.
    using frozen = new DisposableStack();
    frozen.defer(() => sh(`fsfreeze --unfreeze ${folder}`));
    // Up to more blocks than may be on their way to the disk: a worker that waited for it would evaluate nothing after these.
    // That it hangs is reported, after ten seconds.
    await run.until('the report that it hangs', async () => {
      await run.alert('started', start);
      return /: the disk does not answer;/.test(run.stderr());
    });
    const during = join(directory, 'while-it-hangs');
    const written = (): number => run.alerts('written').filter(({ output }) => output.includes(during)).length;
    await run.until('an alert', () => {
      spawnSync('touch', [during], { env: { ...process.env, [MARK]: '1' } });
      return written() > 0;
    });
    frozen.dispose();
    const { bytes = 0, path = '' } = findHistory([`${folder}/journal`]).files.at(-1) ?? {};
    await run.until('more in the journal', () => {
      start();
      const last = findHistory([`${folder}/journal`]).files.at(-1);
      return last !== undefined && (last.path !== path || last.bytes > bytes);
    });
    await interrupt(run);
    assert.match(run.stderr(), / is written to .* again; \d+ events are missing in it\n/);
    assert.equal(run.alerts('Wasprey internal: journal failure').length, 1);
  } finally {
    sh(`umount -l ${folder}`);
  }
});

const sizesIn = (path: string): number => {
  try {
    return readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
  } catch {
    return 0;
  }
};

/** Nothing in it is damaged but its end. */
function replayWhole(path: string): void {
  const { stderr } = wasprey('replay', path, '-r', rules);
  assert.match(stderr, /Replayed [\d,]+ events?/);
  assert.doesNotMatch(stderr, /damaged(?!.*the last block is missing)|of processes that the recording lacks/);
}

test('it stays within its size, oldest first', async () => {
  const config = configuration('small', { max_size: '4MiB' });
  await using run = startRun('-c', config, rules, '-o', 'stdout_output.enabled=true');
  await run.watches();
  const folder = join(directory, 'small');
  const target = join(directory, 'many');
  let first: string | undefined;
  await run.until('the first segment is gone', () => {
    const script = `for (let i = 0; i < 20000; i++) { const p = '${target}' + Math.random() + '${'x'.repeat(60)}'; fs.writeFileSync(p, ''); fs.unlinkSync(p); }`;
    spawnSync(process.execPath, ['-e', script]);
    const { files } = findHistory([folder]);
    first ??= files[0]?.path;
    assert.ok(sizesIn(folder) <= 4 << 20, `${sizesIn(folder)} bytes`);
    return files.length > 3 && files[0]?.path !== first;
  });
  await interrupt(run);
  assert.match(run.stderr(), /journal {2}[\d,]+ events in/);
});
