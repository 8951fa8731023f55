// An output with limits on repetition: further alerts of a kind are counted instead of written, and reported together. The first of
// a kind is always written, and the number held back is always reported.

import { count } from '../diagnostics/numbers.ts';
import { valueText } from '../fields/text.ts';
import { iso8601 } from '../fields/time.ts';
import { integer, text } from '../fields/value.ts';
import type { Alert } from './alert.ts';
import { LONGEST_TIMER_MS } from './long-timer.ts';
import type { Output, OutputCounters } from './output.ts';
import { TokenBucket } from './token-bucket.ts';

export interface NoiseLimits {
  /** For so long after an alert others of its kind are held back; 0: off. */
  readonly repeatMs: number;
  /** Limits on alerts of a rule, per second on average and at once; further ones are held back; 0: no limit. */
  readonly rate: number;
  readonly burst: number;
  /** Fields whose values distinguish kinds of alerts of a rule. */
  readonly kindFields: readonly string[];
}

/** How often alerts held back by a rate limit are reported. */
const RATE_REPORT_MS = 60_000;
/** Most kinds that are remembered; beyond that the oldest are reported early. */
const MOST_KINDS = 10_000;

interface Kind {
  /** ms, monotonic. */
  readonly until: number;
  held: number;
  /** The start of the held alerts, and the last one. */
  since: bigint;
  last: Alert;
}

export class QuietOutput implements Output {
  readonly #output: Output;
  readonly #limits: NoiseLimits;
  readonly #now: () => number;
  /** In the order of `until`, because all last equally long. */
  readonly #kinds = new Map<string, Kind>();
  readonly #buckets = new Map<string, TokenBucket>();
  #timer: NodeJS.Timeout | undefined;
  #held = 0;

  /** @param now tests only: monotonic milliseconds */
  constructor(output: Output, limits: NoiseLimits, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#limits = limits;
    this.#now = now;
  }

  get name(): string {
    return this.#output.name;
  }

  get counters(): OutputCounters {
    return { ...this.#output.counters, heldBack: this.#held };
  }

  write(alert: Alert): void {
    // Internal alerts are rare, and each covers its own time.
    if (alert.source === 'internal') {
      this.#output.write(alert);
      return;
    }
    const now = this.#now();
    this.#tellEnded(now);
    const key = kindOf(alert, this.#limits.kindFields);
    const kind = this.#kinds.get(key);
    const allowed = this.#takeToken(alert.rule, now);
    if (!kind) {
      this.#remember(key, alert, now);
      this.#output.write(alert);
    } else if (allowed && this.#limits.repeatMs === 0) {
      this.#output.write(alert);
    } else {
      if (kind.held === 0) kind.since = alert.time;
      kind.held++;
      kind.last = alert;
      this.#held++;
    }
  }

  reopen(): void {
    this.#output.reopen?.();
  }

  async drained(): Promise<void> {
    await this.#output.drained?.();
  }

  /** Reports held alerts before the end. */
  async close(timeoutMs: number): Promise<void> {
    clearTimeout(this.#timer);
    for (const kind of this.#kinds.values()) this.#report(kind);
    this.#kinds.clear();
    await this.#output.close(timeoutMs);
  }

  #remember(key: string, alert: Alert, now: number): void {
    const lasts = this.#limits.repeatMs === 0 ? RATE_REPORT_MS : this.#limits.repeatMs;
    this.#kinds.set(key, { until: now + lasts, held: 0, since: alert.time, last: alert });
    const [oldest] = this.#kinds;
    if (this.#kinds.size > MOST_KINDS && oldest) {
      this.#kinds.delete(oldest[0]);
      this.#report(oldest[1]);
    }
    this.#schedule(now);
  }

  /** Whether the rule is within its limit; each call counts an alert. */
  #takeToken(rule: string, now: number): boolean {
    const { rate, burst } = this.#limits;
    if (rate === 0) return true;
    const bucket = this.#buckets.get(rule) ?? new TokenBucket(rate, burst, now);
    this.#buckets.set(rule, bucket);
    return bucket.take(now);
  }

  #tellEnded(now: number): void {
    for (const [key, kind] of this.#kinds) {
      if (kind.until > now) break;
      this.#kinds.delete(key);
      this.#report(kind);
      // The repetition continues: following alerts are repeats, not a first one.
      if (kind.held > 0) this.#remember(key, kind.last, now);
    }
  }

  /** One timer, for the kind that ends next. */
  #schedule(now: number): void {
    if (this.#timer) return;
    const [next] = this.#kinds.values();
    if (!next) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#tellEnded(this.#now());
        this.#schedule(this.#now());
      },
      // A longer time is waited for again then.
      Math.min(Math.max(1, next.until - now), LONGEST_TIMER_MS),
    );
    this.#timer.unref();
  }

  #report({ held, since, last }: Kind): void {
    if (held === 0) return;
    const times = count(held, 'time');
    this.#output.write({
      ...last,
      message: `${last.message} (seen ${times} since ${iso8601(since)})`,
      fields: [
        ...last.fields,
        { key: 'wasprey.seen', value: integer(BigInt(held)) },
        { key: 'wasprey.since', value: text(iso8601(since)) },
      ],
    });
  }
}

/** Fields that the alert lacks count as absent: an attacker who changes printed values makes a new kind, which is written. */
function kindOf({ rule, fields }: Alert, kindFields: readonly string[]): string {
  const values = kindFields.map((wanted) => {
    const value = fields.find(({ key }) => key === wanted)?.value;
    return value ? Buffer.from(valueText(value)).toString('base64') : '';
  });
  return [rule, ...values].join('\0');
}
