// Whoever has root's rights can reach into a running agent: each way is done for real, and is refused, or reported within 5 s. The
// last part of EVASIONS.md is the list.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROJECT } from '../../host/setup/paths.mjs';
import { wasprey } from '../support/command-line.ts';
import { directoryForTests } from '../support/directory.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { bpftool, MARKED_RULE, OTHER_CALLS, TAMPERED, TamperedAgent, tamper } from '../support/live/live-tamper.ts';
import { probe } from '../support/live/probe.ts';
import { openRule } from '../support/live/rules-file.ts';
import type { RunAlert } from '../support/live/run-process.ts';
import { until } from '../support/until.ts';

const directory = directoryForTests();
const marked = join(directory, 'marked');
const rules = join(directory, 'rules.yaml');
const control = join(directory, 'run', 'control.sock');
/** Offsets in struct capture_shared and struct ring_control (native/bpf/ring.h). */
const FINISHED = 4;
const CLOCK_OFFSET = 8;
const NEXT_IMAGE = 16;
const WANTED = 40;
const HEAD = 0;
const TAIL = 8;
const CALLS = 56;
const OPENAT = 257;

/** Key of on_open() in the map `programs`. */
function slotOfOpen(): number {
  const hooks = readFileSync(join(PROJECT, 'native/bpf/hooks.h'), 'utf8');
  const slots: readonly string[] = /enum program_slot \{([^}]*)\}/.exec(hooks)?.[1]?.match(/\w+/g) ?? [];
  const slot = slots.indexOf('SLOT_OPEN');
  assert.ok(slot > 0, 'hooks.h names the slot');
  return slot;
}

writeFileSync(rules, openRule({ name: MARKED_RULE, path: marked, output: 'opened %fd.name' }) + OTHER_CALLS);

const start = (...words: readonly string[]): Promise<TamperedAgent> =>
  TamperedAgent.start(rules, '-o', 'control.enabled=true', '-o', `control.socket=${control}`, ...words);

/** The agent still sees what it is for. */
const assertSees = (agent: TamperedAgent, name: string): Promise<void> => agent.sees(`${marked}-${name}`);

/** The sentence of an alert, and whether it is one as Falco makes its own. */
function told(alert: RunAlert): string {
  assert.equal(alert.priority, 'Critical');
  assert.equal(alert.source, 'internal');
  const [, sentence = ''] = new RegExp(`${TAMPERED}: (.*)$`).exec(alert.output) ?? [];
  return sentence;
}

describe('an agent that is left alone', () => {
  test('raises no alert of the calls that it makes to see that they come', async () => {
    // No thread of Node makes these.
    const what = probe(['dup', 'rename'], ['evt.failed'], 'evt.failed = true');
    const agent = await LiveAgent.start([what.rule], { kernelFilter: false });
    try {
      const { matchesOfSelf } = agent.counters;
      await until(() => agent.counters.matchesOfSelf >= matchesOfSelf + 4);
      const own = agent.alerts(what.name, { 'proc.vpid': BigInt(process.pid), 'thread.ismain': false });
      assert.deepEqual(
        own.map(({ output }) => output),
        [],
      );
    } finally {
      await agent.stop();
    }
  });
});

describe('what the kernel refuses, or what has no effect', () => {
  let agent: TamperedAgent;
  before(async () => {
    agent = await start();
  });
  after(() => agent.stop());

  test('links can not be detached by their ids', () => {
    for (const { id } of agent.links) {
      const { done, said } = bpftool('link', 'detach', 'id', id);
      assert.ok(!done && /not supported/.test(said), said);
    }
  });

  test('maps that only BPF programs write to are frozen', () => {
    // The kernel keeps 15 bytes of a name.
    const frozen = [
      'images',
      'orphaned_images',
      'user_shares',
      'ring_shares',
      'known_peers',
      'requests',
      'receives',
      'remembered_pass',
      'remembered_reso',
    ];
    for (const name of frozen) {
      assert.match(bpftool('map', 'show', 'id', agent.map(name).id).said, /frozen/, name);
    }
    const { done, said } = bpftool('map', 'delete', 'id', agent.map('orphaned_images').id, 'key', 0, 0, 0, 0);
    assert.ok(!done && /not permitted/.test(said), said);
  });

  test('tracefs does not stop hooks', async () => {
    const events = '/sys/kernel/tracing/events/raw_syscalls/sys_exit/enable';
    if (existsSync(events)) writeFileSync(events, '0');
    await assertSees(agent, 'disabled');
    assert.deepEqual(agent.told, []);
  });
});

