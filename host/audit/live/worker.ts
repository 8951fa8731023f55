// The thread that evaluates audit events: receives texts, and sends matches and the outcome of each text.

import { parentPort, workerData } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';
import { messageOf } from '../../diagnostics/system-reason.ts';
import type { ReadContext } from '../../fields/context.ts';
import { NANOSECONDS_PER_MS } from '../../fields/time.ts';
import type { PodRequestFacts } from '../../sessions/pod-request-facts.ts';
import type { AuditEvaluation, EvaluatesEvents } from '../evaluator.ts';
import { AuditEventStream, type RefusalKind, type StreamCounters } from '../event-stream.ts';
import type { FoundEvent } from '../events/find-events.ts';
import { isBlank, LONGEST_LINE } from '../events/log-lines.ts';
import { type EvaluatedRules, GuardedEvaluators, type TimedMatch } from '../guarded-evaluators.ts';
import type { JsonValues } from '../json/values.ts';
import { OutgoingEvents } from './outgoing-events.ts';
import { podRequestOf } from './pod-requests.ts';
import type { AuditText, EvaluationSettings, FromEvaluation, TextOutcome, ToEvaluation } from './protocol.ts';
import { SeenEvents } from './seen-events.ts';

const NEWLINE = 0x0a;
/** Matches that go out together. */
const MATCHES_AT_A_TIME = 512;
/** Matches of one text. Events of 12 MB with ten matches each have fewer. */
const MOST_MATCHES = 65_536;

/** The rules in use. */
class RulesInUse implements EvaluatesEvents {
  generation = -1;
  #evaluators: EvaluatesEvents | undefined;
  readonly #prepared = new Map<number, EvaluatesEvents>();

  prepare(generation: number, { modules, guard }: EvaluatedRules): void {
    this.#prepared.set(generation, new GuardedEvaluators(modules, guard));
  }

  /** Uses a prepared generation of rules. Generations that were prepared before are not wanted any more. */
  use(generation: number): void {
    const evaluators = this.#prepared.get(generation);
    // Events would be evaluated by no rule; another thread gets the rules in use.
    if (!evaluators) throw new Error(`it does not have the rules of generation ${generation}`);
    this.#evaluators = evaluators;
    this.generation = generation;
    for (const one of this.#prepared.keys()) if (one <= generation) this.#prepared.delete(one);
  }

  discard(generation: number): void {
    this.#prepared.delete(generation);
  }

  evaluate(values: JsonValues, event: FoundEvent, context: ReadContext, mostMatches: number): AuditEvaluation {
    return this.#evaluators?.evaluate(values, event, context, mostMatches) ?? { matches: [] };
  }
}

const rules = new RulesInUse();
const seen = new SeenEvents();
const {
  hostname,
  isoTime,
  ruleMatching,
  namesPodRequests = false,
  sendsEvents = false,
} = workerData as EvaluationSettings;
let matches: TimedMatch[] = [];
let matchesLeft = 0;
let matchesDropped = 0;
let podRequests: PodRequestFacts[] = [];
const outgoing = new OutgoingEvents((block) => send({ kind: 'events', block }, [block.lines.buffer]));
let isSending = sendsEvents;

const stream = new AuditEventStream({
  evaluator: rules,
  hostname,
  isoTime,
  ruleMatching,
  isDuplicate: (bytes) => seen.add(bytes),
  ...(namesPodRequests && {
    onEvent(values: JsonValues, event: FoundEvent) {
      const found = podRequestOf(values, event);
      if (found) podRequests.push(found);
    },
  }),
  onEvaluated: (bytes, { time }) => {
    if (isSending) outgoing.add(bytes, Number(time / NANOSECONDS_PER_MS));
  },
  onMatch: ({ time }, match) => {
    if (matchesLeft-- <= 0) {
      matchesDropped++;
      return;
    }
    matches.push({ time, ...match });
    if (matches.length >= MATCHES_AT_A_TIME) sendMatches();
  },
  onRefused: () => {},
});

function send(message: FromEvaluation, transferred: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transferred);
}

function sendMatches(): void {
  if (matches.length > 0) send({ kind: 'matches', generation: rules.generation, matches });
  matches = [];
}

parentPort?.on('message', (message: ToEvaluation) => {
  switch (message.kind) {
    case 'prepare':
      prepare(message.generation, message);
      return;
    case 'use':
      rules.use(message.generation);
      send({ kind: 'used', generation: message.generation });
      return;
    case 'discard':
      rules.discard(message.generation);
      return;
    case 'text':
      take(message);
      return;
    case 'send-events':
      isSending = message.isOn;
      return;
    case 'flush':
      outgoing.flush();
  }
});

function prepare(generation: number, given: EvaluatedRules): void {
  try {
    rules.prepare(generation, given);
    send({ kind: 'prepared', generation });
  } catch (error) {
    send({ kind: 'prepared', generation, error: messageOf(error) });
  }
}

function take(text: AuditText): void {
  const before = copied(stream.counters);
  matchesLeft = MOST_MATCHES;
  matchesDropped = 0;
  let unreadable: RefusalKind | undefined;
  try {
    if (text.form === 'lines') takeLines(text.bytes);
    else unreadable = takeValue(text);
  } catch (error) {
    stream.refuse('failed', messageOf(error));
  }
  sendMatches();
  if (podRequests.length > 0) send({ kind: 'pod-requests', events: podRequests });
  podRequests = [];
  const outcome = outcomeSince(before, unreadable);
  send({ kind: 'taken', outcome, matchesDropped, unsent: outgoing.events });
}

function takeLines(bytes: Uint8Array): void {
  for (let from = 0; from < bytes.length; ) {
    const found = bytes.indexOf(NEWLINE, from);
    const end = found < 0 ? bytes.length : found;
    const line = bytes.subarray(from, end);
    if (!isBlank(line)) stream.take(line);
    from = end + 1;
  }
}

/** @returns why it holds no event */
function takeValue({ bytes, isGzip = false }: AuditText): RefusalKind | undefined {
  if (!isGzip) return stream.take(bytes);
  let plain: Uint8Array;
  try {
    plain = gunzipSync(bytes, { maxOutputLength: LONGEST_LINE });
  } catch (error) {
    const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    const kind = isTooLarge ? 'too-large' : 'not-gzip';
    stream.refuse(kind, messageOf(error));
    return kind;
  }
  return stream.take(plain);
}

function copied({ refused, ...rest }: StreamCounters): StreamCounters {
  return { ...rest, refused: new Map(refused) };
}

function outcomeSince(before: StreamCounters, unreadable: RefusalKind | undefined): TextOutcome {
  const now = stream.counters;
  const dropped = [...now.refused].flatMap(([kind, count]): [RefusalKind, number][] => {
    const more = count - (before.refused.get(kind) ?? 0);
    return more > 0 ? [[kind, more]] : [];
  });
  return {
    received: now.received - before.received,
    evaluated: now.evaluated - before.evaluated,
    duplicates: now.duplicates - before.duplicates,
    dropped,
    ...(unreadable && { unreadable }),
  };
}
