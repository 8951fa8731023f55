// Holds a stream to a receiver of audit events open, continues at its position, and reports the times for which all requests are known.

import type {
  PodRequestSource,
  PodRequestStreamSink,
  PodRequestSummary,
} from '../../agent/sources/pod-request-source.ts';
import { asNanoseconds, at } from '../../diagnostics/json-value.ts';
import { NANOSECONDS_PER_MS } from '../../fields/time.ts';
import { BackOff } from '../../metadata/kubernetes/back-off.ts';
import {
  earlier,
  later,
  NO_COVERAGE,
  type RequestCoverage,
  withoutSpan,
  withSpan,
  withWithheld,
} from '../../sessions/coverage.ts';
import type { PodRequestFacts } from '../../sessions/pod-request-facts.ts';
import { ReceiverClock } from '../../sessions/receiver-clock.ts';
import type { StreamMessage } from '../../sessions/stream-messages.ts';
import type { RequestStreamState } from '../../sessions/stream-state.ts';
import { ReceiverError, type ReceiverPlace, readStream } from './receiver-stream.ts';

/** A shorter stream is a failure, also if the receiver ends it. */
const SHORT_STREAM_MS = 1_000;
const NOTHING: RequestStreamState = { until: 0n, coverage: NO_COVERAGE };

export interface ReceiverClientOptions extends ReceiverPlace {
  /** Called with a message for people, once for each change. */
  readonly onTrouble: (message: string) => void;
  readonly onNote: (message: string) => void;
  /** For tests. */
  readonly silenceMs?: number;
}

export class ReceiverClient implements PodRequestSource {
  readonly #options: ReceiverClientOptions;
  readonly #stopped = new AbortController();
  readonly #backOff = new BackOff();
  #state: RequestStreamState = NOTHING;
  #running: Promise<void> = Promise.resolve();
  /** Writes of the state, one at a time. */
  #keeping: Promise<void> = Promise.resolve();
  #isKeeping = false;
  /** When the clock was looked at, in ms of one that nobody sets. Undefined: not yet. */
  #clockSeen: number | undefined;
  /** The state in memory may be ahead of what is on disk. */
  #isUnsure = true;
  #failure: string | undefined = 'it was not connected yet';
  #lastHeard: number | undefined;
  #streams = 0;
  #requests = 0;
  #withheld = 0;
  #gaps = 0;

  constructor(options: ReceiverClientOptions) {
    this.#options = options;
  }

  get coverage(): RequestCoverage {
    this.#leaveFutureOut();
    return this.#state.coverage;
  }

