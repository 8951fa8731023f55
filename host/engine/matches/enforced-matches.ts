// Holds what the kernel has enforced against what the rules match. The kernel decides by clauses that the compiler has proved, but that a
// module brings along: where no match of the rule follows, somebody has to know.

import type { EventMemory } from '../../fields/memory.ts';
import { EventRecord } from '../../fields/record.ts';
import { decode } from '../../fields/value.ts';
import { ENFORCED_ACTS, type EnforcedParts, enforcedParts } from '../../schema/enforced.ts';
import { EVENT_HEADER } from '../../schema/event-structs.ts';
import { member } from '../../schema/layout.ts';
import type { UnmatchedEnforcement } from '../messages/protocol.ts';
import type { EnforcedClause, EnforcementStart } from '../messages/rule-set-start.ts';
import type { SetMatch } from '../modules/module-set.ts';

const SIZE = member(EVENT_HEADER, 'size').offset;
const ENFORCED_AT = member(EVENT_HEADER, 'reserved').offset;

/** Calls of one batch that are reported at most. */
const MOST_AT_ONCE = 64;

export class EnforcedMatches {
  readonly #memory: EventMemory;
  #current: EnforcementStart | undefined;
  /** Rules of the clauses, by number of the tables. Previous tables are kept: events of theirs are on their way. */
  readonly #rules = new Map<number, readonly EnforcedClause[]>();
  /** Events of the batch that the kernel has acted on, and whether a match came. */
  readonly #acted = new Map<number, boolean>();
  /** Refused calls of the batch, and a rule that does not match what they would have done. */
  readonly #differing = new Map<number, string>();
  #total = 0;
  #unchecked = 0;

  constructor(memory: EventMemory) {
    this.#memory = memory;
  }

  /** The kernel enforces these from now on; undefined: nothing. */
  use(start: EnforcementStart | undefined): void {
    this.#current = start;
    if (start) this.#rules.set(start.serial, start.clauses);
  }

  /**
   * Called before events are evaluated. Nothing is looked at before anything was enforced.
   * @param hasEnforced whether any of them may have been enforced
   */
  begin(segments: Uint32Array, pairs: number, hasEnforced: boolean): void {
    if (this.#rules.size === 0) return;
    this.#acted.clear();
    this.#differing.clear();
    if (!hasEnforced) return;
    for (let pair = 0; pair < pairs; pair++) {
      const to = segments[2 * pair + 1] ?? 0;
      for (let at = segments[2 * pair] ?? 0; at < to; at += this.#memory.u32(at + SIZE)) {
        if (this.#memory.u16(at + ENFORCED_AT) === 0) continue;
        if (this.#hasActed(at)) this.#acted.set(at, false);
      }
    }
  }

  /** Whether the kernel has acted on the match's event by its rule. */
  isOf({ event, module, rule }: SetMatch): boolean {
    if (this.#rules.size === 0 || !this.#hasActed(event)) return false;
    const { serial, clause } = this.#partsOf(event);
    // Rules that have replaced those of the tables have other numbers: any match of them will do.
    if (serial !== this.#current?.serial) return true;
    const enforced = this.#current.clauses[clause];
    return enforced?.module === module && enforced.rule === rule;
  }

  /** Called for each match of a module. */
  take(match: SetMatch): void {
    const { event, module, rule, supposed } = match;
    if (!this.#acted.has(event)) return;
    if (supposed === 'unknown') this.#unchecked++;
    if (supposed === 'differs') this.#differing.set(event, this.#nameOf(event, module, rule));
    if (this.isOf(match)) this.#acted.set(event, true);
  }

  /** How often no match followed so far, but for rules that were replaced meanwhile. */
  get total(): number {
    return this.#total;
  }

  /** Rules that could not be evaluated on what a call would have done that BPF LSM has refused. */
  get unchecked(): number {
    return this.#unchecked;
  }

  /** What the kernel has done in this batch that no match followed; the records are valid still. */
  unmatched(): readonly UnmatchedEnforcement[] {
    if (this.#acted.size === 0) return [];
    const without = [...this.#acted].flatMap(([at, isMatched]) => (isMatched && !this.#differing.has(at) ? [] : [at]));
    this.#acted.clear();
    this.#total += without.filter((at) => this.#partsOf(at).serial === this.#current?.serial).length;
    return without.slice(0, MOST_AT_ONCE).map((at) => this.#describe(at));
  }

  #partsOf(event: number): EnforcedParts {
    return enforcedParts(this.#memory.u16(event + ENFORCED_AT));
  }

  #hasActed(event: number): boolean {
    return ENFORCED_ACTS.has(this.#partsOf(event).outcome);
  }

  /** The name of a rule in the tables that the kernel has decided by. */
  #nameOf(event: number, module: number, rule: number): string {
    const clauses = this.#rules.get(this.#partsOf(event).serial) ?? [];
    return clauses.find((each) => each.module === module && each.rule === rule)?.name ?? '';
  }

  #describe(at: number): UnmatchedEnforcement {
    const { outcome, serial, clause } = this.#partsOf(at);
    const event = EventRecord.at(this.#memory, at);
    const image = event?.image;
    const name = image?.bytes('executable');
    return {
      rule: this.#differing.get(at) ?? this.#rules.get(serial)?.[clause]?.name ?? '',
      isReplaced: serial !== this.#current?.serial,
      outcome,
      event: event?.type.name ?? '',
      pid: image?.number('pid') ?? 0,
      executable: name ? decode(name) : '',
    };
  }
}
