// What an agent keeps of a stream of requests from a receiver: its position, and the times for which it knows all requests.

import { bigNumber, number, object, optional, type Shape, text } from '../diagnostics/json-shape.ts';
import { coverageJson, type RequestCoverage, readCoverage } from './coverage.ts';

/** An agent's position. Positions count within an epoch: a run of the receiver. */
export interface StreamPosition {
  readonly epoch: string;
  readonly position: number;
}

export interface RequestStreamState {
  /** Absent before the first stream. */
  readonly at?: StreamPosition | undefined;
  /** The next span of the coverage begins then: ns since the epoch. */
  readonly until: bigint;
  readonly coverage: RequestCoverage;
}

const STATE: Shape<RequestStreamState> = object({
  at: optional(object({ epoch: text, position: number })),
  until: bigNumber,
  coverage: readCoverage,
});

/** Undefined for a text of another shape. */
export function readStreamState(json: string): RequestStreamState | undefined {
  try {
    return STATE(JSON.parse(json));
  } catch {
    return undefined;
  }
}

export function streamStateJson({ at, until, coverage }: RequestStreamState): string {
  return JSON.stringify({ at, until: String(until), coverage: coverageJson(coverage) });
}
