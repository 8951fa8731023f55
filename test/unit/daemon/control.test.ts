// The control socket and the commands that use it, with an agent that captures nothing.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, describe, test } from 'node:test';
import type { HooksKind } from '../../../host/capture/native.ts';
import { renderStatus } from '../../../host/cli/reports/status-report.ts';
import { renderTop } from '../../../host/cli/reports/top-report.ts';
import { askAgent, ControlError } from '../../../host/daemon/control/client.ts';
import { type ControlHost, ControlTakenError, startControlServer } from '../../../host/daemon/control/server.ts';
import type { AgentStatus } from '../../../host/daemon/control/status.ts';
import type { LogLevel } from '../../../host/diagnostics/log.ts';
import type { Terminal } from '../../../host/diagnostics/terminal.ts';
import { waspreyAside } from '../../support/command-line.ts';

const folder = mkdtempSync(join(tmpdir(), 'wasprey-control-'));
after(() => rmSync(folder, { recursive: true }));
let sockets = 0;
const newSocket = (): string => join(folder, `run${++sockets}`, 'control.sock');

const TERMINAL: Terminal = {
  print: () => {},
  say: () => {},
  color: false,
  interactive: false,
  width: 100,
  bold: (text) => text,
  alarm: (text) => text,
};

const REFUSED: AgentStatus['reloads'] = {
  succeeded: 0,
  failed: 1,
  lastFailure: { time: 1_700_000_005_000, reason: 'no such field' },
  isRefused: true,
};

const STATUS: AgentStatus = {
  version: '1.2.3',
  pid: 42,
  startedMs: 1_700_000_000_000,
  nowMs: 1_700_000_010_000,
  events: { produced: 1000, evaluated: 600, filtered: 400, dropped: 0 },
  images: { lost: 0, eventsWithout: 0 },
  ringHighWater: 0.25,
  lagMs: 1.25,
  eventsHeld: 2,
  setAside: [],
  rulesLeftOut: [],
  generation: 1,
  modules: [
    {
      name: 'rules',
      sha256: 'ab'.repeat(32),
      signedBy: ['0123456789abcdef'],
      rules: 2,
      evaluationMs: 12.4,
      inUseSince: 1_700_000_005_000,
    },
  ],
  reloads: { succeeded: 1, failed: 0, isRefused: false },
  rules: [
    { name: 'Quiet', module: 'rules', priority: 'Notice', alerts: 0, estimatedMs: 10 },
    { name: 'Loud \u001b[2J', module: 'rules', priority: 'Warning', alerts: 7, estimatedMs: 2.4 },
  ],
  alerts: 7,
  containers: {
    pending: 0,
    known: 3,
    unknown: 1,
    podsKnown: 2,
    podsUnknown: 0,
    failures: [
      { source: 'cri', kind: 'timeout', count: 4, reason: 'no answer', lastMs: 1_700_000_006_000, isLasting: true },
    ],
  },
  outputs: [{ name: 'stdout', counters: { written: 7, heldBack: 4, dropped: 0, errors: 0 } }],
  tampering: { present: [], total: 0 },
  hooks: { missing: [], needed: [], blindRules: [], isAllowed: false },
};

let level: LogLevel = 'info';
const HOST: ControlHost = {
  status: () => STATUS,
  reload: async () => ({ result: 'unchanged' }),
  logLevel: () => level,
  setLogLevel(other) {
    level = other;
  },
};

describe('connections of the control socket', () => {
  test('that ask for nothing keep nobody out', async () => {
    const path = newSocket();
    const server = await startControlServer(path, HOST);
    const idle = Array.from({ length: 100 }, () => connect(path).on('error', () => {}));
    await Promise.all(idle.map((socket) => once(socket, 'connect')));
    try {
      for (let i = 0; i < 5; i++) assert.deepEqual(await askAgent(path, 'GET', '/status', 5000), STATUS);
    } finally {
      for (const socket of idle) socket.destroy();
      await server.close();
    }
  });
});

