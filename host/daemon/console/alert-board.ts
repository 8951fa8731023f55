// Alerts as the page shows them: in groups by rule and workload, counted. It is an output that costs a few comparisons an alert while somebody
// looks, and less while nobody does; what the page is sent is made at a fixed rate, whatever the number of alerts.

import { randomBytes } from 'node:crypto';
import { NANOSECONDS_PER_MS } from '../../fields/time.ts';
import type { Alert } from '../../outputs/alert.ts';
import type { Output, OutputCounters } from '../../outputs/output.ts';
import { bytesOf } from './alert-bytes.ts';
import {
  type AlertLine,
  type BoardMessage,
  type GroupAlerts,
  type GroupNumbers,
  type GroupText,
  STEP_MS,
  STEPS,
  type Workload,
} from './messages.ts';
import { isSame, type Place, placeOf, workloadOf } from './workload.ts';

/** Groups: the one that had no alert for longest makes room. */
const MOST_GROUPS = 300;
/** Alerts of a group that can be looked at, with details and without. */
const KEPT_OF_EACH = 10;
/** Bytes of all alerts that can be looked at; the oldest make room. */
const MOST_KEPT_BYTES = 12 * 1024 * 1024;
/** Alerts that are remembered while nobody looks, and their bytes. */
const MOST_UNSEEN = 500;
const MOST_UNSEEN_BYTES = 4 * 1024 * 1024;
const LONGEST_LINE = 300;

interface Kept {
  readonly id: number;
  readonly alert: Alert;
  readonly group: Group;
  readonly bytes: number;
}

/** All that a group has of its latest alert once that alert itself has made room. */
interface Latest {
  readonly id: number;
  readonly line: string;
}

interface Group {
  readonly text: GroupText;
  readonly key: string;
  /** Alerts that can be looked at, with details and without; the oldest first. */
  readonly detailed: Kept[];
  readonly plain: Kept[];
  /** Values of its workload, by which the next alert of the same is recognised. */
  readonly place: Place;
  readonly steps: number[];
  /** Step of the last of `steps`. */
  step: number;
  count: number;
  first: number;
  last: number;
  latest: Latest | undefined;
  /** When it was made, and when it was changed last. */
  readonly madeAt: number;
  changedAt: number;
}

export class AlertBoard implements Output {
  readonly name = 'console';
  /** Of this run. */
  readonly instance = randomBytes(6).toString('hex');
  /** By rule and workload. */
  readonly #groups = new Map<string, Group>();
  /** That of the latest alert, by rule: the next one is most often of the same. */
  readonly #recent = new Map<string, Group>();
  readonly #kept = new Map<number, Kept>();
  #keptBytes = 0;
  /** Came while nobody looked. */
  #unseen: { readonly alert: Alert; readonly bytes: number }[] = [];
  #unseenBytes = 0;
  readonly #gone: { readonly id: number; readonly tick: number }[] = [];
  #tick = 1;
  #lookers = 0;
  #alerts = 0;
  #uncounted = 0;
  #nextGroup = 1;

