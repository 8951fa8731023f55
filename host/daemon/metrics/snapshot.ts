// The agent's numbers at a moment under Falco's names `falco.*` and `scap.*`, as it writes them to alerts and files. Those of Falco that
// have no meaning here are left out.

import { basename } from 'node:path';
import type { Summary } from '../../agent/summary.ts';
import type { CaptureCounters } from '../../capture/capture-counters.ts';
import { KILOBYTE, MEGABYTE } from '../../diagnostics/numbers.ts';
import { type EventTotals, eventTotals } from '../../engine/counts/event-totals.ts';
import { NANOSECONDS_PER_MS } from '../../fields/time.ts';
import { type FieldValue, integer, text } from '../../fields/value.ts';
import type { KeyedValue } from '../../outputs/message.ts';
import { type AgentFacts, type MetricChoice, runNumbers } from './facts.ts';
import type { Resources } from './resources.ts';

export interface SnapshotForm {
  /** Memory in MB instead of KB, or bytes for that of the control group. */
  readonly memoryInMb: boolean;
  /** Include numbers that are 0, besides those that are always reported. */
  readonly emptyValues: boolean;
}

export interface SnapshotSource {
  readonly summary: Summary;
  /** Names of all rules in use. */
  readonly ruleNames: readonly string[];
  /** Undefined: not reported. */
  readonly resources: Resources | undefined;
  /** ms since the epoch */
  readonly nowMs: number;
}

type Fields = Readonly<Record<string, FieldValue | undefined>>;

/** The numbers that rates are computed from. */
interface Moment {
  readonly seconds: number;
  readonly evaluated: number;
  readonly produced: number;
  readonly lost: number;
}

export class Snapshots {
  readonly #facts: AgentFacts;
  readonly #choice: MetricChoice;
  readonly #form: SnapshotForm;
  /** Numbers of the previous snapshot; rates of the first one are since the start. */
  #before: Moment = { seconds: 0, evaluated: 0, produced: 0, lost: 0 };

  constructor(facts: AgentFacts, choice: MetricChoice, form: SnapshotForm) {
    this.#facts = facts;
    this.#choice = choice;
    this.#form = form;
  }

