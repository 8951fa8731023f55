// Rules are replaced a hundred times while system calls come as fast as they can: each is evaluated once, by the rules before or after.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { openSync } from 'node:fs';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Agent, startAgent } from '../../host/agent/agent.ts';
import type { RuleModule } from '../../host/agent/modules/rule-module.ts';
import { DEFAULT_SIZES } from '../../host/capture/sizes.ts';
import type { Alert } from '../../host/outputs/alert.ts';
import type { Output } from '../../host/outputs/output.ts';
import { findEventType } from '../../host/schema/events/index.ts';
import { directoryForTests } from '../support/directory.ts';
import { act, copyAct, type Step, startAct, str } from '../support/live/live-act.ts';
import { AF_INET, SOCK_DGRAM } from '../support/live/live-numbers.ts';
import { moduleOf } from '../support/records/built-agent.ts';
import { until } from '../support/until.ts';

const NUMBERED = '/nonexistent/hot-load/';
const SWAPS = 100;
/** Numbered calls in a millisecond: each is an alert, and none may be dropped. */
const AT_ONCE = 5;
const PATIENCE_MS = 20_000;
/** Calls of the storm in a row, about a second's. */
const ROUND = 1_000_000;

/** Name of the program that storms: `proc.name`. */
const STORM = 'hot-load-storm';
/** Calls like those of the storm by another program, and at least so many that it makes. */
const BYSTANDER_CALLS = 38;

/** Rules that report each numbered open, and calls of the storm's type by other programs. */
function rules(name: string, more = ''): Promise<RuleModule> {
  return moduleOf(
    `
- rule: ${name}
  desc: for a test
  condition: evt.type = openat and evt.arg.name startswith ${NUMBERED} and proc.pid > 0
  output: "%evt.arg.name %proc.pname"
  priority: INFO
- rule: Bystander
  desc: for a test
  condition: evt.type = umount2 and not proc.name = ${STORM}
  output: "%proc.name"
  priority: INFO
${more}`,
    name,
  );
}

const MKDIR = `
- rule: Folder
  desc: for a test
  condition: evt.type in (mkdir, mkdirat) and evt.arg.path startswith ${NUMBERED}
  output: "%evt.arg.path"
  priority: INFO
`;

/** A call that nothing else on the machine makes: each one counts. */
const HANDLER = `
- rule: Handler
  desc: for a test
  condition: evt.type = userfaultfd and proc.name = act
  output: fault handler
  priority: INFO
`;

/** Of the first datagram to a peer. */
const SENDS = `
- rule: Handler
  desc: for a test
  condition: evt.type = sendto and proc.name = act and fd.sip = 127.0.0.2
  output: datagram
  priority: INFO
`;

class Watcher implements Output {
  readonly name = 'hot-load test';
  /** The rules that reported each number. */
  readonly seen: string[][] = [];
  readonly folders: string[] = [];
  handlers = 0;
  bystanders = 0;

  write({ rule, message }: Alert): void {
    const [path = ''] = message.split(' ');
    if (rule === 'Folder') this.folders.push(path);
    else if (rule === 'Handler') this.handlers++;
    else if (rule === 'Bystander') this.bystanders++;
    else if (path.startsWith(NUMBERED)) this.#list(Number(path.slice(NUMBERED.length))).push(rule);
  }

