// The whole product, live: an agent with the rules that a test gives, the alerts that come of it, and the counters.

import assert from 'node:assert/strict';
import { unlinkSync } from 'node:fs';
import type { EngineCounters } from '../../host/engine/protocol.ts';
import { act, type Call, type Step } from './live-act.ts';
import { IN_ROOT_PIDS } from './live-kernel.ts';
import { type ProductOptions, type RunningProduct, startProduct } from './live-product.ts';
import { TIME_FACTOR, widened } from './time-factor.ts';

/** A value of output_fields: integers as bigint, since times and inode numbers pass 2^53. */
export type FieldOutput = string | bigint | number | boolean | null | FieldOutput[];

/** An alert as its JSON line has it. */
export interface AlertLine {
  readonly rule: string;
  readonly priority: string;
  readonly output: string;
  readonly time: string;
  readonly hostname: string;
  readonly source: string;
  readonly tags: readonly string[];
  readonly output_fields: Readonly<Record<string, FieldOutput>>;
  /** The line as it was written. */
  readonly line: string;
}

/** What every probe prints besides the fields that it is for: enough to tell which call an alert is about. */
const IDENTITY = [
  'evt.type',
  'evt.rawtime',
  'evt.rawres',
  'thread.tid',
  'thread.ismain',
  'proc.pid',
  'proc.vpid',
  'container.id',
];

/** A rule that prints fields of the events of some types, so that a test can compare them. */
export interface Probe {
  readonly name: string;
  readonly types: readonly string[];
  /** The rule's text, for LiveAgent.start. */
  readonly rule: string;
}

/** By default of the processes called act alone. */
export function probe(types: readonly string[], fields: readonly string[], condition = 'proc.name = act'): Probe {
  const name = `probe of ${types.join(', ')}`;
  const item = {
    rule: name,
    desc: 'prints what a live test compares',
    condition: `evt.type in (${types.join(', ')}) and ${condition}`,
    output: [...new Set([...IDENTITY, ...fields])].map((field) => `%${field}`).join(' '),
    priority: 'DEBUG',
  };
  return { name, types, rule: `- ${JSON.stringify(item)}\n` }; // JSON is YAML
}

/** Files that never are: deleting one makes an event that shows where the stream of events is. arm64 has unlinkat(2) alone. */
const FENCES = '/nonexistent/wasprey-fence-';
let agentCount = 0;
const FENCE_RULE = 'live test fence';
const PATIENCE_MS = 10_000 * TIME_FACTOR;
const CLOCK_SLACK = widened(20_000_000n);

/** A call as act reported it, and as the product did. */
export interface Observed {
  readonly call: Call;
  readonly alert: AlertLine;
}

export class LiveAgent {
  #product: RunningProduct | undefined;
  readonly #alerts: AlertLine[] = [];
  readonly #fences = new Map<string, () => void>();
  /** Each agent has its own: several may run, and see each other's. It is the same in each run, so that the compiled rules are as well. */
  readonly #fence = `${FENCES}${agentCount++}-`;
  #fenceCount = 0;
  #keep: (line: string) => boolean = () => true;

  private constructor() {}

  /** Compiles the rules, one text a file; loads the BPF programs; waits until events come. */
  static async start(rules: readonly string[], options: ProductOptions = {}): Promise<LiveAgent> {
    const agent = new LiveAgent();
    agent.#keep = options.keep ?? agent.#keep;
    const names = ['evt.arg.path', 'evt.arg.name'] as const;
    const condition = names.map((name) => `${name} startswith ${agent.#fence}`).join(' or ');
    const fence = probe(['unlink', 'unlinkat'], names, `(${condition})`);
    const texts = [fence.rule.replace(fence.name, FENCE_RULE), ...rules];
    const files = texts.map((text, index) => ({ name: `${index}.yaml`, text }));
    agent.#product = await startProduct(files, options, (line) => agent.#take(line));
    await agent.settled();
    return agent;
  }

  #take(line: string): void {
    if (!this.#keep(line) && !line.includes(this.#fence)) return;
    const alert = parseAlert(line);
    const { 'evt.arg.path': path, 'evt.arg.name': name } = alert.output_fields;
    if (alert.rule !== FENCE_RULE) this.#alerts.push(alert);
    else this.#fences.get(String(path ?? name))?.();
  }

