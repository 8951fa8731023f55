// Keeps what is in force until it is undone: after its time, by people, or since it was half done when an agent ended.

import { escapeText } from '../../diagnostics/escape.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import { LONGEST_TIMER_MS } from '../../outputs/long-timer.ts';
import { type Actor, RefusalError } from '../action.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LedgerEntry } from '../ledger-entry.ts';
import type { ActionKind } from '../settings.ts';
import type { Turns } from './turns.ts';

export interface ActiveResponsesOptions {
  readonly ledger: Ledger;
  readonly actors: ReadonlyMap<ActionKind, Actor>;
  /** Turns of actions with the same turnKey(). */
  readonly turns: Turns;
  /** Whether an action that was under way when an agent ended may be finished, by what is configured now. */
  readonly mayFinish: (entry: LedgerEntry) => boolean;
  readonly onFailure: (message: string) => void;
  readonly onNote: (message: string) => void;
}

/** A response is not in force, or can't be undone. */
export class UndoError extends Error {
  override readonly name = 'UndoError';
  readonly code: 'RESPONSES_UNKNOWN' | 'RESPONSES_UNDO';

  constructor(code: UndoError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const AGAIN_MS = 30_000;
/** How often responses that have ended by themselves are looked for. */
const SWEEP_MS = 60_000;

export class ActiveResponses {
  readonly #options: ActiveResponsesOptions;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #sweeper: NodeJS.Timeout | undefined;
  #isClosed = false;
  undone = 0;
  failures = 0;

  constructor(options: ActiveResponsesOptions) {
    this.#options = options;
  }

  /** Has it undone when its time is over. */
  keep(entry: LedgerEntry): void {
    const left = this.#options.ledger.timeLeft(entry);
    if (left !== undefined) this.#later(entry.id, left);
  }

  /** Settles what the ledger has from before, and looks from now on for what has come to its end. Never rejects. */
  async recover(): Promise<void> {
    this.#sweeper ??= setInterval(() => void this.sweep(), SWEEP_MS);
    this.#sweeper.unref();
    await this.undoOthers();
    await Promise.all(this.#options.ledger.entries.map((entry) => this.#recover(entry)));
  }

  /** Takes back what no entry is about. Never rejects. */
  async undoOthers(): Promise<void> {
    const { ledger, actors, onFailure } = this.#options;
    for (const [action, actor] of actors) {
      try {
        await actor.undoOthers?.(ledger.entries);
      } catch (error) {
        onFailure(`what ${action} has left could not be undone: ${reasonOf(error)}`);
      }
    }
  }

  /** Forgets what has come to its end by itself. Never rejects. */
  async sweep(entries = this.#options.ledger.entries): Promise<void> {
    const { actors } = this.#options;
    for (const entry of entries) {
      if (entry.phase !== 'in-force') continue;
      const isOver = await actors
        .get(entry.action)
        ?.isOver?.(entry)
        .catch(() => false);
      if (isOver) await this.#forget(entry.id);
    }
  }

  /** Resolves when it is undone, to what it was. Rejects with UndoError: then it is tried again later. */
  async undo(id: string): Promise<LedgerEntry> {
    const { ledger, turns } = this.#options;
    return await turns.take(turnOf(ledger.entry(id)), () => this.#undo(id));
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#sweeper);
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  async #undo(id: string): Promise<LedgerEntry> {
    const { ledger, actors, onNote } = this.#options;
    const entry = ledger.entry(id);
    if (!entry) throw new UndoError('RESPONSES_UNKNOWN', `${id} is not in force`);
    const actor = actors.get(entry.action);
    if (!actor?.undo) throw new UndoError('RESPONSES_UNDO', `${describeEntry(entry)} can not be undone`);
    try {
      await this.#note(ledger.set(id, 'undoing'));
      await actor.undo(entry, this.#othersThan(id));
    } catch (error) {
      this.failures++;
      this.#later(id, AGAIN_MS);
      throw new UndoError('RESPONSES_UNDO', `${describeEntry(entry)} could not be undone: ${reasonOf(error)}`);
    }
    await this.#forget(id);
    this.undone++;
    onNote(`undone: ${describeEntry(entry)}`);
    return entry;
  }

  async #recover(entry: LedgerEntry): Promise<void> {
    const { ledger, actors, onFailure } = this.#options;
    const { id, action, phase } = entry;
    const actor = actors.get(action);
    try {
      if (!actor || (ledger.isOfEarlierBoot(entry) && !actor.outlivesBoot)) await this.#forget(id);
      else if (phase === 'doing') await this.#settle(entry, actor);
      else if (phase === 'undoing' || this.#isDue(entry)) await this.undo(id);
      else if (await actor.isOver?.(entry)) await this.#forget(id);
      else this.keep(entry);
    } catch (error) {
      const isUndo = error instanceof UndoError;
      const reason = reasonOf(error);
      onFailure(isUndo ? reason : `${describeEntry(entry)} was half done, and could not be finished: ${reason}`);
      if (!isUndo) this.#later(id, AGAIN_MS);
    }
  }

  /** Finishes what was half done. Takes it back if its time is over, or if what is configured now, or the target as it is now, speaks against it. */
  async #settle(entry: LedgerEntry, actor: Actor): Promise<void> {
    if (this.#isDue(entry) || !this.#options.mayFinish(entry)) await this.#takeBack(entry, actor);
    else {
      try {
        await this.#finish(entry, actor);
      } catch (error) {
        if (!(error instanceof RefusalError)) throw error;
        await this.#takeBack(entry, actor);
      }
    }
  }

  async #finish(entry: LedgerEntry, actor: Actor): Promise<void> {
    const { ledger, turns } = this.#options;
    const finish = async (): Promise<boolean> => (await actor.finish?.(entry)) ?? false;
    const isInForce = await (actor.runsBeside ? finish() : turns.take(turnOf(entry), finish));
    if (!isInForce) await this.#forget(entry.id);
    else {
      await this.#note(ledger.set(entry.id, 'in-force'));
      this.keep(entry);
    }
  }

  async #takeBack(entry: LedgerEntry, actor: Actor): Promise<void> {
    const { turns, onNote } = this.#options;
    if (actor.undo) {
      await this.undo(entry.id);
      return;
    }
    await turns.take(turnOf(entry), async () => actor.abandon?.(entry, this.#othersThan(entry.id)));
    await this.#forget(entry.id);
    onNote(`interrupted by the agent's end, and given up: ${describeEntry(entry)}`);
  }

  #isDue(entry: LedgerEntry): boolean {
    return (this.#options.ledger.timeLeft(entry) ?? 1) <= 0;
  }

  #othersThan(id: string): readonly LedgerEntry[] {
    return this.#options.ledger.entries.filter((entry) => entry.id !== id);
  }

  #later(id: string, milliseconds: number): void {
    clearTimeout(this.#timers.get(id));
    if (this.#isClosed) return;
    const wait = Math.min(Math.max(0, milliseconds), LONGEST_TIMER_MS);
    const timer = setTimeout(() => void this.#due(id, milliseconds - wait), wait);
    timer.unref();
    this.#timers.set(id, timer);
  }

  async #due(id: string, left: number): Promise<void> {
    if (left > 0) {
      this.#later(id, left);
      return;
    }
    const entry = this.#options.ledger.entry(id);
    if (entry?.phase === 'doing') {
      await this.#recover(entry);
      return;
    }
    try {
      await this.undo(id);
    } catch (error) {
      if (error instanceof UndoError && error.code === 'RESPONSES_UNKNOWN') return;
      this.#options.onFailure(reasonOf(error));
    }
  }

  async #forget(id: string): Promise<void> {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    await this.#note(this.#options.ledger.remove(id));
  }

  /** A ledger that can't be written, as on a full disk, keeps nothing frozen: at worst a restarted agent undoes it once more. */
  async #note(written: Promise<unknown>): Promise<void> {
    try {
      await written;
    } catch (error) {
      this.#options.onFailure(
        `can't update the ledger of responses, which a restarted agent may then undo once more: ${reasonOf(error)}`,
      );
    }
  }
}

function turnOf(entry: LedgerEntry | undefined): string {
  return entry?.turn ?? `container ${entry?.container}`;
}

/** In one line, for people. */
export function describeEntry({ id, action, containerName, container, pod }: LedgerEntry): string {
  const name = pod || containerName || container.slice(0, 12);
  return escapeText(`${action.replaceAll('_', ' ')} ${name} (${id})`);
}
