// What a service manager hears of an agent that it has started: that it watches, reloads and stops, and that it evaluates, as long as it does.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DatagramListener } from '../support/live/datagram-listener.ts';
import { tamperProgram } from '../support/live/live-tamper.ts';
import { type RunProcess, startWasprey } from '../support/live/run-process.ts';
import { freePort } from '../support/servers/free-port.ts';

const folder = mkdtempSync(join(tmpdir(), 'wasprey-service-'));
const rules = join(folder, 'rules.yaml');
const marked = join(folder, 'marked');
const RULE = `
- rule: Marked file
  desc: d
  condition: evt.type in (open, openat) and fd.name = ${marked}
  output: "opened %fd.name"
  priority: WARNING
`;
/** The engine is taken for hanging after 10 s without a sign (host/daemon/web/health.ts). */
const HANGS_AFTER_MS = 10_000;

before(() => {
  writeFileSync(marked, '');
});
after(() => rmSync(folder, { recursive: true }));

function workerThread(pid: number): number {
  const names = readdirSync(`/proc/${pid}/task`);
  const name = names.find((tid) => /wasprey-engine/.test(readFileSync(`/proc/${pid}/task/${tid}/comm`, 'utf8')));
  return Number(name ?? assert.fail(`no thread of the engine among ${names}`));
}

function startRunIn(environment: Readonly<Record<string, string>>, ...words: string[]): RunProcess {
  return startWasprey(['run', ...words], { environment });
}

function ready(run: RunProcess, manager: DatagramListener) {
  return run.until('READY=1', () => manager.with('READY=1')[0]);
}

test('ready when it watches, again after each reload, and the end; its programs know nothing of it', async () => {
  writeFileSync(rules, RULE);
  const socket = join(folder, 'notify');
  await using manager = await DatagramListener.start(socket);
  const port = await freePort();
  const environment = join(folder, 'environment');
  await using run = startRunIn(
    { NOTIFY_SOCKET: socket },
    rules,
    ...['-o', 'webserver.enabled=true', '-o', `webserver.listen_port=${port}`],
    ...['-o', 'program_output.enabled=true', '-o', `program_output.program=env > ${environment}`],
  );
  const first = await ready(run, manager);
  assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 200);
  assert.deepEqual(manager.received, [
    { sender: run.pid, lines: ['READY=1', 'STATUS=watching by 1 rule'], at: first.at },
  ]);

  await run.until('the environment of a program', () => {
    spawnSync('cat', [marked]);
    return (existsSync(environment) && readFileSync(environment, 'utf8').includes('PATH=')) || undefined;
  });
  assert.doesNotMatch(readFileSync(environment, 'utf8'), /NOTIFY_SOCKET|WATCHDOG/);

  writeFileSync(rules, `${RULE}${RULE.replace('Marked file', 'Marked again')}`);
  run.kill('SIGHUP');
  await run.until('READY=1 after the reload', () => manager.with('READY=1')[1]);
  const [reloading, again] = manager.received.slice(1).map(({ lines }) => lines);
  assert.equal(reloading?.[0], 'RELOADING=1');
  const [, microseconds] = /^MONOTONIC_USEC=(\d+)$/.exec(reloading?.[1] ?? '') ?? assert.fail(`${reloading}`);
  const now = Number(process.hrtime.bigint() / 1000n);
  assert.ok(Number(microseconds) < now && Number(microseconds) > now - 60_000_000, microseconds);
  assert.deepEqual(again, ['READY=1', 'STATUS=watching by 2 rules']);

  run.kill('SIGTERM');
  assert.equal(await run.ended, 0);
  assert.deepEqual(manager.received.at(-1)?.lines, ['STOPPING=1', 'STATUS=stopping']);
});

test('the watchdog hears of it twice in its time; not while evaluation stands still', {
  timeout: 120_000,
}, async () => {
  writeFileSync(rules, RULE);
  const socket = `@wasprey-service-test-${process.pid}`;
  await using manager = await DatagramListener.start(socket);
  await using run = startRunIn({ NOTIFY_SOCKET: socket, WATCHDOG_USEC: '3000000' }, rules);
  await ready(run, manager);
  await run.until('WATCHDOG=1', () => manager.with('WATCHDOG=1')[3]);
  const times = manager.with('WATCHDOG=1').map(({ at }) => at);
  const gaps = times.slice(1).map((at, index) => at - (times[index] ?? at));
  assert.ok(Math.max(...gaps) < 3000, `a gap longer than the watchdog's time: ${gaps}`);

  const heldMs = HANGS_AFTER_MS + 6000;
  const held = performance.now();
  spawn(tamperProgram(), ['hold', String(workerThread(run.pid)), String(heldMs)]);
  await sleep(heldMs - 500);
  const heard = manager.with('WATCHDOG=1').map(({ at }) => at - held);
  // Its last sign before may be a second old.
  const last = Math.max(...heard);
  assert.ok(last > 0 && last < HANGS_AFTER_MS + 1000, `the last was heard ${last} ms after it stood still`);
  const status = manager.received.at(-1)?.lines;
  assert.match(`${status}`, /^STATUS=the engine has not responded for 1\d s$/);
  // It goes on when it can.
  await run.until('WATCHDOG=1 again', () => manager.with('WATCHDOG=1')[heard.length]);
});

test('a manager that takes nothing holds up neither the start nor the end', async () => {
  writeFileSync(rules, RULE);
  const socket = join(folder, 'full');
  await using manager = await DatagramListener.start(socket);
  manager.pause();
  await using run = startRunIn({ NOTIFY_SOCKET: socket, WATCHDOG_USEC: '4000' }, rules);
  await run.watches();
  // Meanwhile the queue of the socket fills: ten datagrams by default, 512 where systemd has started the machine.
  await sleep(3000);
  run.kill('SIGTERM');
  assert.equal(await run.ended, 0);
  manager.resume();
});

test('a manager that is not there is named once, and the agent goes on', async () => {
  writeFileSync(rules, RULE);
  const socket = join(folder, 'nowhere\u001b[31m');
  await using run = startRunIn({ NOTIFY_SOCKET: socket, WATCHDOG_USEC: '200000' }, rules);
  await run.watches();
  await sleep(1000);
  run.kill('SIGTERM');
  assert.equal(await run.ended, 0);
  const message = /the service manager can't be reached at .*nowhere\\u001b\[31m: ENOENT/g;
  assert.equal(run.stderr().match(message)?.length, 1, run.stderr());
});
