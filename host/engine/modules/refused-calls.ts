// Calls that programs of BPF LSM have refused. Rules are about what such a call would have done, and its event is that of a call that has failed: the
// kernel says which of them it has enforced. Their alerts are made from this, and have the event as it is.

import type { EventMemory } from '../../fields/memory.ts';
import { EventRecord } from '../../fields/record.ts';
import { ENFORCED_BY_LSM, enforcedParts } from '../../schema/enforced.ts';
import { EVENT_HEADER, EVENT_STRUCTS } from '../../schema/event-structs.ts';
import { member } from '../../schema/layout.ts';
import type { EnforcedClause, EnforcementStart } from '../messages/rule-set-start.ts';

const SIZE = member(EVENT_HEADER, 'size').offset;
const ENFORCED = member(EVENT_HEADER, 'reserved').offset;
const HALF = 32n;

export class RefusedCalls {
  readonly #memory: EventMemory;
  readonly #clauses: readonly EnforcedClause[];
  readonly #serial: number;

  /** Looks at calls that these tables have refused, and at no others. */
  constructor(memory: EventMemory, { clauses, serial }: Pick<EnforcementStart, 'clauses' | 'serial'>) {
    this.#memory = memory;
    this.#clauses = clauses;
    this.#serial = serial;
  }

  /** Calls for each rule that a call of these segments was refused for, once. */
  visit(segments: Uint32Array, pairs: number, onRule: (module: number, rule: number, event: number) => void): void {
    for (let pair = 0; pair < pairs; pair++) {
      const to = segments[2 * pair + 1] ?? 0;
      for (let event = segments[2 * pair] ?? 0; event < to; event += this.#memory.u32(event + SIZE)) {
        for (const { module, rule } of this.#rulesOf(event)) onRule(module, rule, event);
      }
    }
  }

  /** Whether visit() has a rule for an event. */
  has(module: number, rule: number, event: number): boolean {
    return this.#rulesOf(event).some((one) => one.module === module && one.rule === rule);
  }

  #rulesOf(event: number): readonly EnforcedClause[] {
    const { outcome, serial } = enforcedParts(this.#memory.u16(event + ENFORCED));
    if (!ENFORCED_BY_LSM.has(outcome) || serial !== this.#serial) return [];
    const record = EventRecord.at(this.#memory, event);
    if (!record) return [];
    const words = event + EVENT_STRUCTS[record.type.shape].size;
    const met = (BigInt(this.#memory.u32(words + 4)) << HALF) | BigInt(this.#memory.u32(words));
    const rules = this.#clauses.filter((_, clause) => (met >> BigInt(clause)) & 1n);
    const isSame = (one: EnforcedClause, other: EnforcedClause): boolean =>
      one.module === other.module && one.rule === other.rule;
    return rules.filter((rule, index) => rules.findIndex((one) => isSame(one, rule)) === index);
  }
}
