// Copies the data of a match at once: the record's room is returned to the kernel as soon as its batch is evaluated.

import { needsCluster, needsRuntime } from '../../fields/container.ts';
import type { ReadContext } from '../../fields/context.ts';
import type { EventMemory } from '../../fields/memory.ts';
import { momentOf, readCompared, readField } from '../../fields/read.ts';
import { EventRecord } from '../../fields/record.ts';
import { decode, type FieldValue } from '../../fields/value.ts';
import type { Field } from '../../schema/fields/field.ts';
import { resolveField } from '../../schema/fields/index.ts';
import type { SessionRef } from '../../sessions/exec-entry.ts';
import { type ContainerGap, type GapReason, type Match, NAME_FIELDS, type NamedValue } from '../messages/match.ts';
import type { RuleReads } from '../messages/rule-set-start.ts';
import { DetailPace } from './detail-pace.ts';
import type { ExecSessions } from './exec-sessions.ts';
import type { OwnProcesses } from './own-processes.ts';

interface FieldRead {
  readonly field: Field;
  readonly argument: string | undefined;
}

/** The data that are read for a match of a rule. */
export interface RulePlan {
  readonly reads: readonly (FieldRead | undefined)[];
  /** Its condition or output needs data of the container's runtime. */
  readonly needsRuntime: boolean;
  /** Its condition or output needs data of the API server. */
  readonly needsPod: boolean;
  /** Its output has fields of the exec session. */
  readonly readsSessions: boolean;
  /** RuleReads.guards. */
  readonly guards: readonly number[] | undefined;
  readonly details: DetailReads | undefined;
}

/** RuleReads.details. */
interface DetailReads {
  readonly reads: readonly (FieldRead | undefined)[];
  readonly pace: DetailPace;
}

/** Details of all rules together: reading, sending and taking the details of a match costs about 160 us. */
const DETAILS = { atOnce: 50, aSecond: 5 };
/** Details of one rule: others must not go without because of it. */
const RULE_DETAILS = { atOnce: 20, aSecond: 1 };

/** A match without its rule, and without what acts on it. */
export type MatchValues = Omit<Match, 'generation' | 'module' | 'rule' | 'acts'>;

type WhyNot = (container: string) => GapReason | undefined;

export class MatchReader {
  readonly #memory: EventMemory;
  readonly #context: ReadContext;
  readonly #sessions: ExecSessions | undefined;
  readonly #pace = new DetailPace(DETAILS);
  /** Fields that could not be read; they are absent in the alert. */
  unreadable = 0;

  /** @param sessions absent: nobody asks for them */
  constructor(memory: EventMemory, context: ReadContext, sessions?: ExecSessions) {
    this.#memory = memory;
    this.#context = context;
    this.#sessions = sessions;
  }

  /** Whether the record at the address belongs to one of those processes. */
  isOf(processes: OwnProcesses, address: number): boolean {
    const event = EventRecord.at(this.#memory, address);
    return event !== undefined && processes.did(event);
  }

  /** Whether it belongs to the thread with that id in the root pid namespace. */
  isOfThread(thread: number, address: number): boolean {
    return EventRecord.at(this.#memory, address)?.number('tid') === thread;
  }

  /** The exec sessions that the process of the record there descends from, the innermost first. Empty if nobody asks for sessions. */
  sessionsAt(address: number): readonly SessionRef[] {
    return this.#sessions?.of(EventRecord.at(this.#memory, address)?.image) ?? [];
  }

  /**
   * Undefined if there is no valid record at the address, which the sandbox's guard rules out.
   * @param whyNot why an unknown container is not awaited
   */
  read(plan: RulePlan, address: number, whyNot: WhyNot): MatchValues | undefined {
    const event = EventRecord.at(this.#memory, address);
    if (!event) return undefined;
    const values = plan.reads.map((read) => read && this.#value(event, read));
    const gap = plan.needsRuntime ? containerGap(event, plan.needsPod, whyNot) : undefined;
    const names = event.hasTwoNames && this.#names(event.resolvedView);
    const sessions = plan.readsSessions ? this.#sessions?.of(event.image) : undefined;
    const ofSession = sessions && sessions.length > 0 && { sessions };
    const details = plan.details && this.#details(event, plan.details);
    return {
      time: event.time,
      values,
      ...(gap && { gap }),
      ...(names && { names }),
      // Also where there are none: matches that all have the same members are read and sent faster.
      ...(plan.details && { details }),
      ...ofSession,
    };
  }

  #details(event: EventRecord, { reads, pace }: DetailReads): MatchValues['details'] {
    if (!pace.allows(event.time) || !this.#pace.allows(event.time)) return undefined;
    pace.take();
    this.#pace.take();
    return reads.map((read) => read && this.#value(event, read, readCompared));
  }

  /** Undefined for failed calls on paths. */
  #names(event: EventRecord): readonly NamedValue[] {
    const reads = NAME_READS.get(event.type.shape) ?? [];
    return reads.map(({ key, read }) => ({ key, value: this.#value(event, read) })).filter(({ value }) => value);
  }

  /** One field that fails must not cost the alert. */
  #value(
    event: EventRecord,
    { field, argument }: FieldRead,
    read: typeof readCompared = readField,
  ): FieldValue | undefined {
    try {
      return read(event, field, argument, this.#context);
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

export function planRule({ fields, readsContainers, readsPods, guards, details }: RuleReads): RulePlan {
  const reads = fields.map(readOf);
  return {
    reads,
    needsRuntime: readsContainers || reads.some((read) => read && needsRuntime(read.field)),
    needsPod: readsPods || reads.some((read) => read && needsCluster(read.field)),
    readsSessions: reads.some((read) => read?.field.source.from === 'session'),
    guards,
    details: details && { reads: details.map(readOf), pace: new DetailPace(RULE_DETAILS) },
  };
}

function containerGap(event: EventRecord, needsPod: boolean, whyNot: WhyNot): ContainerGap | undefined {
  const container = event.image?.container;
  if (!container) return undefined;
  const isPending = container.isPending || (needsPod && container.isPodPending);
  if (!isPending && !container.isFailed && !(needsPod && container.isPodFailed)) return undefined;
  const bytes = container.bytes('id');
  const id = bytes ? decode(bytes) : '';
  const reason = isPending ? whyNot(id) : id === '' ? 'unknown-process' : 'failed';
  return { id, needsPod, moment: momentOf(event), ...(reason && { reason }) };
}
