// The worker's work, one batch at a time: events from the capture, candidates for new processes, evaluation; and messages of the host.

import type { Replay } from '../../recording/replay.ts';
import type { RunFailure } from '../../sandbox/run.ts';
import type { EvaluationClock } from '../counts/evaluation-clock.ts';
import type { EnforcedMatches } from '../matches/enforced-matches.ts';
import { Hold } from '../matches/hold.ts';
import { MatchQueue, type MatchQueueParts } from '../matches/match-queue.ts';
import type { HoldEnd } from '../messages/match.ts';
import type { HoldLimits } from '../messages/protocol.ts';
import type { RuleSetStart } from '../messages/rule-set-start.ts';
import { describeError } from '../messages/worker-error.ts';
import { ModuleReturn } from '../modules/module-return.ts';
import type { ModuleSet, SetMatch } from '../modules/module-set.ts';
import type { SetModule } from '../modules/set-module.ts';
import { DueGarbage } from './due-garbage.ts';
import { HostMessages, type MessageParts } from './host-messages.ts';
import type { IntegrityGuard } from './integrity-guard.ts';
import { LoopCounters } from './loop-counters.ts';
import { type NewImageParts, NewImages, type RulesAtHand } from './new-images.ts';
import { Replacement } from './replacement.ts';
import { WideCapture } from './wide-capture.ts';

/** Longest wait of a poll. It limits how late a stop or a message is noticed; 20 wake-ups a second cost next to nothing. */
const POLL_MS = 50;
/** Time limit for evaluating events that arrived before a stop: full rings take a tenth of it on an idle processor. */
const DRAIN_MS = 3_000;
/** Longest wait of a poll while rules are being replaced, which proceeds between polls. */
const REPLACING_POLL_MS = 2;
/** How long after the end of capture an event may still be committed: a BPF program takes microseconds, unless it is preempted. */
const LAST_COMMIT_MS = 2;
/** Most pairs of addresses that one poll writes: two for each ring and a few more. */
const SEGMENT_PAIRS = 4096;
/** Between two messages of how far a replay has come. */
const PROGRESS_MS = 100;
/** Longest wait of a poll while events wait for a container's runtime: local ones answer within a few ms. */
const WAITING_POLL_MS = 5;

export interface LoopParts extends MatchQueueParts, MessageParts, NewImageParts {
  /** Binds the modules of a rule set, with their candidates in that bank. */
  readonly bindSet: (rules: RuleSetStart, bank: number) => ModuleSet;
  readonly rules: RuleSetStart;
  /** Is called as time passes. */
  readonly guard?: IntegrityGuard;
  readonly clock: EvaluationClock;
  readonly hold: HoldLimits;
  /** Event types that captures by rules may need. */
  readonly ahead?: readonly string[];
}

export class EngineLoop {
  readonly #parts: LoopParts;
  readonly #segments = new Uint32Array(2 * SEGMENT_PAIRS);
  readonly #images: NewImages;
  readonly #hold: Hold;
  readonly #queue: MatchQueue;
  #set: ModuleSet;
  #replacement: Replacement | undefined;
  readonly #wide: WideCapture | undefined;
  readonly #return: ModuleReturn;
  readonly #counters: LoopCounters;
  /** A time of performance.now(), set when a stop is requested. */
  #deadline = Number.POSITIVE_INFINITY;
  readonly #enforced: EnforcedMatches | undefined;
  readonly #garbage = new DueGarbage();
  readonly #messages: HostMessages;

