// The queue of matches to the host: decides which count, reads the data of their alerts, and sends many in one message.

import type { SessionRef } from '../../sessions/exec-entry.ts';
import type { ExecSessions } from '../match-reading/exec-sessions.ts';
import type { MatchReader } from '../match-reading/match-reader.ts';
import type { OwnProcesses } from '../match-reading/own-processes.ts';
import type { Control } from '../messages/control.ts';
import type { Match } from '../messages/match.ts';
import type { FromWorker, RuleMatching } from '../messages/protocol.ts';
import type { SetMatch } from '../modules/module-set.ts';
import type { EnforcedMatches } from './enforced-matches.ts';
import type { Hold } from './hold.ts';
import { MatchShares } from './match-shares.ts';
import { UndecidedMatches } from './undecided-matches.ts';

/**
 * How long a batch may wait in all for the host to take matches, before they are dropped. The rings fill meanwhile: at
 * 400,000 events a second on a CPU, by half of the 8 MB that it has on two. A module does not pay for it: its limit is CPU time.
 */
const PATIENCE_MS = 50;

const NO_SESSIONS: readonly SessionRef[] = [];

/** Matches in one message. */
const MATCHES_AT_ONCE = 256;

export interface MatchQueueParts {
  readonly control: Control;
  readonly reader: MatchReader;
  readonly ruleMatching: RuleMatching;
  /** Matches of these processes are ignored. */
  readonly ownProcesses?: OwnProcesses;
  /** Who checks the capture. Matches of its thread are ignored, because it makes test calls. */
  readonly guard?: { readonly thread: number };
  /** Absent: the kernel enforces nothing. */
  readonly enforced?: EnforcedMatches;
  /** Events come from a recording, as fast as they can be evaluated. */
  readonly replay?: RecordedTime;
  /** Matches name them. Absent: nobody asks for them. */
  readonly sessions?: ExecSessions;
  /** Gets the matches that count instead of the host: the records are valid during the call. */
  readonly onCounted?: (match: SetMatch) => void;
  readonly send: (message: FromWorker) => void;
}

/** The time of a replay. */
export interface RecordedTime {
  /** Time of its machine's monotonic clock. */
  readonly milliseconds: number;
}

export class MatchQueue {
  readonly #parts: MatchQueueParts;
  readonly #hold: Hold;
  readonly #matched = new Set<number>();
  readonly #undecided = new UndecidedMatches();
  readonly #shares = new MatchShares();
  #outgoing: Match[] = [];
  #canWait: boolean;
  #patienceMs = PATIENCE_MS;
  #matches = 0;
  #dropped = 0;
  #ofSelf = 0;

  constructor(parts: MatchQueueParts, hold: Hold) {
    this.#parts = parts;
    this.#hold = hold;
    this.#canWait = parts.replay !== undefined;
  }

  /** Called before a batch of new events is evaluated. */
  begin(): void {
    this.#matched.clear();
    this.#patienceMs = PATIENCE_MS;
  }

  /** Called after the end of capture: the rings can't fill while the worker waits for the host, so no match is dropped. */
  drain(): void {
    this.#canWait = true;
  }

  /** Handles a match reported by a module. */
  take(match: SetMatch): void {
    const { set, module, rule, event, view, alternative, holdsWithout } = match;
    const { enforced, guard, onCounted, ownProcesses, reader, ruleMatching } = this.#parts;
    enforced?.take(match);
    const isFirst = ruleMatching === 'first';
    // The alert of a rule reports what was done for it.
    if (isFirst && this.#matched.has(event) && !enforced?.isOf(match)) return;
    const sessions = alternative === undefined ? NO_SESSIONS : reader.sessionsAt(view);
    const isUndecided = sessions.length > 0;
    if (alternative !== undefined && !isUndecided && !holdsWithout) return;
    if (isFirst && !isUndecided) this.#matched.add(event);
    if ((guard && reader.isOfThread(guard.thread, view)) || (ownProcesses && reader.isOf(ownProcesses, view))) {
      this.#ofSelf++;
      return;
    }
    if (this.#hold.passesOver(event, module, rule)) return;
    const isLater = this.#undecided.has(event) && !enforced?.isOf(match);
    if (!isLater) this.#matches++;
    if (onCounted) {
      onCounted(match);
      return;
    }
    if (!isLater && !this.#hasRoom(module, rule)) {
      this.#dropped++;
      this.#matched.add(event);
      return;
    }
    if (isLater && isUndecided && this.#undecided.isFull(event)) {
      this.#dropped++;
      return;
    }
    const plan = set.modules[module]?.rules[rule];
    const values = plan && reader.read(plan, view, this.#hold.reason);
    if (values) {
      const acts = plan.guards && set.toActOn(event, view, plan.guards);
      const session = isUndecided && { alternative, sessions };
      const taken = { generation: set.generation, module, rule, ...values, ...(acts && { acts }), ...session };
      if (isLater || (isFirst && isUndecided)) this.#undecided.add(event, taken);
      else this.#outgoing.push(taken);
      if (!this.#canWait && !isLater) this.#shares.add(module, rule);
    }
    if (this.#outgoing.length >= MATCHES_AT_ONCE) this.flush();
  }

  /** Whether another match of a rule may be on its way to the host; waits for that. Once a stop is requested, none is dropped. */
  #hasRoom(module: number, rule: number): boolean {
    const { control } = this.#parts;
    if (this.#canWait || this.#shares.hasRoom(module, rule, control.inFlight + this.#notSent)) return true;
    this.flush();
    for (;;) {
      const onWay = control.inFlight + this.#notSent;
      if (this.#shares.hasRoom(module, rule, onWay) || control.stopRequested) return true;
      // Where none is on its way, those of this batch that are undecided take the room.
      if (this.#patienceMs <= 0 || control.inFlight === 0) return false;
      this.#patienceMs -= control.waitForRoom(this.#patienceMs, control.inFlight);
    }
  }

  get #notSent(): number {
    return this.#outgoing.length + this.#undecided.size;
  }

  /** Called after the evaluation of a batch: no further match of its events will come. */
  end(): void {
    if (this.#undecided.size > 0) this.#outgoing.push(...this.#undecided.take());
  }

  /** Sends what was taken. */
  flush(): void {
    if (this.#outgoing.length === 0) return;
    this.#parts.sessions?.announce(this.#parts.send);
    this.#parts.control.addInFlight(this.#outgoing.length);
    this.#parts.send({ kind: 'matches', matches: this.#outgoing });
    this.#outgoing = [];
  }

  get counters() {
    return {
      matches: this.#matches,
      matchesDropped: this.#dropped,
      matchesOfSelf: this.#ofSelf,
      fieldsUnreadable: this.#parts.reader.unreadable,
    };
  }
}