  take({ summary, ruleNames, resources, nowMs }: SnapshotSource): KeyedValue[] {
    const { engine, alerts } = summary;
    const { rules, events, state, perCpu, programs } = this.#choice;
    const { seconds } = runNumbers(this.#facts, summary, nowMs);
    const totals = engine && eventTotals(engine.capture);
    const now: Moment = {
      seconds,
      evaluated: totals?.evaluated ?? 0,
      produced: totals?.produced ?? 0,
      lost: totals?.lost ?? 0,
    };
    const before = this.#before;
    this.#before = now;
    const always = {
      ...factFields(this.#facts, summary, nowMs),
      ...rateFields(now, before),
      ...(events && scapFields(now, before)),
    };
    const unlessEmpty = {
      ...(rules && ruleFields(ruleNames, alerts.byRule)),
      ...(resources && resourceFields(resources, this.#form)),
      ...(state && engine && { 'falco.n_drops_full_threadtable': integer(engine.capture.imagesLost) }),
      ...(events && totals && dropFields(totals)),
      ...(perCpu && engine && cpuFields(engine.capture)),
      ...(programs && engine && programFields(engine.capture)),
    };
    const optional = Object.entries(unlessEmpty).filter(([, value]) => this.#form.emptyValues || !isEmpty(value));
    return [...Object.entries(always), ...optional].flatMap(([key, value]) => (value ? [{ key, value }] : []));
  }
}

function factFields(facts: AgentFacts, summary: Summary, nowMs: number): Fields {
  const { seconds, reloadMs, queueDrops } = runNumbers(facts, summary, nowMs);
  const files = facts.configFiles.map(({ name, sha256 }) => [
    `falco.sha256_config_file.${nameOf(basename(name))}`,
    text(sha256),
  ]);
  return {
    'evt.time': nanoseconds(nowMs),
    'evt.hostname': text(facts.hostname),
    'evt.source': text('syscall'),
    'falco.version': text(facts.version),
    'falco.start_ts': nanoseconds(facts.startedMs),
    'falco.reload_ts': nanoseconds(reloadMs),
    'falco.duration_sec': integer(Math.floor(seconds)),
    'falco.kernel_release': text(facts.kernel),
    'falco.host_boot_ts': nanoseconds(facts.bootMs),
    'falco.host_num_cpus': integer(facts.cpus),
    'falco.outputs_queue_num_drops': integer(queueDrops),
    ...Object.fromEntries(files),
    'scap.engine_name': text('bpf'),
  };
}

function rateFields(now: Moment, before: Moment): Fields {
  return {
    'falco.num_evts': integer(now.evaluated),
    'falco.num_evts_prev': integer(before.evaluated),
    'falco.evts_rate_sec': double(ratio(now.evaluated - before.evaluated, now.seconds - before.seconds)),
  };
}

function scapFields(now: Moment, before: Moment): Fields {
  const [events, drops] = [now.produced - before.produced, now.lost - before.lost];
  return {
    'scap.n_evts': integer(now.produced),
    'scap.n_evts_prev': integer(before.produced),
    'scap.evts_rate_sec': double(ratio(events, now.seconds - before.seconds)),
    'scap.n_drops': integer(now.lost),
    'scap.n_drops_prev': integer(before.lost),
    'scap.n_drops_perc': double(100 * ratio(drops, Math.max(events, drops))),
  };
}

function dropFields({ dropped, droppedByKind }: EventTotals): Fields {
  const kinds = [...droppedByKind].map(([kind, count]) => [`scap.n_drops_buffer_${kind}_exit`, integer(count)]);
  return { 'scap.n_drops_buffer_total': integer(dropped), ...Object.fromEntries(kinds) };
}

function cpuFields({ produced, droppedByCpu }: CaptureCounters): Fields {
  const each = (name: string, counts: readonly number[]) =>
    counts.map((count, cpu) => [`scap.${name}_cpu_${cpu}`, integer(count)]);
  return Object.fromEntries([...each('n_evts', produced), ...each('n_drops', droppedByCpu)]);
}

function programFields({ programs }: CaptureCounters): Fields {
  const each = programs.map(({ name, runs, nanoseconds: time }) => ({
    [`scap.${name}.run_cnt`]: integer(runs),
    [`scap.${name}.run_time_ns`]: integer(time),
    [`scap.${name}.avg_time_ns`]: integer(Math.floor(ratio(time, runs))),
  }));
  return Object.assign({}, ...each);
}

/** Rules whose names give the same key are counted together. */
function ruleFields(names: readonly string[], byRule: ReadonlyMap<string, number>): Fields {
  const counts = new Map<string, number>();
  for (const name of new Set([...names, ...byRule.keys()])) {
    const key = `falco.rules.${nameOf(name)}`;
    counts.set(key, (counts.get(key) ?? 0) + (byRule.get(name) ?? 0));
  }
  const all = [...byRule.values()].reduce((sum, count) => sum + count, 0);
  const each = [...counts].map(([key, count]) => [key, integer(count)]);
  return { ...Object.fromEntries(each), 'falco.rules.matches_total': integer(all) };
}

function resourceFields(resources: Resources, { memoryInMb }: SnapshotForm): Fields {
  const whole = (value: number | undefined) => (value === undefined ? undefined : integer(value));
  const percent = (value: number | undefined) => (value === undefined ? undefined : double(100 * value));
  const memory = (
    name: string,
    bytes: number | undefined,
    [unit, size]: readonly [string, number] = ['kb', KILOBYTE],
  ) => {
    if (bytes === undefined) return {};
    if (memoryInMb) return { [`falco.${name}_mb`]: double(bytes / MEGABYTE) };
    return { [`falco.${name}_${unit}`]: integer(Math.round(bytes / size)) };
  };
  return {
    'falco.cpu_usage_perc': percent(resources.cpuRatio),
    ...memory('memory_rss', resources.rssBytes),
    ...memory('memory_vsz', resources.vszBytes),
    ...memory('memory_pss', resources.pssBytes),
    ...memory('container_memory_used', resources.containerBytes, ['bytes', 1]),
    'falco.host_cpu_usage_perc': percent(resources.hostCpuRatio),
    ...memory('host_memory_used', resources.hostMemoryBytes),
    'falco.host_procs_running': whole(resources.hostRunning),
    'falco.host_open_fds': whole(resources.hostOpenFiles),
  };
}

function isEmpty(value: FieldValue | undefined): boolean {
  return (value?.kind === 'integer' || value?.kind === 'double') && Number(value.value) === 0;
}

/** The characters of a valid key. */
function nameOf(given: string): string {
  return given.replace(/[^A-Za-z0-9_]/g, '_');
}

function nanoseconds(milliseconds: number): FieldValue {
  return integer(BigInt(Math.round(milliseconds)) * NANOSECONDS_PER_MS);
}

/** To one place after the point. */
function double(value: number): FieldValue {
  return { kind: 'double', value: Math.round(value * 10) / 10 };
}

function ratio(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}
