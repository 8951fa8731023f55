// Decides which matches of an event count before its container is known, and which have to wait.

import type { EventMemory } from '../../fields/memory.ts';
import { CONTAINER, POD_STATE } from '../../schema/container.ts';
import { EVENT_FLAGS, EVENT_HEADER, OTHER_VIEW_OFFSET } from '../../schema/event-structs.ts';
import { findEventType } from '../../schema/events/index.ts';
import { member } from '../../schema/layout.ts';
import type { RuleMatching } from '../messages/protocol.ts';
import type { ModuleStart } from '../messages/rule-set-start.ts';

const TYPE_OFFSET = member(EVENT_HEADER, 'type').offset;
const POD_STATE_AT = member(CONTAINER, 'pod_state').offset;
const FLAGS_OFFSET = member(EVENT_HEADER, 'flags').offset;

/** A rule by the index of its module and its own. */
type Place = readonly [module: number, rule: number];

export class ContainerRules {
  readonly #memory: EventMemory;
  readonly #modules: readonly ModuleStart[];
  readonly #ruleMatching: RuleMatching;
  /** The first rule that reads container fields and can match an event type, by the type's number. */
  readonly #first = new Map<number, Place>();

  constructor(memory: EventMemory, modules: readonly ModuleStart[], ruleMatching: RuleMatching) {
    this.#memory = memory;
    this.#modules = modules;
    this.#ruleMatching = ruleMatching;
    for (const [module, { rules }] of modules.entries()) {
      for (const [rule, { readsContainers, eventTypes }] of rules.entries()) {
        for (const name of readsContainers ? eventTypes : []) this.#addReader(name, [module, rule]);
      }
    }
  }

  /**
   * Whether a match counts before the container is known. With `all`: if its rule reads no container fields. With `first`: also if no earlier
   * rule reads container fields and can match such an event; else that rule's verdict has to be awaited.
   */
  stands(event: number, module: number, rule: number): boolean {
    if (this.#ruleMatching === 'all') return !this.#modules[module]?.rules[rule]?.readsContainers;
    return this.#precedesReaders(event, module, rule) && this.#precedesReaders(this.#otherView(event), module, rule);
  }

  /** Whether any rule reads container fields. */
  get any(): boolean {
    return this.#modules.some(({ rules }) => rules.some(({ readsContainers }) => readsContainers));
  }

  /** Whether that container entry has all the data that rules read. */
  areAnswered(entry: Uint8Array): boolean {
    if (entry[POD_STATE_AT] !== POD_STATE.PENDING) return true;
    return !this.#modules.some(({ rules }) => rules.some(({ readsPods }) => readsPods));
  }

  #precedesReaders(view: number, module: number, rule: number): boolean {
    const first = this.#first.get(this.#memory.u16(view + TYPE_OFFSET));
    return !first || module < first[0] || (module === first[0] && rule < first[1]);
  }

  /** The event's second view, which may have another type; the event itself if it has only one. */
  #otherView(event: number): number {
    const hasTwo = (this.#memory.u16(event + FLAGS_OFFSET) & EVENT_FLAGS.TWO_VIEWS) !== 0;
    return hasTwo ? this.#memory.u32(event + OTHER_VIEW_OFFSET) : event;
  }

  #addReader(eventType: string, place: Place): void {
    const type = findEventType(eventType);
    if (type && !this.#first.has(type.number)) this.#first.set(type.number, place);
  }
}
