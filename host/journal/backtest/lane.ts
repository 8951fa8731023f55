// A set of rules that is tried on recordings: the engine's loop on this thread, over a capture of its own. Which matches count is decided
// by the same code as for alerts, and none is limited or dropped.

import type { Capture } from '../../capture/native.ts';
import { openCapture } from '../../capture/open.ts';
import { REPLAY_SIZES } from '../../capture/sizes.ts';
import { storeContainer } from '../../capture/store-container.ts';
import { EvaluationClock } from '../../engine/counts/evaluation-clock.ts';
import { EngineLoop } from '../../engine/loop/loop.ts';
import { MatchReader } from '../../engine/match-reading/match-reader.ts';
import { Control } from '../../engine/messages/control.ts';
import { type FromWorker, HOLD_LIMITS, type RuleMatching } from '../../engine/messages/protocol.ts';
import type { ModuleStart } from '../../engine/messages/rule-set-start.ts';
import { ModuleSet, type SetMatch } from '../../engine/modules/module-set.ts';
import { AddressNames } from '../../fields/address-names.ts';
import type { ReadContext } from '../../fields/context.ts';
import { EventMemory } from '../../fields/memory.ts';
import { BlockReplay, type CheckedBlock } from '../../recording/block-replay.ts';
import type { RecordingFacts } from '../../recording/format.ts';
import { PayloadError } from '../../recording/payload.ts';
import { UNTIMED_LIMITS } from '../../sandbox/run.ts';

export interface LaneRules {
  /** In the order of evaluation. */
  readonly modules: readonly ModuleStart[];
  /** Guards: conditions that are evaluated on matches alone. */
  readonly guard?: ModuleStart;
  readonly ruleMatching: RuleMatching;
}

/** A match that counts. The event can be read during the call. */
export interface LaneMatch extends SetMatch {
  readonly reader: MatchReader;
  readonly memory: EventMemory;
  readonly context: ReadContext;
}

export interface LaneListener {
  readonly onMatch: (match: LaneMatch) => void;
  /** A module failed and was set aside: from now on the figures of its rules are incomplete. */
  readonly onSetAside: (module: string, reason: string) => void;
}

/** Evaluates the rules on one recording: each can be read by itself. */
export class Lane implements Disposable {
  readonly #capture: Capture;
  readonly #replay: BlockReplay;
  readonly #loop: EngineLoop;
  /** Parts of blocks that were left out. */
  readonly damage: string[] = [];

  constructor({ modules, guard, ruleMatching }: LaneRules, facts: RecordingFacts, listener: LaneListener) {
    const { capture, memory: sandbox } = openCapture({ source: 'builder', sizes: REPLAY_SIZES });
    this.#capture = capture;
    // Most processes of a journal have no event that a rule reads.
    capture.announceImages('on-demand');
    const eventTypes = [...new Set(modules.flatMap(({ rules }) => rules.flatMap((rule) => rule.eventTypes)))];
    this.#replay = new BlockReplay(capture, new Set(eventTypes), (id, entry) => {
      // Waits that were over by then end without the answer, as they did.
      this.#loop.round(0);
      // Without room for its entry, the container only has what its cgroup shows.
      storeContainer(capture, id, entry);
      this.#loop.containerKnown(id, entry);
    });
    const names = new AddressNames();
    const { started: sessionStart, hostname } = facts;
    const context: ReadContext = { sessionStart, hostname, isoTime: true, isLive: false, names };
    const memory = new EventMemory(sandbox.buffer);
    const reader = new MatchReader(memory, context);
    this.#loop = new EngineLoop({
      capture,
      control: new Control(),
      rules: { generation: 0, modules, eventTypes, ...(guard && { guard }) },
      bindSet: (rules, bank) =>
        new ModuleSet(rules, bank, {
          sandbox,
          memory,
          context,
          ruleMatching,
          limits: UNTIMED_LIMITS,
          onMatch: (match) => this.#loop.onMatch(match),
          onFailure: (...failure) => this.#loop.onFailure(...failure),
        }),
      names,
      reader,
      clock: new EvaluationClock(sandbox.buffer),
      ruleMatching,
      memory,
      hold: HOLD_LIMITS,
      replay: this.#replay,
      onCounted: (match) => listener.onMatch({ ...match, reader, memory, context }),
      send: (message: FromWorker) => {
        if (message.kind === 'set-aside') listener.onSetAside(message.module, message.reason);
      },
      receive: () => undefined,
    });
    capture.start(eventTypes);
  }

  /** Evaluates a block. */
  evaluate(block: CheckedBlock): void {
    this.#replay.begin(block);
    try {
      while (this.#replay.feed()) while (this.#loop.round(0) > 0);
    } catch (error) {
      if (!(error instanceof PayloadError)) throw error;
      this.damage.push(error.message);
    }
  }

  /** Called after the last block. True if events wait for what comes after it: then lookAhead() is called with that, if it is there. */
  finish(): boolean {
    // Processes that came after the last event.
    while (this.#loop.round(0) > 0);
    this.#replay.leaveOutEvents();
    return this.#loop.holdsEvents;
  }

  /** Replays a block of the next recording for events that wait. Returns whether some still do. */
  lookAhead(block: CheckedBlock): boolean {
    this.evaluate(block);
    this.#loop.round(0);
    return this.#loop.holdsEvents;
  }

  /** Evaluates events that wait without waiting longer. */
  end(): void {
    this.#loop.endReplay();
  }

  /** The recorded time, of its machine's monotonic clock. */
  get milliseconds(): number {
    return this.#replay.milliseconds;
  }

  [Symbol.dispose](): void {
    this.#capture.close();
  }
}