  get summary(): PodRequestSummary {
    return {
      url: this.#options.url,
      ...(this.#lastHeard !== undefined && { lastHeard: this.#lastHeard }),
      ...(this.#failure !== undefined && { failure: this.#failure }),
      streams: this.#streams,
      requests: this.#requests,
      withheld: this.#withheld,
      gaps: this.#gaps,
    };
  }

  start(sink: PodRequestStreamSink): void {
    this.#running = this.#run(sink);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
    await this.#keeping;
    // What came since the last sign of the receiver comes once more after the next start.
  }

  async #run(sink: PodRequestStreamSink): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const began = performance.now();
      const broken = new AbortController();
      try {
        if (this.#isUnsure) await this.#resume(sink);
        const either = AbortSignal.any([signal, broken.signal]);
        const clock = new ReceiverClock(Date.now);
        const take = (message: StreamMessage): void => this.#take(message, clock, sink, broken);
        await readStream(this.#options, this.#state.at, take, either, this.#options.silenceMs);
        if (performance.now() - began >= SHORT_STREAM_MS) {
          await this.#keeping;
          continue;
        }
      } catch (error) {
        if (signal.aborted) break;
        this.#failed(broken.signal.aborted ? broken.signal.reason : error);
      }
      await this.#keeping;
      if (performance.now() - began >= SHORT_STREAM_MS) this.#backOff.reset();
      await this.#backOff.wait(signal);
    }
  }

  async #resume(sink: PodRequestStreamSink): Promise<void> {
    const kept = await sink.resume();
    // Requests that are there without a state count as all there were.
    if (!kept) await sink.keep(NOTHING);
    this.#state = kept ?? NOTHING;
    this.#isUnsure = false;
  }

  #failed(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (reason !== this.#failure) {
      this.#options.onTrouble(`no requests to enter pods come from ${this.#options.url}: ${reason}`);
    }
    this.#failure = reason;
  }

  #take(message: StreamMessage, clock: ReceiverClock, sink: PodRequestStreamSink, broken: AbortController): void {
    this.#lastHeard = Date.now();
    if ('now' in message && !clock.heard(message.now)) {
      throw new ReceiverError(`the clock of ${this.#options.url}, or of this machine, was set`);
    }
    this.#leaveFutureOut();
    const { coverage, until } = this.#state;
    const epoch = message.kind === 'begin' ? message.epoch : (this.#state.at?.epoch ?? '');
    const place = { epoch, position: message.position };
    switch (message.kind) {
      case 'begin': {
        this.#begun();
        const whole = message.whole === undefined ? undefined : (clock.latest(message.whole) ?? message.whole);
        if (whole === undefined && this.#state.at?.epoch !== epoch) {
          throw new ReceiverError(`${this.#options.url} continues a stream that the agent did not ask for`);
        }
        // The first of all misses nothing that somebody counts on.
        if (whole !== undefined && this.#state.at) this.#gaps++;
        this.#state = { at: place, coverage, until: later(whole ?? 0n, until) };
        return;
      }
      case 'request':
        this.#requests++;
        sink.take(message.event);
        this.#state = { at: place, ...this.#withoutLate(message.event) };
        return;
      case 'withheld': {
        this.#withheld++;
        const { namespace, pod, received } = message;
        this.#state = { at: place, until, coverage: withWithheld(coverage, { namespace, pod, received }) };
        return;
      }
      case 'gap':
        this.#gaps++;
        this.#state = {
          at: place,
          coverage: withoutSpan(coverage, {
            from: clock.earliest(message.from) ?? message.from,
            to: clock.latest(message.to) ?? message.to,
          }),
          until: later(clock.latest(message.to) ?? message.to, until),
        };
        return;
      case 'alive': {
        // Nothing is known of times that the agent's own clock has not reached, whatever the receiver's clock shows.
        const whole = earlier(clock.earliest(message.whole) ?? until, nowNanoseconds());
        this.#state =
          whole > until
            ? { at: place, coverage: withSpan(coverage, { from: until, to: whole }), until: whole }
            : { at: place, coverage, until };
        this.#keep(sink, broken);
      }
    }
  }

  /**
   * Removes future times from the coverage. They seem to be covered if the node's clock was set back since it was looked at last: at these times sessions
   * begin once more, and their requests are not known.
   */
  #leaveFutureOut(): void {
    const elapsed = performance.now();
    const seen = this.#clockSeen;
    this.#clockSeen = elapsed;
    const now = nowNanoseconds();
    const { coverage } = this.#state;
    const last = coverage.spans.at(-1)?.to ?? 0n;
    if (last <= now) return;
    this.#gaps++;
    const from = seen === undefined ? 0n : now - BigInt(Math.ceil(elapsed - seen)) * NANOSECONDS_PER_MS;
    this.#state = { ...this.#state, coverage: withoutSpan(coverage, { from, to: last }) };
  }

  /**
   * The state after an event. One of a time of which all events were there, as it seemed, shows that others may be on their way, or given up: the clock
   * of the receiver or of the API server is wrong, or it came later than the receiver could tell.
   */
  #withoutLate(event: PodRequestFacts): Pick<RequestStreamState, 'coverage' | 'until'> {
    const { coverage, until } = this.#state;
    const staged = asNanoseconds(at(event, 'stageTimestamp'));
    if (staged === undefined || !coverage.spans.some(({ from, to }) => staged >= from && staged < to)) {
      return { coverage, until };
    }
    this.#gaps++;
    const to = later(nowNanoseconds(), until);
    return { coverage: withoutSpan(coverage, { from: staged, to }), until: to };
  }

  #begun(): void {
    this.#streams++;
    if (this.#failure !== undefined) this.#options.onNote(`requests to enter pods come from ${this.#options.url}`);
    this.#failure = undefined;
  }

  /** While the disk is slow the next sign of the receiver keeps what this one would. */
  #keep(sink: PodRequestStreamSink, broken: AbortController): void {
    if (this.#isKeeping) return;
    this.#isKeeping = true;
    this.#keeping = sink
      .keep(this.#state)
      .catch((error: unknown) => {
        // What is not on disk is asked for again.
        this.#isUnsure = true;
        broken.abort(error);
      })
      .finally(() => {
        this.#isKeeping = false;
      });
  }
}

function nowNanoseconds(): bigint {
  return BigInt(Date.now()) * NANOSECONDS_PER_MS;
}