  #list(number: number): string[] {
    const list = this.seen[number] ?? [];
    this.seen[number] = list;
    return list;
  }

  get counters() {
    return { written: 0, dropped: 0, errors: 0 };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function attempt(work: () => void): void {
  assert.throws(work, { code: 'ENOENT' });
}

function start(module: RuleModule, watcher: Watcher, kernelFilter: boolean): Promise<Agent> {
  return startAgent({
    modules: [module],
    outputs: [watcher],
    kernelFilter,
    sizes: { ...DEFAULT_SIZES, ringBudget: 64 << 20 },
    onEnd: (error) => assert.fail(error.message),
  });
}

/**
 * Keeps this thread on one processor. The rings of two may be read at different speeds under a storm, so that of two calls by a thread
 * that changes between them the later one may be evaluated first, even with a replacement in between.
 */
function stayOnOneProcessor(): void {
  const { status, stderr } = spawnSync('taskset', ['--cpu-list', '--pid', '0', `${process.pid}`], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const program = copyAct(directoryForTests(), STORM);

for (const kernelFilter of [false, true]) {
  test(`a storm, ${SWAPS} replacements, ${kernelFilter ? 'with' : 'without'} the kernel filter: no event is lost, none seen twice`, async (t) => {
    stayOnOneProcessor();
    const [even, odd] = [await rules('Even'), await rules('Odd')];
    const watcher = new Watcher();
    const agent = await start(even, watcher, kernelFilter);
    t.after(() => agent.stop());
    let calls = 0;
    let isOver = false;
    let stormed = 0;
    let stormNs = 0n;
    // What the kernel refuses at once: each one counts.
    const unmount: Step = ['umount2', str(''), -1];
    const storm = (async () => {
      for (; !isOver; stormed += ROUND) {
        const [loop] = await act([['@loop', ROUND], unmount], { program });
        assert.equal(loop?.failures, ROUND);
        stormNs += loop.after - loop.before;
      }
    })();
    const numbered = (async () => {
      for (; !isOver; await sleep(1)) {
        for (let call = 0; call < AT_ONCE; call++, calls++) attempt(() => openSync(`${NUMBERED}${calls}`, 'r'));
      }
    })();
    await act([['@loop', BYSTANDER_CALLS], unmount]);
    for (let swap = 1; swap <= SWAPS; swap++) {
      // Several modules now and then: their candidates lie elsewhere.
      await agent.replaceRules(swap % 2 === 0 ? [even] : swap % 5 === 0 ? [await rules('Neither', MKDIR), odd] : [odd]);
      // Numbers from now on are these rules' to see.
      const now = calls;
      await until(() => watcher.seen.length > now, PATIENCE_MS);
    }
    isOver = true;
    await Promise.all([numbered, storm]);
    await agent.stop();
    const { engine, rules: summary, alerts } = agent.summary();
    assert.ok(engine);
    assert.equal(summary.generation, SWAPS);
    assert.equal(summary.reloads.succeeded, SWAPS);
    const { produced, evaluated, filtered, dropped, missedRuns } = engine.capture;
    assert.equal(sum(evaluated) + sum(filtered) + sum(dropped), sum(produced), 'the counters add up');
    const { number } = findEventType('umount2') ?? assert.fail();
    const counted = [evaluated, filtered, dropped].map((totals) => totals[number] ?? 0);
    t.diagnostic(
      `${Math.round(stormed / (Number(stormNs) / 1e6))} k/s, evaluated, filtered, dropped: ${counted}; others: ${watcher.bystanders}`,
    );
    // A call that is missing was counted as missed, and none was counted twice. Others on the machine may make such calls, of which
    // those that were dropped told nobody.
    const { bystanders } = watcher;
    assert.ok(bystanders >= BYSTANDER_CALLS, `${bystanders} calls of others`);
    const missing = stormed + bystanders - sum(counted);
    const untold = (dropped[number] ?? 0) + engine.matchesDropped;
    assert.ok(
      missing >= -untold && missing <= missedRuns,
      `${stormed} calls, ${bystanders} of others, ${counted} counted, ${missedRuns} missed`,
    );
    // Of what the rings had no room for, and the kernel counted, any number may be missing; nothing else may.
    const lost = sum(dropped) + missedRuns + engine.matchesDropped;
    const told = watcher.seen.flat().length;
    assert.equal(told, alerts.alerts - watcher.folders.length - bystanders);
    assert.ok(calls - told <= lost, `${calls} calls, ${told} alerts, ${lost} counted as dropped`);
    const twice = watcher.seen.findIndex((list) => list !== undefined && list.length > 1);
    assert.equal(twice, -1, `number ${twice} was seen by ${watcher.seen[twice]}`);
    // Each set has had its turn, one after the other: the first match of the two modules is Neither's.
    const turns = watcher.seen.flat().filter((rule, index, all) => rule !== all[index - 1]);
    assert.equal(turns.length, SWAPS + 1, turns.slice(0, 20).join());
  });
}

describe('what other rules need', () => {
  test('is attached before they take over, and detached after others did', async (t) => {
    const [opens, handlers] = [await rules('Opens'), await rules('Opens too', HANDLER)];
    const watcher = new Watcher();
    const agent = await start(opens, watcher, true);
    t.after(() => agent.stop());
    const type = findEventType('userfaultfd')?.number ?? assert.fail();
    const handleFaults = () => act([['userfaultfd', -1]]);
    const produced = (): number => {
      const { evaluated, filtered } = agent.summary().engine?.capture ?? { evaluated: [], filtered: [] };
      return (evaluated[type] ?? 0) + (filtered[type] ?? 0);
    };
    for (let round = 1; round <= 3; round++) {
      await agent.replaceRules([handlers]);
      await handleFaults();
      await until(() => watcher.handlers === round, PATIENCE_MS);
      await agent.replaceRules([opens]);
      const before = produced();
      await handleFaults();
      attempt(() => openSync(`${NUMBERED}${round}`, 'r'));
      await until(() => watcher.seen[round] !== undefined, PATIENCE_MS);
      await until(() => produced() >= before, PATIENCE_MS);
      assert.equal(watcher.handlers, round);
    }
    await agent.stop();
    assert.equal(produced(), 3, 'of the calls that were made while no rule was about them, none was captured');
  });

  test('includes datagrams to peers that a socket had before', async (t) => {
    const [sends, others] = [await rules('Sends', SENDS), await rules('Other sends', SENDS)];
    const watcher = new Watcher();
    const agent = await start(sends, watcher, true);
    t.after(() => agent.stop());
    const send: Step = ['sendto', 3, str('data'), 4, 0, 'in:127.0.0.2:9', 'len'];
    const running = startAct([['socket', AF_INET, SOCK_DGRAM, 0], send, send, ['@wait'], send, send]);
    await running.place();
    await until(() => watcher.handlers === 1, PATIENCE_MS);
    await agent.replaceRules([others]);
    // Their hooks, and then the filter, change once they have taken over.
    await sleep(500);
    running.goOn();
    await running.end();
    await until(() => watcher.handlers === 2, PATIENCE_MS);
    await agent.stop();
    assert.equal(watcher.handlers, 2);
  });

  test('a kernel filter that is replaced drops nothing that the next rules are about', async (t) => {
    const watcher = new Watcher();
    const agent = await start(
      await moduleOf(MKDIR.replaceAll('Folder', 'Other').replaceAll(NUMBERED, '/other/')),
      watcher,
      true,
    );
    t.after(() => agent.stop());
    await agent.replaceRules([await rules('Opens')]);
    attempt(() => openSync(`${NUMBERED}1`, 'r'));
    attempt(() => openSync('/nonexistent/other', 'r'));
    await until(() => watcher.seen[1] !== undefined, PATIENCE_MS);
    await agent.stop();
    const opens = findEventType('openat')?.number ?? assert.fail();
    assert.ok((agent.summary().engine?.capture.filtered[opens] ?? 0) > 0, 'the new filter is in use');
  });
});
