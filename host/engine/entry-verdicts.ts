// Conditions of a module on the session that a process is in (session.user), which the module itself can't read: evaluated on the images of the
// process and of its ancestors, when the rest of a rule matches.

import type { ReadContext } from '../fields/context.ts';
import { ownEntry, sshEntryOf } from '../fields/entry.ts';
import type { EventMemory } from '../fields/memory.ts';
import { readField } from '../fields/read.ts';
import { EventRecord, type ImageRecord } from '../fields/record.ts';
import type { Absent, FieldValue } from '../fields/value.ts';
import { resolveField } from '../schema/fields/index.ts';
import { isOfSshPeer } from '../schema/fields/session.ts';
import { StoredCondition } from '../verdicts/stored-condition.ts';
import type { ModuleStart } from './protocol.ts';

/** Verdicts that are remembered. Then all are forgotten. */
const REMEMBERED = 65_536;

export class EntryVerdicts {
  /** By number of the alternative. */
  readonly #conditions: readonly (StoredCondition | undefined)[];
  readonly #memory: EventMemory;
  readonly #context: ReadContext;
  /** By image id and number of the alternative: the session of an image stays the same. */
  readonly #known = new Map<bigint, Map<number, boolean>>();
  #remembered = 0;
  /** Whether any reads where a session by ssh came from. */
  readonly readsSshPeers: boolean;

  /** @throws {Error} if a condition of the module is not on the session alone */
  constructor({ alternatives = [] }: Pick<ModuleStart, 'alternatives'>, memory: EventMemory, context: ReadContext) {
    this.#conditions = alternatives.map(({ entry }) => (entry === undefined ? undefined : conditionOf(entry)));
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
    const known = this.#verdictOf(image, alternative);
    if (known !== undefined) return known;
    // Most processes are in the session of their parent.
    const parent = ownEntry(image) ? undefined : image.parent;
    const inherited = parent && this.#verdictOf(parent, alternative);
    const values = new Map(inherited === undefined ? condition.keys.map((key) => [key, this.#read(event, key)]) : []);
    const holds = inherited ?? condition.holds(values);
    if (this.#isLasting(image, values)) {
      for (const each of [image, parent]) if (each) this.#remember(each, alternative, holds);
    }
    return holds;
  }

  #read(event: EventRecord, key: string): FieldValue | Absent {
    const resolved = resolveField(key);
    return resolved.ok ? readField(event, resolved.field, resolved.argument, this.#context) : undefined;
  }

  /** Whether another event of the image, or of its parent in the same session, has the same values. */
  #isLasting(image: ImageRecord, values: ReadonlyMap<string, FieldValue | Absent>): boolean {
    const isMissing = [...values].some(([key, value]) => value === undefined && isOfSshPeer(key));
    // A connection that could not be looked up may be found later.
    return !isMissing || !this.#context.sshPeers || !sshEntryOf(image);
  }

  #verdictOf(image: ImageRecord, alternative: number): boolean | undefined {
    return this.#known.get(image.big('id'))?.get(alternative);
  }

  #remember(image: ImageRecord, alternative: number, holds: boolean): void {
    const id = image.big('id');
    // 0: its process is not known. Without a container it is not known yet where it runs.
    if (id === 0n || !image.container) return;
    if (this.#remembered >= REMEMBERED) {
      this.#known.clear();
      this.#remembered = 0;
    }
    const ofImage = this.#known.get(id) ?? new Map<number, boolean>();
    if (!ofImage.has(alternative)) this.#remembered++;
    this.#known.set(id, ofImage.set(alternative, holds));
  }
}

function conditionOf(text: string): StoredCondition {
  return new StoredCondition(text, 'entry');
}
