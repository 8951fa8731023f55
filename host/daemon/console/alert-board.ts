// Alerts as the page shows them: in groups by rule and workload, counted. It is an output that costs a few comparisons an alert; what the page is sent
// is made at a fixed rate, whatever the number of alerts, and only while somebody looks.

import { randomBytes } from 'node:crypto';
import type { Alert } from '../../outputs/alert.ts';
import type { Output, OutputCounters } from '../../outputs/output.ts';
import { TokenBucket } from '../../outputs/token-bucket.ts';
import { AlertGroup } from './alert-group.ts';
import { type BoardMessage, type GroupAlerts, type GroupText, STEP_MS } from './messages.ts';
import { groupKey, isSamePlace, type Place, placeOf, workloadOf } from './workload.ts';

/** Groups: the one that had no alert for longest makes room. */
const MOST_GROUPS = 300;
/** Bytes of all alerts that can be looked at; the oldest make room. */
const MOST_KEPT_BYTES = 12 * 1024 * 1024;
/** Alerts without details that are kept for longer than until the next one: at once, and a second. */
const KEPT_AT_ONCE = 500;
const KEPT_A_SECOND = 10;

interface Latest {
  readonly place: Place;
  readonly group: AlertGroup;
}

export class AlertBoard implements Output {
  readonly name = 'console';
  /** Id of this run. */
  readonly instance = randomBytes(6).toString('hex');
  /** Groups by rule and workload. */
  readonly #groups = new Map<string, AlertGroup>();
  /** The group of each rule's latest alert: most often the next one is of it, too. */
  readonly #latest = new Map<string, Latest>();
  #keptBytes = 0;
  #pace: TokenBucket | undefined;
  readonly #gone: { readonly id: number; readonly tick: number }[] = [];
  #tick = 1;
  #alerts = 0;
  #nextGroup = 1;

  write(alert: Alert): void {
    const group = this.#groupFor(alert);
    const before = group.bytes;
    this.#pace ??= new TokenBucket(KEPT_A_SECOND, KEPT_AT_ONCE, 0);
    group.add(++this.#alerts, alert, this.#pace, this.#tick + 1);
    this.#keptBytes += group.bytes - before;
    while (this.#keptBytes > MOST_KEPT_BYTES) this.#dropOldestAlert();
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
      isWhole,
      added: changed.filter(({ madeAt }) => madeAt > from).map(({ text }) => text),
      changed: changed.map((group) => group.numbers(step)),
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
    for (const group of this.#groups.values()) if (group.text.id === id) return group.alerts();
    return undefined;
  }

  alert(id: number): { readonly alert: Alert; readonly group: GroupText } | undefined {
    for (const group of this.#groups.values()) {
      const alert = group.alert(id);
      if (alert) return { alert, group: group.text };
    }
    return undefined;
  }

  get counters(): OutputCounters {
    return { written: this.#alerts, dropped: 0, errors: 0 };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Texts are made for a new group alone. */
  #groupFor(alert: Alert): AlertGroup {
    const place = placeOf(alert);
    const latest = this.#latest.get(alert.rule);
    if (latest && isSamePlace(latest.place, place)) return latest.group;
    const group = this.#groupAt(alert, place);
    this.#latest.set(alert.rule, { place, group });
    return group;
  }

  #groupAt(alert: Alert, place: Place): AlertGroup {
    const key = groupKey(alert.rule, place);
    const known = this.#groups.get(key);
    if (known) return known;
    while (this.#groups.size >= MOST_GROUPS) this.#dropOldestGroup();
    const { rule, priority, source } = alert;
    const text = { id: this.#nextGroup++, rule, priority, source, ...workloadOf(place) };
    const group = new AlertGroup(text, this.#tick + 1);
    this.#groups.set(key, group);
    return group;
  }

  /** The one that had no alert for longest. */
  #dropOldestGroup(): void {
    const [key, oldest] = [...this.#groups].reduce((one, other) => (other[1].latestId < one[1].latestId ? other : one));
    this.#groups.delete(key);
    if (this.#latest.get(oldest.text.rule)?.group === oldest) this.#latest.delete(oldest.text.rule);
    this.#keptBytes -= oldest.bytes;
    this.#gone.push({ id: oldest.text.id, tick: this.#tick + 1 });
    // A reader that is further behind gets all groups.
    if (this.#gone.length > MOST_GROUPS) this.#gone.shift();
  }

  #dropOldestAlert(): void {
    let oldest: AlertGroup | undefined;
    for (const group of this.#groups.values()) {
      if ((group.oldestId ?? Infinity) < (oldest?.oldestId ?? Infinity)) oldest = group;
    }
    const before = oldest?.bytes ?? 0;
    oldest?.dropOldest();
    this.#keptBytes += (oldest?.bytes ?? 0) - before;
  }
}
