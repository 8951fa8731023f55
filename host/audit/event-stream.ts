// From texts of JSON to matches: what of a text is an event, whether it may be evaluated, and what the rules say to it. Every event is
// counted: received = evaluated + duplicates + refused, by reason.

import type { ReadContext } from '../fields/context.ts';
import { NANOSECONDS_PER_MS } from '../fields/time.ts';
import type { RunFailureKind } from '../sandbox/run.ts';
import type { AuditMatch, EvaluatesEvents } from './evaluator.ts';
import { type FoundEvent, findEvents, type Refusal } from './events/find-events.ts';
import { JsonError, JsonScanner } from './json/scan.ts';
import { JsonValues } from './json/values.ts';

/** Bytes of one event in its compact form, as in Falco (maxEventSize). */
const LARGEST_EVENT = 262_144;

/** Why a text or an event was not evaluated. */
export type RefusalKind = Refusal | 'not-json' | 'not-gzip' | 'too-large' | 'failed' | RunFailureKind;

export interface StreamCounters {
  /** Events, and texts that hold none. */
  readonly received: number;
  readonly evaluated: number;
  /** Events that came before. */
  readonly duplicates: number;
  /** Texts that are not JSON or no event, and events that could not be evaluated. */
  readonly refused: ReadonlyMap<RefusalKind, number>;
}

export interface StreamOptions {
  readonly evaluator: EvaluatesEvents;
  readonly hostname: string;
  readonly isoTime: boolean;
  readonly ruleMatching: 'first' | 'all';
  /** Whether an event came before. Default: none did. @param bytes of the event, valid during the call */
  isDuplicate?(bytes: Uint8Array): boolean;
  /** Called for each event that did not come before, whether it can be evaluated or not. Default: nobody asks. */
  onEvent?(values: JsonValues, event: FoundEvent): void;
  /** Called for each event that is evaluated, with its compact form, which is valid during the call. */
  onEvaluated?(bytes: Uint8Array, event: FoundEvent): void;
  onMatch(event: FoundEvent, match: AuditMatch): void;
  onRefused(kind: RefusalKind, reason: string): void;
}

const REASONS: Readonly<Record<Refusal, string>> = {
  'not-an-event': 'it is not an audit event',
  'no-time': 'it is not an audit event with a valid stageTimestamp',
};

export class AuditEventStream {
  readonly #options: StreamOptions;
  readonly #scanner = new JsonScanner();
  readonly #values = new JsonValues(this.#scanner);
  readonly #refused = new Map<RefusalKind, number>();
  #context: ReadContext | undefined;
  #received = 0;
  #evaluated = 0;
  #duplicates = 0;

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  get counters(): StreamCounters {
    return {
      received: this.#received,
      evaluated: this.#evaluated,
      duplicates: this.#duplicates,
      refused: this.#refused,
    };
  }

  /**
   * An event, a list of events or an array of such.
   * @returns why it holds no event
   */
  take(text: Uint8Array): RefusalKind | undefined {
    try {
      this.#scanner.scan(text);
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      this.refuse('not-json', error.message);
      return 'not-json';
    }
    const { events, refused } = findEvents(this.#values, () => BigInt(Date.now()) * NANOSECONDS_PER_MS);
    for (const kind of refused) this.refuse(kind, REASONS[kind]);
    this.#received += events.length;
    for (const event of events) this.#evaluate(event);
    return events.length === 0 ? refused[0] : undefined;
  }

  /** A text, or what it should have as an event. */
  refuse(kind: RefusalKind, reason: string): void {
    this.#received++;
    this.#count(kind, reason);
  }

  #count(kind: RefusalKind, reason: string): void {
    this.#refused.set(kind, (this.#refused.get(kind) ?? 0) + 1);
    this.#options.onRefused(kind, reason);
  }

  #evaluate(event: FoundEvent): void {
    const { evaluator, ruleMatching, onMatch } = this.#options;
    const [start, end] = [this.#values.start(event.value), this.#values.end(event.value)];
    const size = end - start;
    if (this.#options.isDuplicate?.(this.#scanner.compact.subarray(start, end))) {
      this.#duplicates++;
      return;
    }
    this.#options.onEvent?.(this.#values, event);
    if (size > LARGEST_EVENT) {
      this.#count('too-large', `the event has ${size} bytes, more than ${LARGEST_EVENT}`);
      return;
    }
    this.#options.onEvaluated?.(this.#scanner.compact.subarray(start, end), event);
    const most = ruleMatching === 'first' ? 1 : Number.POSITIVE_INFINITY;
    const { matches, failure } = evaluator.evaluate(this.#values, event, this.#contextOf(event), most);
    if (failure) this.#count(failure.kind, failure.reason);
    else this.#evaluated++;
    for (const match of matches) onMatch(event, match);
  }

  /** Times relative to the first event. */
  #contextOf({ time }: FoundEvent): ReadContext {
    const { hostname, isoTime } = this.#options;
    this.#context ??= { sessionStart: time, hostname, isoTime, isLive: false };
    return this.#context;
  }
}