  /**
   * Waits until all events before now have been evaluated and their alerts are here. The heads of the rings are read one after the
   * other, so that an event of another CPU may come a batch later than the fence; the third fence is behind it in any case.
   */
  async settled(): Promise<void> {
    for (let round = 0; round < 3; round++) {
      const path = `${this.#fence}${process.pid}-${this.#fenceCount++}`;
      const passed = new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`no alert of the fence ${path} within ${PATIENCE_MS} ms; ${this.#product?.state()}`)),
          PATIENCE_MS,
        );
        this.#fences.set(path, () => {
          clearTimeout(timer);
          resolve();
        });
      });
      assert.throws(() => unlinkSync(path), { code: 'ENOENT' });
      await passed;
      this.#fences.delete(path);
    }
  }

  /** Alerts of a rule so far, oldest first; only those whose fields are as in `where`. */
  alerts(rule: string, where: Readonly<Record<string, FieldOutput>> = {}): AlertLine[] {
    return this.#alerts
      .filter((alert) => alert.rule === rule && includes(alert, where))
      .sort((one, other) => (time(one) < time(other) ? -1 : 1));
  }

  /** All alerts so far with that text anywhere in them, in the order in which they came. */
  marked(text: string): AlertLine[] {
    return this.#alerts.filter(({ line }) => line.includes(text));
  }

  /** The one alert of that rule that is as in `where`. */
  async only(rule: string, where: Readonly<Record<string, FieldOutput>> = {}): Promise<AlertLine> {
    await this.settled();
    const found = this.alerts(rule, where);
    const [alert] = found;
    if (found.length !== 1 || !alert) {
      assert.fail(`${found.length} alerts of "${rule}" with ${show(where)}, expected 1. ${this.#describe(rule)}`);
    }
    return alert;
  }

  /** Fails if there is an alert of that rule that is as in `where`. */
  async none(rule: string, where: Readonly<Record<string, FieldOutput>> = {}): Promise<void> {
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
          this.alerts(name, { 'evt.type': call.call, 'proc.vpid': BigInt(call.pid), 'thread.ismain': main }).filter(
            (alert) => time(alert) > begin && time(alert) < end,
          );
        known.set(key, events);
        const alert = events.shift();
        if (!alert) assert.fail(`no event for ${key} (result ${call.result}). ${this.#describe(name)}`);
        return alert;
      });
  }

  /** Runs act and gives each call that the probe is for together with the alert that came of it. */
  async observe(
    what: Probe,
    steps: readonly Step[],
    run: (steps: readonly Step[]) => Promise<Call[]> = act,
  ): Promise<Observed[]> {
    const calls = await run(steps);
    const alerts = await this.of(what, calls);
    return calls
      .filter((call) => what.types.includes(call.call))
      .map((call, index) => ({ call, alert: alerts[index] as AlertLine }));
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
  }

  #describe(rule: string): string {
    const latest = this.#alerts.filter((alert) => alert.rule === rule).slice(-6);
    const lines = latest.map((alert) => `  ${alert.output.slice(0, 300)}`).join('\n');
    return `${this.#product?.state()}. The latest alerts of that rule:\n${lines || '  none'}`;
  }
}

/**
 * Numbers in the root pid namespace. Where the tests run in another (a build environment), nothing there knows them: they
 * are not compared.
 */
const ROOT_NUMBERS = /^(proc\.(pid|ppid|sid|pgid|apid\[\d+\])|thread\.tid)$/;

/** Compares fields of an alert; the failure text has them all. */
export function assertFields(alert: AlertLine, all: Readonly<Record<string, FieldOutput | number>>): void {
  const fields = alert.output_fields;
  const expected = Object.fromEntries(Object.entries(all).filter(([name]) => IN_ROOT_PIDS || !ROOT_NUMBERS.test(name)));
  for (const name of Object.keys(expected)) {
    assert.ok(name in fields, `the probe "${alert.rule}" does not print ${name}`);
  }
  const actual = Object.fromEntries(Object.keys(expected).map((name) => [name, fields[name]]));
  const wanted = Object.fromEntries(Object.entries(expected).map(([name, value]) => [name, normal(value)]));
  assert.deepEqual(actual, wanted, `${differences(actual, wanted)}\nall fields: ${show(fields)}`);
}

function differences(actual: Readonly<Record<string, unknown>>, wanted: Readonly<Record<string, unknown>>): string {
  return Object.keys(wanted)
    .filter((name) => JSON.stringify(actual[name], wide) !== JSON.stringify(wanted[name], wide))
    .map((name) => `${name} is ${JSON.stringify(actual[name], wide)}, should be ${JSON.stringify(wanted[name], wide)}`)
    .join('\n');
}

function normal(value: FieldOutput | number): FieldOutput {
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value;
}

function includes(alert: AlertLine, where: Readonly<Record<string, FieldOutput>>): boolean {
  return Object.entries(where).every(([name, value]) => alert.output_fields[name] === normal(value));
}

function later(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}

function time(alert: AlertLine): bigint {
  return BigInt(String(alert.output_fields['evt.time']));
}

function show(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(fields, wide);
}

function wide(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}

type SourceReviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

export function parseAlert(line: string): AlertLine {
  const integers: SourceReviver = (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
  // The reviver's third argument is not in TypeScript's library yet.
  const alert = JSON.parse(line, integers as (key: string, value: unknown) => unknown) as Omit<AlertLine, 'line'>;
  return { ...alert, line };
}
