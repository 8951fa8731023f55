// Where an agent gets the requests to enter its node's pods from, if it does not receive audit events itself.

import type { RequestCoverage } from '../../sessions/coverage.ts';
import type { PodRequestFacts } from '../../sessions/pod-request-facts.ts';
import type { RequestStreamState } from '../../sessions/stream-state.ts';

/** The agent, to such a source. */
export interface PodRequestStreamSink {
  /** What was kept by an earlier run; undefined if nothing was, or it can't be read. Never rejects. */
  resume(): Promise<RequestStreamState | undefined>;
  /** Keeps an event of a request. Nobody waits for it. */
  take(event: PodRequestFacts): void;
  /** Resolves when all events that were taken so far are on disk, and then that state. Rejects if they may not be. */
  keep(state: RequestStreamState): Promise<void>;
}

export interface PodRequestSummary {
  readonly url: string;
  /** Time of the last message from the receiver, in ms since the epoch. Absent: none yet. */
  readonly lastHeard?: number;
  /** Why no stream is open now. */
  readonly failure?: string;
  /** Streams that were opened. */
  readonly streams: number;
  readonly requests: number;
  /** Requests that are known to exist, whose pod's node the receiver did not find. */
  readonly withheld: number;
  /** How often requests may have been missed. */
  readonly gaps: number;
}

export interface PodRequestSource {
  start(sink: PodRequestStreamSink): void;
  /** The times for which the sink has all requests. It is another object after each change. */
  readonly coverage: RequestCoverage;
  readonly summary: PodRequestSummary;
  /** Keeps its state. Never rejects. */
  stop(): Promise<void>;
}