  constructor(parts: LoopParts) {
    this.#parts = parts;
    this.#set = parts.bindSet(parts.rules, 0);
    const { capture, memory, hold: limits, replay } = parts;
    this.#hold = new Hold({
      capture,
      memory,
      limits,
      rules: () => this.#set.containerRules,
      now: replay ? () => replay.milliseconds : () => performance.now(),
      evaluate: (segments, pairs) => this.#evaluate(segments, pairs),
    });
    this.#enforced = parts.enforcer?.matches;
    this.#queue = new MatchQueue({ ...parts, ...(this.#enforced && { enforced: this.#enforced }) }, this.#hold);
    this.#wide = parts.taps && new WideCapture(capture, parts.taps, parts.ahead);
    this.#return = new ModuleReturn(capture, parts.send);
    this.#counters = new LoopCounters(parts, {
      queue: this.#queue,
      hold: this.#hold,
      evaluation: () => this.#set.evaluation,
    });
    this.#messages = new HostMessages(parts, {
      hold: this.#hold,
      wide: this.#wide,
      garbage: this.#garbage,
      replace: (rules) => this.#replace(rules),
    });
    this.#images = new NewImages(parts, this.#hold);
    this.#images.choose(this.#rules);
  }

  /** Runs until a stop is requested; events that have arrived by then are evaluated, as far as the time suffices. */
  run(): void {
    const { send } = this.#parts;
    try {
      this.#watch();
    } catch (error) {
      send({ kind: 'counters', counters: this.#counters.final(this.#segments) });
      throw error;
    }
    send({ kind: 'stopped', counters: this.#counters.final(this.#segments) });
  }

  #watch(): void {
    const { capture, control, taps, recorder } = this.#parts;
    while (!control.stopRequested) this.round(POLL_MS);
    // End the capture first: under load the rings would never be empty, and the final counters would not add up.
    capture.finish();
    // Messages that the host sent before the stop have arrived too.
    this.#messages.take();
    this.#queue.drain();
    while (!this.#isLate && this.round(LAST_COMMIT_MS) > 0) control.waitForLastMatches(this.#deadline);
    this.#endHold('stopped');
    recorder?.flush();
    taps?.end();
  }

  get #rules(): RulesAtHand {
    return { set: this.#set, replacement: this.#replacement };
  }

  /** Whether a stop was requested, and the time for the events that had arrived by then is over. */
  get #isLate(): boolean {
    if (!this.#parts.control.stopRequested) return false;
    const now = performance.now();
    if (this.#deadline === Number.POSITIVE_INFINITY) this.#deadline = now + DRAIN_MS;
    return now >= this.#deadline;
  }

  /**
   * Runs until the end of the recording, or a stop is requested. Nothing is dropped: it waits for the host.
   * @param share of the file that was read, 0 to 1
   */
  runReplay(replay: Replay, share: () => number): void {
    const { control, send } = this.#parts;
    let toldAt = performance.now();
    while (!control.stopRequested && replay.feed()) {
      while (this.round(0) > 0);
      if (performance.now() - toldAt >= PROGRESS_MS) {
        toldAt = performance.now();
        send({ kind: 'progress', share: share(), events: replay.report.events });
      }
      control.waitForMatches();
    }
    this.endReplay();
    send({ kind: 'replayed', report: replay.report });
    send({ kind: 'stopped', counters: this.#counters.now() });
  }

  /** Whether events wait for the metadata of a container. */
  get holdsEvents(): boolean {
    return this.#hold.isWaiting;
  }

  /** Evaluates events that still wait for their container's metadata. */
  endReplay(): void {
    this.#endHold('stopped');
  }

  /** Processes one batch. Returns its number of segments, 0 if there were none. */
  round(timeoutMs: number): number {
    const { capture, taps, recorder } = this.#parts;
    if (this.#replacement?.isDone) {
      this.#replacement = undefined;
      this.#set.follow(undefined);
      this.#garbage.add('once');
      this.#images.choose(this.#rules);
    }
    if (this.#replacement && !this.#wide?.isUnderWay) this.#replacement.step();
    else this.#widen();
    this.#return.step(this.#set);
    const pairs = capture.poll(this.#segments, Math.min(timeoutMs, this.#pollLimit));
    this.#messages.takeAnnounced();
    if (!this.#images.prepare(this.#rules, () => this.#isLate)) {
      // Without their candidates the rules would match what they do not mean.
      this.#counters.leaveUnread(this.#segments, pairs);
      return 0;
    }
    recorder?.batch(this.#segments, pairs);
    taps?.batch(this.#segments, pairs);
    this.#hold.takeBatch();
    if (pairs > 0) {
      const hasEnforced = this.#enforced !== undefined && capture.hasEnforced();
      this.#evaluate(this.#segments, pairs, hasEnforced, this.#parts.clock.begin(this.#segments[0] ?? 0));
      this.#counters.batches++;
    }
    capture.release();
    this.#parts.sessions?.announce(this.#parts.send);
    this.#queue.flush();
    this.#counters.reportIfDue();
    this.#parts.guard?.checkIfDue();
    this.#garbage.collectIfDue(pairs === 0);
    return pairs;
  }

  /** Called when a container's entry was set by a recording. */
  containerKnown(id: string, entry: Uint8Array): void {
    this.#hold.known(id, entry);
  }

  /** Called by a module for each match. */
  onMatch(match: SetMatch): void {
    this.#queue.take(match);
  }

  /** Called when a module has failed. For rules on trial, that is reported when they are rejected. */
  onFailure(set: ModuleSet, { name }: SetModule, { kind, reason }: RunFailure, pauseMs: number | undefined): void {
    if (set !== this.#set) return;
    const pause = pauseMs === undefined ? {} : { pauseMs };
    const { generation } = set;
    this.#parts.send({ kind: 'set-aside', generation, module: name, failure: kind, reason, ...pause });
  }

  /** The current limit for a poll's wait. */
  get #pollLimit(): number {
    if (this.#replacement || this.#wide?.isUnderWay || this.#return.isUnderWay) return REPLACING_POLL_MS;
    return this.#hold.isWaiting ? WAITING_POLL_MS : POLL_MS;
  }

  /**
   * @param hasEnforced whether the kernel may have decided about any of the events by the rules that it enforces
   * @param measured whether its time is measured
   */
  #evaluate(segments: Uint32Array, pairs: number, hasEnforced = true, measured = false): void {
    this.#queue.begin();
    this.#enforced?.begin(segments, pairs, hasEnforced);
    this.#set.evaluate(segments, pairs, measured, hasEnforced);
    this.#queue.end();
    const unmatched = this.#enforced?.unmatched() ?? [];
    if (unmatched.length > 0) this.#parts.send({ kind: 'enforced-unmatched', unmatched });
  }

  #widen(): void {
    const failed = this.#wide?.step(this.#set);
    if (failed !== undefined) this.#parts.send({ kind: 'captures-failed', error: describeError(failed) });
  }

  /** Begins to replace the rules; the new ones take over between two later batches. */
  #replace(rules: RuleSetStart): void {
    const { bindSet, capture, enforcer, send } = this.#parts;
    this.#replacement = new Replacement(this.#set, rules, {
      capture,
      ...(enforcer && { enforcer }),
      bindSet,
      send,
      mayTakeOver: () => !this.#hold.isWaiting,
      patience: this.#parts.hold.milliseconds,
      beside: () => this.#wide?.applied() ?? [],
      unsettled: () => this.#wide?.failed(),
      takeOver: (next) => {
        this.#endHold('rules-replaced');
        next.follow(this.#set);
        this.#set = next;
      },
    });
    this.#images.choose(this.#rules);
  }

  /** Evaluates held events without waiting longer. */
  #endHold(end: HoldEnd): void {
    this.#hold.endAll(end);
    this.#queue.flush();
  }
}
