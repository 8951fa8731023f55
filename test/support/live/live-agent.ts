// The whole product, live: an agent with the rules that a test gives, the alerts that come of it, and the counters.

import assert from 'node:assert/strict';
import { unlinkSync } from 'node:fs';
import { after, before } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { EngineCounters } from '../../../host/engine/messages/protocol.ts';
import { type AlertLine, assertFields, type ExpectedFields, hasFields, parseAlert, show } from './alert-line.ts';
import { CPUS } from './cpus.ts';
import { act, type Call, type Step, str } from './live-act.ts';
import { AT_FDCWD } from './live-numbers.ts';
import { type ProductOptions, type RunningProduct, startProduct } from './live-product.ts';
import { type Probe, probe } from './probe.ts';
import { TIME_FACTOR, widened } from './time-factor.ts';

/** Files that never are: deleting one makes an event that shows where the stream of events is. arm64 has unlinkat(2) alone. */
const FENCES = '/nonexistent/wasprey-fence-';
/** Numbers of the agents that are not stopped. */
const numbers = new Set<number>();
const FENCE_RULE = 'live test fence';
const PATIENCE_MS = 10_000 * TIME_FACTOR;
const LOOK_AGAIN_MS = 5;
const CLOCK_SLACK = widened(20_000_000n);

/** A call as act reported it, and as the product did. */
export interface Observed {
  readonly call: Call;
  readonly alert: AlertLine;
}

/** Performs steps of act, on this machine or in a container. */
export type RunSteps = (steps: readonly Step[]) => Promise<Call[]>;

/** Performs the steps; the event of each call that the probe is for, in order, has the fields expected of it. */
export type CheckSteps = (
  steps: readonly Step[],
  expected: readonly ExpectedFields[],
  run?: RunSteps,
) => Promise<Observed[]>;

export class LiveAgent {
  #product: RunningProduct | undefined;
  readonly #alerts: AlertLine[] = [];
  readonly #fences = new Map<string, () => void>();
  /** Each agent has its own: several may run, and see each other's. */
  readonly #number = freeNumber();
  readonly #fence = `${FENCES}${this.#number}-`;
  #fenceCount = 0;
  readonly #options: ProductOptions;

  private constructor(options: ProductOptions) {
    this.#options = options;
  }

  /** Compiles the rules, one text a file; loads the BPF programs; waits until events come. */
  static async start(rules: readonly string[], options: ProductOptions = {}): Promise<LiveAgent> {
    const agent = new LiveAgent(options);
    await agent.#start(rules);
    return agent;
  }

  /**
   * An agent for the tests of a file, or of a suite, that calls this: it starts before the first test and stops after the last.
   * @param rules asked for just before the start, if it is a function
   */
  static forTests(rules: readonly string[] | (() => readonly string[]), options: ProductOptions = {}): LiveAgent {
    const agent = new LiveAgent(options);
    before(() => agent.#start(typeof rules === 'function' ? rules() : rules));
    after(() => agent.stop());
    return agent;
  }

  async #start(rules: readonly string[]): Promise<void> {
    try {
      await this.#startProduct(rules);
    } catch (error) {
      numbers.delete(this.#number);
      throw error;
    }
  }

  async #startProduct(rules: readonly string[]): Promise<void> {
    const names = ['evt.arg.path', 'evt.arg.name'] as const;
    const condition = names.map((name) => `${name} startswith ${this.#fence}`).join(' or ');
    const fence = probe(['unlink', 'unlinkat'], names, `(${condition})`);
    const texts = [fence.rule.replace(fence.name, FENCE_RULE), ...rules];
    const files = texts.map((text, index) => ({ name: `${index}.yaml`, text }));
    this.#product = await startProduct(files, this.#options, (line) => this.#take(line));
    await this.settled();
  }

