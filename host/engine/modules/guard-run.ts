// Runs the guards on the event of a match: conditions beside the rules, one rule of a module each. No event is evaluated by them otherwise.

import type { EventMemory } from '../../fields/memory.ts';
import { EventRecord, type ImageRecord } from '../../fields/record.ts';
import type { MatchCallback } from '../../sandbox/match-guard.ts';
import { type RunFailure, type RunLimits, runEvaluate } from '../../sandbox/run.ts';
import { EVENT_HEADER } from '../../schema/event-structs.ts';
import { member } from '../../schema/layout.ts';
import { OWN_PID_NAMESPACE } from '../match-reading/own-processes.ts';
import type { MatchedProcess, MatchToActOn } from '../messages/match.ts';
import type { RuleReads } from '../messages/rule-set-start.ts';
import type { SetModule } from './set-module.ts';

const SIZE_OFFSET = member(EVENT_HEADER, 'size').offset;

export interface GuardVerdict extends Pick<MatchToActOn, 'holding' | 'undecided'> {
  /** The module has just failed. */
  readonly failure?: RunFailure;
}

export class GuardRun {
  readonly module: SetModule;
  readonly #reads: readonly RuleReads[];
  readonly #memory: EventMemory;
  readonly #limits: RunLimits;
  readonly #holding = new Set<number>();

  /** @param bind binds the module, whose matches go to the callback */
  constructor(
    bind: (match: MatchCallback) => SetModule,
    reads: readonly RuleReads[],
    memory: EventMemory,
    limits: RunLimits,
  ) {
    this.module = bind((rule) => this.#holding.add(rule));
    this.#reads = reads;
    this.#memory = memory;
    this.#limits = limits;
  }

  /**
   * Which of the wanted guards hold for an event. As for a rule, any of its views suffices.
   * @param view by which the rule matched: it has the process
   */
  verdict(event: number, view: number, wanted: readonly number[]): GuardVerdict {
    if (wanted.length === 0) return { holding: [], undecided: [] };
    if (this.module.failure) return { holding: [], undecided: wanted };
    this.#holding.clear();
    const result = runEvaluate(
      this.module.instance,
      event,
      event + this.#memory.u32(event + SIZE_OFFSET),
      this.#limits,
    );
    if (!result.ok) return { holding: [], undecided: wanted, failure: result };
    const image = knownImage(this.#memory, view);
    // Nothing is known of an unknown process that a condition could be decided by.
    if (!image) return { holding: [], undecided: wanted };
    const { container } = image;
    const lacksRuntime = !container || container.isPending || container.isFailed;
    const lacksPod = lacksRuntime || container.isPodPending || container.isPodFailed;
    return {
      holding: wanted.filter((guard) => this.#holding.has(guard)),
      undecided: wanted.filter((guard) => {
        const { readsContainers = true, readsPods = true } = this.#reads[guard] ?? {};
        return (readsContainers && lacksRuntime) || (readsPods && lacksPod);
      }),
    };
  }
}

/** The process of the event in that record. */
export function processOf(memory: EventMemory, record: number): MatchedProcess | undefined {
  const image = knownImage(memory, record);
  if (!image) return undefined;
  // Where the agent has a pid namespace of its own, /proc has the numbers of that.
  const isBeside = image.number('pid_namespace') === OWN_PID_NAMESPACE;
  return { pid: image.number(isBeside ? 'vpid' : 'pid'), execTime: image.big('exec_time') };
}

function knownImage(memory: EventMemory, record: number): ImageRecord | undefined {
  const image = EventRecord.at(memory, record)?.image;
  return image?.big('id') === 0n ? undefined : image;
}
