// Turns a match into data at once: the record's room is given back to the kernel as soon as its batch is evaluated.

import { needsCluster, needsRuntime } from '../fields/container.ts';
import type { ReadContext } from '../fields/context.ts';
import type { EventMemory } from '../fields/memory.ts';
import { momentOf, readField } from '../fields/read.ts';
import { EventRecord } from '../fields/record.ts';
import { decode, type FieldValue } from '../fields/value.ts';
import { resolveField } from '../schema/fields.ts';
import type { Field } from '../schema/types.ts';
import { type Match, NAME_FIELDS, type NamedValue, type PendingContainer, type RuleReads } from './protocol.ts';

interface FieldRead {
  readonly field: Field;
  readonly argument: string | undefined;
}

/** What is read of a match of a rule. */
export interface RulePlan {
  readonly reads: readonly (FieldRead | undefined)[];
  readonly printsContainer: boolean;
  readonly printsPod: boolean;
}

/** A match but for the rule. */
export type MatchValues = Omit<Match, 'generation' | 'module' | 'rule'>;

export class MatchReader {
  readonly #memory: EventMemory;
  readonly #context: ReadContext;
  /** Fields that could not be read; the alert has them as absent. */
  unreadable = 0;

  constructor(memory: EventMemory, context: ReadContext) {
    this.#memory = memory;
    this.#context = context;
  }

  /** Undefined if the address holds no record that the schema knows; the sandbox's guard has seen to it that it does. */
  read(plan: RulePlan, address: number): MatchValues | undefined {
    const event = EventRecord.at(this.#memory, address);
    if (!event) return undefined;
    const values = plan.reads.map((read) => read && this.#value(event, read));
    const pending = plan.printsContainer ? pendingContainer(event, plan.printsPod) : undefined;
    const names = event.hasTwoNames && this.#names(event.resolvedView);
    return { time: event.time, values, ...(pending && { pending }), ...(names && { names }) };
  }

  /** Of a call on paths that failed, nothing. */
  #names(event: EventRecord): readonly NamedValue[] {
    const reads = NAME_READS.get(event.type.shape) ?? [];
    return reads.map(({ key, read }) => ({ key, value: this.#value(event, read) })).filter(({ value }) => value);
  }

  /** One field that fails must not cost the alert. */
  #value(event: EventRecord, { field, argument }: FieldRead): FieldValue | undefined {
    try {
      return readField(event, field, argument, this.#context);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.unreadable++;
      return undefined;
    }
  }
}

function readOf(name: string): FieldRead | undefined {
  const resolved = resolveField(name);
  return resolved.ok ? { field: resolved.field, argument: resolved.argument } : undefined;
}

const NAME_READS = new Map(
  Object.entries(NAME_FIELDS).map(([shape, keys]) => [
    shape,
    keys.flatMap((key) => {
      const read = readOf(key);
      return read ? [{ key, read }] : [];
    }),
  ]),
);

export function planRule({ fields }: RuleReads): RulePlan {
  const reads = fields.map(readOf);
  return {
    reads,
    printsContainer: reads.some((read) => read && needsRuntime(read.field)),
    printsPod: reads.some((read) => read && needsCluster(read.field)),
  };
}

function pendingContainer(event: EventRecord, printsPod: boolean): PendingContainer | undefined {
  const container = event.image?.container;
  const isPending = container?.isPending || (printsPod && container?.isPodPending);
  const id = isPending ? container?.bytes('id') : undefined;
  return id && { id: decode(id), printsPod, moment: momentOf(event) };
}