  write(alert: Alert): void {
    this.#alerts++;
    if (this.#lookers > 0) this.#add(alert, this.#alerts);
    else this.#remember(alert);
  }

  /** Somebody looks, from now until `leave`. */
  enter(): void {
    if (this.#lookers++ === 0) this.#catchUp();
  }

  leave(): void {
    this.#lookers--;
  }

  /** Up to 0: all groups. @param tick of the last message that the reader has */
  since(tick: number, now = Date.now()): BoardMessage | undefined {
    const step = Math.floor(now / STEP_MS);
    const isWhole = tick <= 0 || tick > this.#tick || this.#hasForgotten(tick);
    const from = isWhole ? 0 : tick;
    const changed = [...this.#groups.values()].filter(({ changedAt }) => changedAt > from);
    if (!isWhole && changed.length === 0 && this.#gone.every((one) => one.tick <= from)) return undefined;
    const message: BoardMessage = {
      instance: this.instance,
      tick: this.#tick,
      now,
      step,
      alerts: this.#alerts,
      uncounted: this.#uncounted,
      isWhole,
      added: changed.filter(({ madeAt }) => madeAt > from).map(({ text }) => text),
      changed: changed.map((group) => numbersOf(group, step)),
      gone: isWhole ? [] : this.#gone.filter((one) => one.tick > from).map(({ id }) => id),
    };
    return message;
  }

  /** Whether groups have gone since that are not known any more. */
  #hasForgotten(tick: number): boolean {
    const [oldest] = this.#gone;
    return this.#gone.length >= MOST_GROUPS && oldest !== undefined && oldest.tick > tick;
  }

  /** Changes from now on are of the next tick: once for all readers. */
  nextTick(): void {
    this.#tick++;
  }

  alertsOf(id: number): GroupAlerts | undefined {
    const group = this.#groupOf(id);
    if (!group) return undefined;
    const alerts = [...group.detailed, ...group.plain].sort((one, other) => other.id - one.id).map(lineOf);
    return { group: group.text, alerts };
  }

  alert(id: number): { readonly alert: Alert; readonly group: GroupText } | undefined {
    const kept = this.#kept.get(id);
    return kept && { alert: kept.alert, group: kept.group.text };
  }

  get counters(): OutputCounters {
    return { written: this.#alerts, dropped: 0, errors: 0 };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #groupOf(id: number): Group | undefined {
    for (const group of this.#groups.values()) if (group.text.id === id) return group;
    return undefined;
  }

  #remember(alert: Alert): void {
    const bytes = bytesOf(alert);
    this.#unseen.push({ alert, bytes });
    this.#unseenBytes += bytes;
    // The oldest are forgotten.
    while (this.#unseen.length > MOST_UNSEEN || this.#unseenBytes > MOST_UNSEEN_BYTES) {
      this.#unseenBytes -= this.#unseen.shift()?.bytes ?? 0;
      this.#uncounted++;
    }
  }

  #catchUp(): void {
    const unseen = this.#unseen;
    this.#unseen = [];
    this.#unseenBytes = 0;
    const first = this.#alerts - unseen.length + 1;
    for (const [index, { alert }] of unseen.entries()) this.#add(alert, first + index);
  }

  #add(alert: Alert, id: number): void {
    const group = this.#groupFor(alert);
    const time = Number(alert.time / NANOSECONDS_PER_MS);
    const kept = { id, alert, group, bytes: bytesOf(alert) };
    group.count++;
    if (group.first === 0) group.first = time;
    group.last = Math.max(group.last, time);
    group.latest = { id, line: beginningOf(alert.message) };
    group.changedAt = this.#tick + 1;
    countStep(group, Math.floor(time / STEP_MS));
    this.#keep(kept);
  }

  /** Texts are only made of values that are not those of the rule's alert before. */
  #groupFor(alert: Alert): Group {
    const place = placeOf(alert);
    const recent = this.#recent.get(alert.rule);
    if (recent && isSame(recent.place, place)) return recent;
    const workload = workloadOf(place);
    const key = keyOf(alert.rule, workload);
    const group = this.#groups.get(key) ?? this.#newGroup(key, alert, workload, place);
    this.#recent.set(alert.rule, group);
    return group;
  }

  #newGroup(key: string, { rule, priority, source }: Alert, workload: Workload, place: Place): Group {
    while (this.#groups.size >= MOST_GROUPS) this.#dropOldest();
    const madeAt = this.#tick + 1;
    const text = { id: this.#nextGroup++, rule, priority, source, ...workload };
    const group: Group = {
      ...{ text, key, place, detailed: [], plain: [], steps: [0], step: 0, count: 0, first: 0, last: 0 },
      ...{ latest: undefined, madeAt, changedAt: madeAt },
    };
    this.#groups.set(key, group);
    return group;
  }

  /** The one that had no alert for longest. */
  #dropOldest(): void {
    const latest = ({ latest: of }: Group): number => of?.id ?? 0;
    const oldest = [...this.#groups.values()].reduce((one, other) => (latest(other) < latest(one) ? other : one));
    this.#groups.delete(oldest.key);
    if (this.#recent.get(oldest.text.rule) === oldest) this.#recent.delete(oldest.text.rule);
    for (const kept of [...oldest.detailed, ...oldest.plain]) this.#forget(kept);
    this.#gone.push({ id: oldest.text.id, tick: this.#tick + 1 });
    // A reader that is further behind gets all groups.
    if (this.#gone.length > MOST_GROUPS) this.#gone.shift();
  }

  #keep(kept: Kept): void {
    const alike = listOf(kept);
    alike.push(kept);
    this.#kept.set(kept.id, kept);
    this.#keptBytes += kept.bytes;
    if (alike.length > KEPT_OF_EACH && alike[0]) this.#release(alike[0]);
    // Not without need: from the beginning of a Map that much was taken out of, an iterator goes a long way to the first entry.
    if (this.#keptBytes <= MOST_KEPT_BYTES) return;
    for (const oldest of this.#kept.values()) {
      if (this.#keptBytes <= MOST_KEPT_BYTES) break;
      this.#release(oldest);
    }
  }

  #release(kept: Kept): void {
    const list = listOf(kept);
    list.splice(list.indexOf(kept), 1);
    this.#forget(kept);
  }

  #forget(kept: Kept): void {
    if (this.#kept.delete(kept.id)) this.#keptBytes -= kept.bytes;
  }
}

function keyOf(rule: string, { namespace = '', pod = '', container = '' }: Workload): string {
  return JSON.stringify([rule, namespace, pod, container]);
}

function listOf({ alert, group }: Kept): Kept[] {
  return alert.details === undefined ? group.plain : group.detailed;
}

/** Counts an alert; one from before all steps counts for the first. */
function countStep(group: Group, step: number): void {
  if (group.step === 0) group.step = step;
  shiftTo(group, step);
  const index = Math.max(0, group.steps.length - 1 - (group.step - step));
  group.steps[index] = (group.steps[index] ?? 0) + 1;
}

function shiftTo(group: Group, step: number): void {
  const missing = Math.min(step - group.step, STEPS);
  for (let count = 0; count < missing; count++) group.steps.push(0);
  if (group.steps.length > STEPS) group.steps.splice(0, group.steps.length - STEPS);
  if (step > group.step) group.step = step;
}

function numbersOf(group: Group, step: number): GroupNumbers {
  shiftTo(group, step);
  const { text, count, first, last, steps, latest } = group;
  const { line = '', id: latestAlert = 0 } = latest ?? {};
  return { id: text.id, count, first, last, steps: [...steps], latest: line, latestAlert };
}

/** A copy: what slice() makes keeps the whole text in memory. */
function beginningOf(text: string): string {
  if (text.length <= LONGEST_LINE) return text;
  return Buffer.from(text.slice(0, LONGEST_LINE), 'utf16le').toString('utf16le');
}

function lineOf({ id, alert }: Kept): AlertLine {
  const { time, message, details } = alert;
  return {
    id,
    time: Number(time / NANOSECONDS_PER_MS),
    message: message.slice(0, LONGEST_LINE),
    hasDetails: details !== undefined,
  };
}
