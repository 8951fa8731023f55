// Alerts of one rule and workload: their numbers, and those of them that can be looked at.

import { NANOSECONDS_PER_MS } from '../../fields/time.ts';
import type { Alert } from '../../outputs/alert.ts';
import { TokenBucket } from '../../outputs/token-bucket.ts';
import { bytesOf, roughBytesOf } from './alert-bytes.ts';
import { type AlertLine, type GroupAlerts, type GroupNumbers, type GroupText, STEP_MS, STEPS } from './messages.ts';

/** Alerts that can be looked at beside the latest, with details and without. */
const KEPT_OF_EACH = 10;
/** Alerts without details that are kept for longer than until the next one, where those of all groups are too many: so many a second. */
const KEPT_A_SECOND = 1;
const LONGEST_LINE = 300;
const NANOSECONDS = Number(NANOSECONDS_PER_MS);

interface Kept {
  readonly id: number;
  readonly alert: Alert;
  /** Roughly, as long as it does not stay. */
  bytes: number;
  /** It can still be looked at when the next one has come. */
  stays: boolean;
}

export class AlertGroup {
  readonly text: GroupText;
  /** Tick when it was made. */
  readonly madeAt: number;
  /** Tick of its latest alert. */
  changedAt: number;
  /** Bytes of all alerts that can be looked at. */
  bytes = 0;
  /** The latest alert; undefined when that has made room. */
  #latest: Kept | undefined;
  #latestId = 0;
  /** The beginning of the latest alert's message when that has made room. */
  #line = '';
  /** Alerts before the latest, the oldest first. */
  readonly #detailed: Kept[] = [];
  readonly #plain: Kept[] = [];
  #pace: TokenBucket | undefined;
  readonly #steps: number[] = [0];
  /** Step of the last of `#steps`. */
  #step = 0;
  #count = 0;
  #first = 0;
  #last = 0;

  constructor(text: GroupText, tick: number) {
    this.text = text;
    this.madeAt = tick;
    this.changedAt = tick;
  }

  /**
   * An alert that can be looked at until the next one has come costs less than one that stays: an object that outlives a collection of garbage is
   * copied by it.
   * @param pace of alerts that stay, of all groups
   */
  add(id: number, alert: Alert, pace: TokenBucket, tick: number): void {
    const time = millisecondsOf(alert);
    this.#count++;
    if (this.#first === 0) this.#first = time;
    this.#last = Math.max(this.#last, time);
    this.changedAt = tick;
    this.#countStep(Math.floor(time / STEP_MS));
    if (this.#latest) this.#replace(this.#latest);
    const stays = alert.details !== undefined || pace.take(time) || this.#ownPace(time).take(time);
    const bytes = stays ? bytesOf(alert) : roughBytesOf(alert);
    this.#latest = { id, alert, bytes, stays };
    this.#latestId = id;
    this.bytes += bytes;
  }

  get latestId(): number {
    return this.#latestId;
  }

  /** What a window is sent. Its reader may ask for the latest alert, which stays because of that. */
  numbers(step: number): GroupNumbers {
    this.#shiftTo(step);
    if (this.#latest) this.#latest.stays = true;
    return {
      ...{ id: this.text.id, count: this.#count, first: this.#first, last: this.#last, steps: [...this.#steps] },
      latest: this.#latest ? beginningOf(this.#latest.alert.message) : this.#line,
      latestAlert: this.#latestId,
    };
  }

  alerts(): GroupAlerts {
    return {
      group: this.text,
      alerts: this.#kept()
        .sort((one, other) => other.id - one.id)
        .map(lineOf),
    };
  }

  alert(id: number): Alert | undefined {
    return this.#kept().find((kept) => kept.id === id)?.alert;
  }

  /** Number of the oldest alert that can be looked at. */
  get oldestId(): number | undefined {
    return this.#oldest()?.id;
  }

  /** Drops the oldest alert, to make room. */
  dropOldest(): void {
    const oldest = this.#oldest();
    if (!oldest) return;
    this.bytes -= oldest.bytes;
    if (oldest === this.#latest) {
      this.#line = beginningOf(oldest.alert.message);
      this.#latest = undefined;
    } else this.#listOf(oldest).shift();
  }

  #oldest(): Kept | undefined {
    const [detailed, plain] = [this.#detailed[0], this.#plain[0]];
    if (detailed && plain) return detailed.id < plain.id ? detailed : plain;
    return detailed ?? plain ?? this.#latest;
  }

  #kept(): Kept[] {
    return [...(this.#latest ? [this.#latest] : []), ...this.#detailed, ...this.#plain];
  }

  /** Its place is taken by the next. */
  #replace(kept: Kept): void {
    if (!kept.stays) {
      this.bytes -= kept.bytes;
      return;
    }
    // It may stay since a window was sent it.
    const before = kept.bytes;
    kept.bytes = bytesOf(kept.alert);
    this.bytes += kept.bytes - before;
    const list = this.#listOf(kept);
    list.push(kept);
    if (list.length > KEPT_OF_EACH) this.bytes -= list.shift()?.bytes ?? 0;
  }

  #listOf({ alert }: Kept): Kept[] {
    return alert.details === undefined ? this.#plain : this.#detailed;
  }

  #ownPace(time: number): TokenBucket {
    this.#pace ??= new TokenBucket(KEPT_A_SECOND, KEPT_OF_EACH, time);
    return this.#pace;
  }

  /** Counts an alert; one from before all steps counts for the first. */
  #countStep(step: number): void {
    if (this.#step === 0) this.#step = step;
    this.#shiftTo(step);
    const index = Math.max(0, this.#steps.length - 1 - (this.#step - step));
    this.#steps[index] = (this.#steps[index] ?? 0) + 1;
  }

  #shiftTo(step: number): void {
    if (step <= this.#step) return;
    const missing = Math.min(step - this.#step, STEPS);
    for (let count = 0; count < missing; count++) this.#steps.push(0);
    if (this.#steps.length > STEPS) this.#steps.splice(0, this.#steps.length - STEPS);
    this.#step = step;
  }
}

/** A copy: what slice() makes keeps the whole text in memory. */
function beginningOf(text: string): string {
  if (text.length <= LONGEST_LINE) return text;
  return Buffer.from(text.slice(0, LONGEST_LINE), 'utf16le').toString('utf16le');
}

/** Exact to a microsecond. Dividing the bigint would take longer than all else that is done for an alert. */
function millisecondsOf({ time }: Alert): number {
  return Math.floor(Number(time) / NANOSECONDS);
}

function lineOf({ id, alert }: Kept): AlertLine {
  const { message, details } = alert;
  return {
    id,
    time: millisecondsOf(alert),
    message: message.slice(0, LONGEST_LINE),
    hasDetails: details !== undefined,
  };
}
