// Conditions of a module on the session that a process is in (session.user), which the module itself can't read: evaluated on the images of the
// process and of its ancestors, when the rest of a rule matches.

import type { ReadContext } from '../../fields/context.ts';
import { doorsOf, ownEntry, sshEntryOf } from '../../fields/entry.ts';
import { entryField } from '../../fields/entry-field.ts';
import type { EventMemory } from '../../fields/memory.ts';
import { EventRecord, type ImageRecord } from '../../fields/record.ts';
import type { Absent, FieldValue } from '../../fields/value.ts';
import { resolveField } from '../../schema/fields/index.ts';
import { isOfSshPeer } from '../../schema/fields/session.ts';
import { moduleConditions } from '../../verdicts/load-conditions.ts';
import type { ModuleConditions, StoredCondition } from '../../verdicts/stored-condition.ts';
import type { ModuleStart } from '../messages/rule-set-start.ts';

/** Verdicts that are remembered. Then all are forgotten. */
const REMEMBERED = 65_536;
/** Ancestors that are looked at: more than there is room for. A loop in damaged memory must end. */
const LONGEST_LINE = 1 << 18;
/** How long a verdict counts that rests on a connection which could not be looked up yet. */
const DOUBTFUL_MS = 50;

interface Verdict {
  readonly holds: boolean;
  /** Until when it is valid, by performance.now(). Infinity: the session of an image stays the same. */
  readonly until: number;
}

export class EntryVerdicts {
  /** Conditions by number of the alternative. */
  readonly #conditions: readonly (StoredCondition | undefined)[];
  readonly #memory: EventMemory;
  readonly #context: ReadContext;
  /** Verdicts by number of the alternative and image id. */
  readonly #known: readonly Map<bigint, Verdict>[];
  #remembered = 0;
  /** Whether any reads where a session by ssh came from. */
  readonly readsSshPeers: boolean;

  /** @throws {Error} if a condition of the module is not on the session alone */
  constructor({ alternatives = [] }: Pick<ModuleStart, 'alternatives'>, memory: EventMemory, context: ReadContext) {
    let conditions: ModuleConditions | undefined;
    this.#conditions = alternatives.map(({ entry }) => {
      if (entry === undefined) return undefined;
      conditions ??= moduleConditions();
      return conditions.read(entry, 'entry');
    });
    this.#known = alternatives.map(() => new Map());
    this.#memory = memory;
    this.#context = context;
    this.readsSshPeers = this.#conditions.some((condition) => condition?.keys.some(isOfSshPeer));
  }

  /**
   * Whether the condition of an alternative holds of the process of an event; true without one.
   * @param view address of the event's record
   */
  hold(alternative: number, view: number): boolean {
    const condition = this.#conditions[alternative];
    if (!condition) return true;
    const event = EventRecord.at(this.#memory, view);
    const image = event?.image;
    if (!event || !image) return condition.holds(new Map());
    // Most processes are in the session of their parent. Each of a long line is looked at once: whoever makes it longer pays for that.
    const line: ImageRecord[] = [];
    let verdict: Verdict | undefined;
    let first = image;
    for (let each: ImageRecord | undefined = image; each && line.length < LONGEST_LINE; each = each.parent) {
      verdict = this.#verdictOf(each, alternative);
      if (verdict) break;
      first = each;
      line.push(each);
      if (ownEntry(each)) break;
    }
    verdict ??= this.#evaluate(condition, first);
    // If there are too many, the farthest are forgotten.
    for (const one of line.reverse()) this.#remember(one, alternative, verdict);
    return verdict.holds;
  }

  #evaluate(condition: StoredCondition, first: ImageRecord): Verdict {
    const values = new Map(condition.keys.map((key) => [key, this.#read(first, key)]));
    const until = this.#isLasting(first, values) ? Number.POSITIVE_INFINITY : performance.now() + DOUBTFUL_MS;
    return { holds: condition.holds(values), until };
  }

  #read(image: ImageRecord, key: string): FieldValue | Absent {
    const resolved = resolveField(key);
    return resolved.ok && resolved.field.source.from === 'entry' && image.big('id') !== 0n
      ? entryField(resolved.field.source.fact, image, this.#context)
      : undefined;
  }

  /** Whether later events in the session have the same values: not if its connection may still be looked up. */
  #isLasting(first: ImageRecord, values: ReadonlyMap<string, FieldValue | Absent>): boolean {
    const isMissing = [...values].some(([key, value]) => value === undefined && isOfSshPeer(key));
    const { sshPeers } = this.#context;
    const ssh = isMissing && sshPeers ? sshEntryOf(first) : undefined;
    return !ssh || sshPeers?.isSettled(doorsOf(ssh)) === true;
  }

  #verdictOf(image: ImageRecord, alternative: number): Verdict | undefined {
    const verdict = this.#known[alternative]?.get(image.big('id'));
    const isOver = verdict && verdict.until !== Number.POSITIVE_INFINITY && verdict.until <= performance.now();
    return isOver ? undefined : verdict;
  }

  #remember(image: ImageRecord, alternative: number, verdict: Verdict): void {
    const id = image.big('id');
    const known = this.#known[alternative];
    // 0: its process is not known.
    if (id === 0n || !known) return;
    if (!known.has(id) && this.#remembered++ >= REMEMBERED) {
      for (const each of this.#known) each.clear();
      this.#remembered = 1;
    }
    known.set(id, verdict);
  }
}