  #take(line: string): void {
    const { keep = () => true } = this.#options;
    if (!keep(line) && !line.includes(this.#fence)) return;
    const alert = parseAlert(line);
    const { 'evt.arg.path': path, 'evt.arg.name': name } = alert.output_fields;
    if (alert.rule !== FENCE_RULE) this.#alerts.push(alert);
    else this.#fences.get(String(path ?? name))?.();
  }

  /**
   * Waits until all events before now have been evaluated and their alerts are here. Those of a new container come when its runtimes have
   * answered, or their time is over, and so do events that wait for the answer: behind a further fence.
   */
  async settled(): Promise<void> {
    for (;;) {
      const { answered } = this.#lookUps();
      await this.#passFences();
      const after = this.#lookUps();
      if (after.pending === 0 && after.answered === answered) return;
      while (this.#lookUps().pending > 0) await pause(LOOK_AGAIN_MS);
    }
  }

  /**
   * The same when a load may have left a ring with more to read than one batch takes of it, while another CPU's is nearly empty: a fence
   * is only behind all events of its own CPU.
   */
  async settledOnAllCpus(): Promise<void> {
    for (const cpu of CPUS) {
      await this.#passFence((path) =>
        act([
          ['@cpu', cpu],
          ['unlinkat', AT_FDCWD, str(path), 0],
        ]),
      );
    }
    await this.settled();
  }

  #lookUps(): { readonly pending: number; readonly answered: number } {
    const { pending, known, unknown } = this.product.summary().containers;
    return { pending, answered: known + unknown };
  }