describe('control socket', () => {
  test('is its owner’s alone, answers, and is gone when it is closed', async () => {
    const path = newSocket();
    const server = await startControlServer(path, HOST);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(join(path, '..')).mode & 0o777, 0o700);
    assert.deepEqual(await askAgent(path, 'GET', '/status', 1000), STATUS);
    assert.deepEqual(await askAgent(path, 'POST', '/reload', 1000), { result: 'unchanged' });
    await assert.rejects(askAgent(path, 'GET', '/reload', 1000), (error) => error instanceof ControlError);
    await server.close();
    await assert.rejects(askAgent(path, 'GET', '/status', 1000), hasCode('CONTROL_ABSENT'));
  });

  test('refuses other users, also where they may enter its folder', { skip: process.getuid?.() !== 0 }, async () => {
    const path = newSocket();
    const server = await startControlServer(path, HOST);
    try {
      for (const each of [folder, join(path, '..')]) chmodSync(each, 0o755);
      const program = `require('node:net').connect(${JSON.stringify(path)}).on('connect', () => process.exit(0)).on('error', ({ code }) => console.log(code))`;
      const child = spawn(process.execPath, ['-e', program], {
        uid: 65534,
        gid: 65534,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      assert.equal((await text(child.stdout)).trim(), 'EACCES');
    } finally {
      await server.close();
    }
  });

  test('one that a killed agent has left is taken over, one that is in use is not', async () => {
    const path = newSocket();
    const server = await startControlServer(path, HOST);
    await assert.rejects(startControlServer(path, HOST), ControlTakenError);
    assert.deepEqual(await askAgent(path, 'GET', '/status', 1000), STATUS, 'the first one goes on');
    await server.close();
    const script = "require('node:net').createServer().listen(process.argv[1], () => console.log('up'))";
    const killed = spawn(process.execPath, ['-e', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(killed.stdout, 'data');
    killed.kill('SIGKILL');
    await once(killed, 'close');
    assert.ok(statSync(path).isSocket());
    await (await startControlServer(path, HOST)).close();
  });

  test('a file that is not a socket stays, and no socket is made in its place', async () => {
    const path = join(folder, 'rules.yaml');
    writeFileSync(path, 'precious');
    await assert.rejects(startControlServer(path, HOST), { code: 'EADDRINUSE' });
    assert.equal(readFileSync(path, 'utf8'), 'precious');
  });

  test('a failure of the agent is an answer, and a path without an agent an error', async () => {
    const path = newSocket();
    const failing = await startControlServer(path, {
      ...HOST,
      status() {
        throw new Error('broken');
      },
    });
    await assert.rejects(askAgent(path, 'GET', '/status', 1000), /failed to answer: .*broken/);
    await failing.close();
    await assert.rejects(askAgent(folder, 'GET', '/status', 1000), (error) => error instanceof ControlError);
  });
});

const hasCode = (code: string) => (error: unknown) => error instanceof ControlError && error.code === code;

describe('commands', () => {
  test('status, for people and as JSON', async () => {
    const path = newSocket();
    const server = await startControlServer(path, HOST);
    const { status, stdout } = await waspreyAside('status', '-s', path);
    assert.equal(status, 0);
    assert.match(stdout, /^Wasprey 1\.2\.3, process 42, since 2023-11-14T22:13:20\+0000\n/);
    assert.match(stdout, /\n {2}rules +2 rules .* signed by 0123456789abcdef\n/);
    assert.match(stdout, /\n {2}pods found, since the start +2\n/);
    assert.match(stdout, /\n {2}cri: timeout +4, last at 2023-11-14T22:13:26\+0000: no answer; it still fails\n/);
    assert.match(stdout, /\n {2}output +written +held back +lost .*\n {2}stdout +7 +4 +0 /);
    assert.deepEqual(JSON.parse((await waspreyAside('status', '--json', '-s', path)).stdout), STATUS);
    assert.equal((await waspreyAside('reload', '-s', path)).stdout, 'nothing has changed\n');
    await server.close();
  });

  test('reload says why rules are refused', async () => {
    const path = newSocket();
    const server = await startControlServer(path, {
      ...HOST,
      reload: async () => ({ result: 'refused', reason: 'unknown field x\u001b' }),
    });
    const { status, stderr } = await waspreyAside('reload', '-s', path);
    assert.equal(status, 1);
    assert.equal(stderr, 'wasprey: the rules were refused: unknown field x\\u001b\n  the previous ones stay in use\n');
    await server.close();
  });

  test('log-level shows and sets the level, and knows which there are', async () => {
    const path = newSocket();
    const server = await startControlServer(path, HOST);
    assert.equal((await waspreyAside('log-level', '-s', path)).stdout, 'info\n');
    assert.equal((await waspreyAside('log-level', 'debug', '-s', path)).stdout, 'debug (it was info)\n');
    assert.equal(level, 'debug');
    assert.equal((await waspreyAside('log-level', 'informational', '-s', path)).stdout, 'info (it was debug)\n');
    assert.deepEqual(await waspreyAside('log-level', 'debugg', '-s', path), {
      status: 2,
      stdout: '',
      stderr: 'wasprey: unknown level debugg\n  did you mean debug?\n  see: wasprey log-level --help\n',
    });
    await assert.rejects(askAgent(path, 'POST', '/log-level/loud', 1000), /unknown request POST \/log-level\/loud/);
    assert.equal(level, 'info');
    await server.close();
  });

  test('without an agent, or without the right to ask it, says so', async () => {
    const absent = await waspreyAside('status', '-s', join(folder, 'nothing.sock'));
    assert.equal(absent.status, 1);
    assert.match(absent.stderr, /no agent listens on .*nothing\.sock \[CONTROL_ABSENT\]\n {2}an agent has one when/);
    const path = join(folder, 'file');
    writeFileSync(path, '');
    chmodSync(path, 0);
    assert.equal((await waspreyAside('top', '-s', path)).status, 1);
  });

  test('top shows what changed between two looks', () => {
    const later: AgentStatus = {
      ...STATUS,
      nowMs: STATUS.nowMs + 2000,
      events: { produced: 3000, evaluated: 1600, filtered: 1400, dropped: 0 },
      rules: STATUS.rules.map((rule, index) => ({
        ...rule,
        alerts: rule.alerts + index,
        estimatedMs: rule.estimatedMs + 1 + index,
      })),
    };
    const lines = renderTop(STATUS, later, 'cost', 10, TERMINAL).trimEnd().split('\n');
    assert.deepEqual(lines, [
      'events a second: 1,000 produced, 500 evaluated, 500 filtered, 0 dropped',
      'evaluation: 0.15 % of a core, by 2 rules',
      '',
      '  cost       of all  alerts  total  rule',
      '  1000 us/s  67 %    1       8      Loud \\u001b[2J',
      '  500 us/s   33 %    0       0      Quiet',
    ]);
    assert.match(renderTop(STATUS, later, 'alerts', 1, TERMINAL), /Loud/);
    assert.match(
      renderTop({ ...STATUS, pid: 1 }, later, 'alerts', 1, TERMINAL),
      / 8 +8 +Loud/,
      'an agent that began anew',
    );
  });

  test('the hooks of system calls, and what they do not see', () => {
    const hooksShown = (calls?: HooksKind): string =>
      renderStatus({ ...STATUS, hooks: { ...STATUS.hooks, ...(calls && { calls }) } }, TERMINAL).text;
    assert.match(
      hooksShown('fexit'),
      /\nHooks\n {2}system calls {2}fexit, .*\n {2}not seen {6}calls that seccomp .*\n/,
    );
    assert.match(hooksShown('sys_exit'), /\nHooks\n {2}system calls {2}sys_exit, .*\n(?! {2}not seen)/);
    assert.doesNotMatch(hooksShown(), /\nHooks\n/);
  });

  test('what is wrong comes first', () => {
    const { text, isWell } = renderStatus(
      {
        ...STATUS,
        events: { ...STATUS.events, dropped: 3 },
        images: { lost: 5, eventsWithout: 2, last: { from: 1000, to: 3000, images: 5, events: 2 } },
        reloads: REFUSED,
        outputs: [{ name: 'http', counters: { written: 0, dropped: 2, errors: 9 } }],
        tampering: {
          present: ['the hook a was detached'],
          total: 4,
          last: { timeMs: 1_700_000_005_000, text: 'the kernel filter was removed' },
        },
      },
      TERMINAL,
    );
    assert.equal(isWell, false);
    assert.match(
      text,
      /Trouble\n {2}tampered with: the hook a was detached\n {2}the capture was tampered with \(4 findings\), last at 2023-11-14T22:13:25\+0000: the kernel filter was removed\n {2}3 events were dropped\n {2}5 records of processes lost, 2 events evaluated without a process, from \S+ to \S+\n {2}2 alerts for http were lost\n {2}a change was refused at 2023-11-14T22:13:25\+0000: no such field\n/,
    );
    const hook: AgentStatus['hooks']['missing'][number] = {
      hook: 'io_uring_submit_req',
      program: 'on_request',
      reason: 'tracepoint-missing',
      detail: 'ENOENT: No such file or directory',
      blinds: ['openat'],
      ways: ['io_uring'],
    };
    const missingIoUringOperations = ['BIND', 'LISTEN'];
    const lacks = { missingIoUringOperations, hasDirectReads: false };
    const blind = { missing: [hook], needed: [hook], blindRules: ['Loud'], ...lacks, isAllowed: false };
    const hooks = renderStatus({ ...STATUS, hooks: blind }, TERMINAL);
    assert.equal(hooks.isWell, false);
    assert.match(hooks.text, /Trouble\n {2}1 rule can't see all its events: the kernel lacks hooks\n/);
    assert.match(
      hooks.text,
      /\nNot in this kernel\n {2}on_request {2}the kernel has no tracepoint io_uring_submit_req for the program on_request: not all io_uring requests for openat are captured\n {2}io_uring {4}the kernel's io_uring lacks BIND, LISTEN: no process can use them\n {2}reads {7}the kernel lacks bpf_rdonly_cast: .*\n/,
    );
    const accepted = renderStatus({ ...STATUS, hooks: { ...blind, isAllowed: true } }, TERMINAL);
    assert.equal(accepted.isWell, true);
    assert.match(accepted.text, /\n {2}accepted {4}1 rule can't see all its events\n/);
    const restored = renderStatus({ ...STATUS, reloads: { ...REFUSED, isRefused: false } }, TERMINAL);
    assert.equal(restored.isWell, true, 'what was refused is gone');
  });
});
