// What a receiver of audit events writes to the agents that hold a stream open: a JSON object a line.

import { bigNumber, number, object, oneOf, optional, type Shape, text } from '../diagnostics/json-shape.ts';
import { asObject } from '../diagnostics/json-value.ts';
import type { TimeSpan, WithheldRequest } from './coverage.ts';
import { type PodRequestFacts, podRequestFacts } from './pod-request-facts.ts';

/** Path at the receiver. */
export const STREAM_PATH = '/pod-requests';
/** Default audience of the tokens with which agents authenticate: the tokens are not valid elsewhere. */
export const STREAM_AUDIENCE = 'wasprey-pod-requests';
/** A receiver writes that often, whether something happened or not. */
export const ALIVE_EVERY_MS = 5_000;
/** Bytes of a line: of an event some 40 KB are kept at most. */
export const LONGEST_STREAM_LINE = 256 * 1024;

/** What the receiver's clock shows when it writes the message, in ns since the epoch. Absent: of an older version. */
interface Clocked {
  readonly now?: bigint | undefined;
}

/** Times other than those of requests are of the receiver's clock. */
export type StreamMessage =
  /**
   * Comes first, once. `whole` is absent if all since the position that was asked for follows. Else requests of before may be missing, and those
   * received from then on are not.
   */
  | ({
      readonly kind: 'begin';
      readonly epoch: string;
      readonly position: number;
      readonly whole?: bigint | undefined;
    } & Clocked)
  | { readonly kind: 'request'; readonly position: number; readonly event: PodRequestFacts }
  /** A request to enter a pod whose node is not known. */
  | ({ readonly kind: 'withheld'; readonly position: number } & WithheldRequest)
  /** Events may be missing at the receiver. */
  | ({ readonly kind: 'gap'; readonly position: number } & TimeSpan)
  /** All up to that position was written, and with it each request that was received until then. */
  | ({ readonly kind: 'alive'; readonly position: number; readonly whole: bigint } & Clocked);

export function streamLine(message: StreamMessage): string {
  return `${JSON.stringify(message, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}\n`;
}

const event: Shape<PodRequestFacts> = (json) => podRequestFacts(json);

const SHAPES = {
  begin: object({
    kind: oneOf(['begin']),
    epoch: text,
    position: number,
    whole: optional(bigNumber),
    now: optional(bigNumber),
  }),
  request: object({ kind: oneOf(['request']), position: number, event }),
  withheld: object({
    kind: oneOf(['withheld']),
    position: number,
    namespace: text,
    pod: text,
    received: bigNumber,
  }),
  gap: object({ kind: oneOf(['gap']), position: number, from: bigNumber, to: bigNumber }),
  alive: object({ kind: oneOf(['alive']), position: number, whole: bigNumber, now: optional(bigNumber) }),
} as const;

/** Undefined for a line that a receiver does not write. */
export function readStreamMessage(line: string): StreamMessage | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined;
  }
  switch (asObject(json)?.kind) {
    case 'begin':
      return SHAPES.begin(json);
    case 'request':
      return SHAPES.request(json);
    case 'withheld':
      return SHAPES.withheld(json);
    case 'gap':
      return SHAPES.gap(json);
    case 'alive':
      return SHAPES.alive(json);
    default:
      return undefined;
  }
}