  /**
   * The heads of the rings are read one after the other, so that an event of another CPU may come a batch later than the fence; the third
   * fence is behind it unless a load has filled the other ring.
   */
  async #passFences(): Promise<void> {
    for (let round = 0; round < 3; round++) {
      await this.#passFence((path) => assert.throws(() => unlinkSync(path), { code: 'ENOENT' }));
    }
  }

  /** @param unlink deletes a file that is not there */
  async #passFence(unlink: (path: string) => unknown): Promise<void> {
    const path = `${this.#fence}${process.pid}-${this.#fenceCount++}`;
    const passed = Promise.withResolvers<void>();
    const late = (): Error =>
      new Error(`no alert of the fence ${path} within ${PATIENCE_MS} ms; ${this.#product?.state()}`);
    const timer = setTimeout(() => passed.reject(late()), PATIENCE_MS);
    this.#fences.set(path, passed.resolve);
    try {
      await Promise.all([unlink(path), passed.promise]);
    } finally {
      clearTimeout(timer);
      this.#fences.delete(path);
    }
  }

  /** Alerts of a rule so far, oldest first; only those whose fields are as in `where`. */
  alerts(rule: string, where: ExpectedFields = {}): AlertLine[] {
    return this.#alerts
      .filter((alert) => alert.rule === rule && hasFields(alert, where))
      .sort((one, other) => (time(one) < time(other) ? -1 : 1));
  }

  /** All alerts so far with that text anywhere in them, in the order in which they came. */
  marked(text: string): AlertLine[] {
    return this.#alerts.filter(({ line }) => line.includes(text));
  }

  /** The one alert of that rule that is as in `where`. */
  async only(rule: string, where: ExpectedFields = {}): Promise<AlertLine> {
    await this.settled();
    const found = this.alerts(rule, where);
    const [alert] = found;
    if (found.length !== 1 || !alert) {
      assert.fail(`${found.length} alerts of "${rule}" with ${show(where)}, expected 1. ${this.#describe(rule)}`);
    }
    return alert;
  }

  /** The first such alert: those of a container wait for its runtime's answer, which takes longer than events do. */
  async eventually(rule: string, where: ExpectedFields = {}): Promise<AlertLine> {
    for (const deadline = performance.now() + PATIENCE_MS; ; ) {
      await this.settled();
      const [alert] = this.alerts(rule, where);
      if (alert) return alert;
      if (performance.now() > deadline)
        assert.fail(`no alert of "${rule}" with ${show(where)}. ${this.#describe(rule)}`);
    }
  }

  /** Fails if there is an alert of that rule that is as in `where`. */
  async none(rule: string, where: ExpectedFields = {}): Promise<void> {
    await this.settled();
    const found = this.alerts(rule, where);
    assert.equal(found.length, 0, `unexpected alerts of "${rule}":\n${found.map((alert) => alert.output).join('\n')}`);
  }

  /**
   * The probe's alerts of the calls that act reported, in the order of the calls; `calls` are all of one run. The n-th event of a
   * type and process is that of the n-th such call (act does one at a time). Calls of other types are passed over.
   */
  async of({ name, types }: Probe, calls: readonly Call[]): Promise<AlertLine[]> {
    await this.settled();
    const first = calls[0];
    if (!first) assert.fail('act reported no calls');
    const where = first.container === undefined ? {} : { 'container.id': first.container };
    // Of this run alone: thread ids come again. The clocks of BPF and act may differ by a correction of the wall clock.
    const begin = first.before - CLOCK_SLACK;
    const end = calls.map((call) => call.after).reduce(later) + CLOCK_SLACK;
    const known = new Map<string, AlertLine[]>();
    return calls
      .filter((call) => types.includes(call.call))
      .map((call) => {
        const main = call.tid === call.pid;
        const key = `${call.call} of ${main ? 'the main' : 'another'} thread of ${call.pid}`;
        const events =
          known.get(key) ??
          this.alerts(name, { ...where, 'evt.type': call.call, 'proc.vpid': call.pid, 'thread.ismain': main }).filter(
            (alert) => time(alert) > begin && time(alert) < end,
          );
        known.set(key, events);
        const alert = events.shift();
        if (!alert) assert.fail(`no event for ${key} (result ${call.result}). ${this.#describe(name)}`);
        return alert;
      });
  }

  /** Runs act and gives each call that the probe is for together with the alert that came of it. */
  async observe(what: Probe, steps: readonly Step[], run: RunSteps = act): Promise<Observed[]> {
    const calls = await run(steps);
    const alerts = await this.of(what, calls);
    return calls
      .filter((call) => what.types.includes(call.call))
      .map((call, index) => ({ call, alert: alerts[index] as AlertLine }));
  }

  /**
   * Checks of the fields that a probe prints.
   * @param common fields that the event of any call has where a check expects nothing else
   */
  checks(what: Probe, common: (call: Call) => ExpectedFields = ({ result }) => ({ 'evt.rawres': result })): CheckSteps {
    return async (steps, expected, run) => {
      const observed = await this.observe(what, steps, run);
      assert.equal(observed.length, expected.length);
      for (const [index, { call, alert }] of observed.entries()) {
        assertFields(alert, { ...common(call), ...expected[index] });
      }
      return observed;
    };
  }

  /** Final once it has stopped. */
  get counters(): EngineCounters {
    return this.#product?.counters() ?? assert.fail('the agent was not started');
  }

  get product(): RunningProduct {
    return this.#product ?? assert.fail('the agent was not started');
  }

  async stop(): Promise<void> {
    await this.#product?.stop();
    numbers.delete(this.#number);
  }

  #describe(rule: string): string {
    const latest = this.#alerts.filter((alert) => alert.rule === rule).slice(-6);
    const lines = latest.map((alert) => `  ${alert.output.slice(0, 300)}`).join('\n');
    return `${this.#product?.state()}. The latest alerts of that rule:\n${lines || '  none'}`;
  }
}

/** Low ones again and again: rules with the same number need not be compiled anew, in whichever order and process files are run. */
function freeNumber(): number {
  let number = 0;
  while (numbers.has(number)) number++;
  numbers.add(number);
  return number;
}

function later(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}

function time(alert: AlertLine): bigint {
  return BigInt(String(alert.output_fields['evt.time']));
}