describe('what is written to a map is reported and put back', () => {
  let agent: TamperedAgent;
  before(async () => {
    agent = await start();
  });
  after(() => agent.stop());

  const write = (map: string, offset: number, hex: string) => () => tamper('write', agent.map(map).id, offset, hex);

  test('the kernel filter taken away', async () => {
    const { id } = agent.map('filters');
    const lookup = () => bpftool('-j', 'map', 'lookup', 'id', id, 'key', 0, 0, 0, 0).said;
    const whole = lookup();
    const alert = await agent.alertOf(/kernel filter was removed/, () => {
      assert.ok(bpftool('map', 'delete', 'id', id, 'key', 0, 0, 0, 0).done);
    });
    assert.equal(told(alert), 'the kernel filter was removed, and was restored.');
    assert.equal(lookup(), whole);
  });

  test('the kernel filter replaced by one that drops everything', async () => {
    const filter = agent.map('kernel_filter').id;
    const { bytes_value: bytes } = JSON.parse(bpftool('-j', 'map', 'show', 'id', filter).said) as {
      bytes_value: number;
    };
    const alert = await agent.alertOf(/replaced/, () => tamper('map', agent.map('filters').id, 0, bytes));
    assert.match(told(alert), /^the kernel filter was replaced by the map \d+, and was restored\.$/);
    await assertSees(agent, 'filter-replaced');
  });

  test('its tables', async () => {
    const alert = await agent.alertOf(/tables/, write('kernel_filter', 0, '00'.repeat(2048)));
    assert.equal(told(alert), 'the tables of the kernel filter were changed, and were restored.');
    await assertSees(agent, 'tables');
  });

  test('what it knows of processes', async () => {
    const filter = agent.map('kernel_filter').id;
    const { bytes_value: bytes } = JSON.parse(bpftool('-j', 'map', 'show', 'id', filter).said) as {
      bytes_value: number;
    };
    const alert = await agent.alertOf(/data on \d+ processes/, write('kernel_filter', bytes - 64, 'ff'));
    assert.equal(told(alert), "the kernel filter's data on 1 processes was changed, and was restored.");
  });

  test('which calls, and types of events, are reported', async () => {
    const alert = await agent.alertOf(/list of captured events/, () => {
      write('control', WANTED, '00'.repeat(16))();
      write('control', CALLS + 4 * OPENAT, '00000000')();
    });
    assert.equal(told(alert), 'the list of captured events was changed, and was restored.');
    await assertSees(agent, 'calls');
  });

  test('a program taken out of its table', async () => {
    const alert = await agent.alertOf(/removed from its table/, () => {
      const { done, said } = bpftool('map', 'delete', 'id', agent.map('programs').id, 'key', slotOfOpen(), 0, 0, 0);
      assert.ok(done, said);
    });
    assert.equal(told(alert), 'the program on_open was removed from its table, and was restored.');
    await assertSees(agent, 'program');
  });

  test('that no more events are to be made', async () => {
    const alert = await agent.alertOf(/capture in the kernel was ended/, write('control', FINISHED, '01000000'));
    assert.equal(told(alert), 'the capture in the kernel was ended, and was resumed.');
    await assertSees(agent, 'finished');
  });

  test('the clock of events', async () => {
    const alert = await agent.alertOf(/clock of events/, write('control', CLOCK_OFFSET, '00'.repeat(8)));
    assert.match(told(alert), /^the clock of events was moved by \d+ ms, and was restored\.$/);
  });

  test("the reader's place in a ring", async () => {
    const alert = await agent.alertOf(/position in a ring/, write('ring_control', TAIL, 'ffffffffffff0000'));
    assert.equal(told(alert), "the reader's position in a ring was changed, and was restored.");
  });

  test('the numbers of processes, which can not be put back', async () => {
    const alert = await agent.alertOf(/ids of process images/, write('control', NEXT_IMAGE, '00'.repeat(8)));
    assert.equal(
      told(alert),
      'the ids of process images were set back, so that processes may be confused. Restart the agent to restore its capture.',
    );
  });
});

const STOPPED_MS = 3000;

/** It has stood still from `began` until between when it was let go on, and now: it is reported in tenths of a second. */
function assertStoppedFor(seconds: number, began: number): void {
  const ms = seconds * 1000;
  assert.ok(ms > STOPPED_MS - 100 && ms < performance.now() - began + 100, `${seconds} s`);
}

