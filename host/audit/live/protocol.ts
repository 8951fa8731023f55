// The messages between the thread that evaluates audit events and its host.

import type { PodRequestFacts } from '../../sessions/pod-request-facts.ts';
import type { RefusalKind } from '../event-stream.ts';
import type { EvaluatedRules, TimedMatch } from '../guarded-evaluators.ts';

/** What the thread is started with. */
export interface EvaluationSettings {
  readonly hostname: string;
  readonly isoTime: boolean;
  readonly ruleMatching: 'first' | 'all';
  /** Whether events of requests to enter pods are sent to the host. Default: they are not. */
  readonly namesPodRequests?: boolean;
  /** Whether all events are sent to the host, to be kept. Default: they are not. */
  readonly sendsEvents?: boolean;
}

/** Events as the thread has evaluated them, in their compact form. */
export interface EvaluatedEvents {
  /** Lines of JSON, each with its end. */
  readonly lines: Uint8Array<ArrayBuffer>;
  readonly events: number;
  /** Time of the last event, in ms since the epoch. */
  readonly to: number;
}

/** One JSON value, or lines with one each. */
export interface AuditText {
  readonly form: 'value' | 'lines';
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** It is compressed. */
  readonly isGzip?: boolean;
}

/** What came of a text. received = evaluated + duplicates + the sum of dropped. */
export interface TextOutcome {
  readonly received: number;
  readonly evaluated: number;
  readonly duplicates: number;
  readonly dropped: readonly (readonly [RefusalKind, number])[];
  /** Why it holds no event; for one value alone. */
  readonly unreadable?: RefusalKind;
}

export type ToEvaluation =
  | ({ readonly kind: 'prepare'; readonly generation: number } & EvaluatedRules)
  | { readonly kind: 'use'; readonly generation: number }
  | { readonly kind: 'discard'; readonly generation: number }
  | ({ readonly kind: 'text' } & AuditText)
  /** Whether events are sent from now on. */
  | { readonly kind: 'send-events'; readonly isOn: boolean }
  /** What waits to be sent is. */
  | { readonly kind: 'flush' };

export type FromEvaluation =
  /** Without an error the rules can be used. */
  | { readonly kind: 'prepared'; readonly generation: number; readonly error?: string }
  /** No match of earlier rules will come. */
  | { readonly kind: 'used'; readonly generation: number }
  | { readonly kind: 'matches'; readonly generation: number; readonly matches: readonly TimedMatch[] }
  /** Requests in the text that is answered next. */
  | { readonly kind: 'pod-requests'; readonly events: readonly PodRequestFacts[] }
  | { readonly kind: 'events'; readonly block: EvaluatedEvents }
  /** Outcome of a text. Outcomes come in the order of the texts. */
  | {
      readonly kind: 'taken';
      readonly outcome: TextOutcome;
      readonly matchesDropped: number;
      /** Events that are to be sent, and wait for others. */
      readonly unsent: number;
    };