describe('what keeps the agent from running', () => {
  let agent: TamperedAgent;
  before(async () => {
    agent = await start();
  });
  after(() => agent.stop());

  test('SIGSTOP and SIGCONT', async () => {
    const began = performance.now();
    agent.run.kill('SIGSTOP');
    await sleep(STOPPED_MS);
    const alert = await agent.alertOf(/stopped by a signal/, () => agent.run.kill('SIGCONT'));
    const [, seconds] =
      /^the agent was stopped by a signal for (\d+\.\d) s; events of that time were evaluated late, (?:none was|\d+ were) dropped\.$/.exec(
        told(alert),
      ) ?? assert.fail(told(alert));
    assertStoppedFor(Number(seconds), began);
  });

  test('the freezer of control groups, which sends no signal', async (t) => {
    const freezer = makeFreezer();
    if (!freezer) {
      t.skip('this machine has no freezer');
      return;
    }
    try {
      const began = performance.now();
      freezer.freeze(agent.pid);
      await sleep(STOPPED_MS);
      const alert = await agent.alertOf(/did not run/, () => freezer.thaw());
      const [, seconds] =
        /^the agent did not run for (\d+\.\d) s although it was runnable and not waiting for a CPU: it was frozen, stopped by a debugger, or the machine was paused; events of that time were evaluated late, (?:none was|\d+ were) dropped\.$/.exec(
          told(alert),
        ) ?? assert.fail(told(alert));
      assertStoppedFor(Number(seconds), began);
    } finally {
      await freezer.remove();
    }
  });

  test('a debugger that attaches', async () => {
    const alert = await agent.alertOf(/traces the agent/, () => tamper('hold', agent.pid, 2500));
    assert.match(told(alert), /^the process \d+ \(tamper\) traces the agent|^the process \d+ traces the agent/);
  });

  test('the thread that evaluates stopped alone', async () => {
    const thread = agent.workerThread;
    const tool = join(PROJECT, 'build/test/tamper');
    const alert = await agent.alertOf(/thread/, () => void spawn(tool, ['hold', String(thread), '5000']));
    assert.equal(told(alert), 'the evaluating thread is stopped. Restart the agent to restore its capture.');
  });
});

describe('what is taken away and stays so', () => {
  test('a link closed in the agent: reported by the link, by calls that are not seen, and by wasprey status', async () => {
    const agent = await start();
    try {
      const calls = agent.link('sys_exit');
      const alert = await agent.alertOf(/was detached/, () => tamper('close', agent.pid, calls.fd));
      assert.match(
        told(alert),
        /^the hook on_call on sys_exit was detached(; .*)?\. Restart the agent to restore its capture\.$/,
      );
      if (agent.told.every(({ output }) => !/calls are no longer captured/.test(output)))
        await agent.alertOf(/openat calls are no longer captured/, () => {});
      const before = agent.told.length;
      await sleep(3000);
      assert.equal(agent.told.length, before, 'each is reported once');
      const status = wasprey('status', '--socket', control);
      assert.match(status.stdout, /tampered with: the hook on_call on sys_exit was detached\n/);
      assert.match(status.stdout, /the capture was tampered with \(\d+ findings\), last at /);
      assert.equal(status.status, 1);
    } finally {
      await agent.stop();
    }
  });

  test('a table of programs closed in the agent, which empties it', async () => {
    const agent = await start();
    try {
      const alert = await agent.alertOf(/programs/, () => tamper('close', agent.pid, agent.map('programs').fd));
      assert.match(told(alert), /the map programs of the agent was closed or replaced/);
    } finally {
      await agent.stop();
    }
  });

  test('a ring that can not be read any more', async () => {
    const agent = await start();
    try {
      const alert = await agent.alertOf(/ring/, () =>
        tamper('write', agent.map('ring_control').id, HEAD, 'f0ffffff00000000'),
      );
      assert.match(told(alert), /the ring of CPU 0 can no longer be read/);
    } finally {
      await agent.stop();
    }
  });
});

interface Freezer {
  freeze(pid: number): void;
  thaw(): void;
  remove(): Promise<void>;
}

/** A control group that can be frozen, of whichever version the machine has. */
function makeFreezer(): Freezer | undefined {
  const name = `wasprey-tampering-${process.pid}`;
  const [root, file, frozen, thawed] = existsSync('/sys/fs/cgroup/freezer/cgroup.procs')
    ? ['/sys/fs/cgroup/freezer', 'freezer.state', 'FROZEN', 'THAWED']
    : ['/sys/fs/cgroup', 'cgroup.freeze', '1', '0'];
  const group = join(root, name);
  try {
    mkdirSync(group);
  } catch {
    return undefined;
  }
  let held = 0;
  return {
    freeze(pid) {
      held = pid;
      writeFileSync(join(group, 'cgroup.procs'), String(pid));
      writeFileSync(join(group, file), frozen);
    },
    thaw: () => writeFileSync(join(group, file), thawed),
    async remove() {
      writeFileSync(join(group, file), thawed);
      if (held !== 0) writeFileSync(join(root, 'cgroup.procs'), String(held));
      await sleep(100);
      rmdirSync(group);
    },
  };
}
