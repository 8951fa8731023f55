// Keeps what is in force until it is undone: after its time, by people, or since it was half done when an agent ended.

import { escapeText } from '../../diagnostics/escape.ts';
import type { Actor } from '../action.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LedgerEntry } from '../ledger-entry.ts';
import type { ActionKind, ResponseMode } from '../settings.ts';
import type { Turns } from './turns.ts';

export interface ForceKeeperOptions {
  readonly ledger: Ledger;
  readonly actors: ReadonlyMap<ActionKind, Actor>;
  /** By container. */
  readonly turns: Turns;
  readonly onFailure: (message: string) => void;
  readonly onNote: (message: string) => void;
}

/** It is not in force, or can't be undone. */
export class UndoError extends Error {
  override readonly name = 'UndoError';
  readonly code: 'RESPONSES_UNKNOWN' | 'RESPONSES_UNDO';

  constructor(code: UndoError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const AGAIN_MS = 30_000;
/** Node's timers take no longer times; then it is looked at again. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class ForceKeeper {
  readonly #options: ForceKeeperOptions;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #isClosed = false;
  #mode: ResponseMode = 'observe';
  undone = 0;
  failures = 0;

  constructor(options: ForceKeeperOptions) {
    this.#options = options;
  }

  /** Has it undone when its time is over. */
  keep({ id, undoAt }: LedgerEntry): void {
    if (undoAt !== undefined) this.#later(id, undoAt - Date.now());
  }

  /** Settles what the ledger has from before. Never rejects. */
  async recover(mode: ResponseMode): Promise<void> {
    this.#mode = mode;
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
        const reason = error instanceof Error ? error.message : String(error);
        onFailure(`what ${action} has left could not be undone: ${reason}`);
      }
    }
  }

  /** Forgets what has come to its end by itself. */
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
    const container = ledger.entry(id)?.container ?? '';
    return await turns.take(container, () => this.#undo(id));
  }

  close(): void {
    this.#isClosed = true;
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
      await ledger.set(id, 'undoing');
      await actor.undo(entry);
      await this.#forget(id);
    } catch (error) {
      this.failures++;
      this.#later(id, AGAIN_MS);
      const reason = error instanceof Error ? error.message : String(error);
      throw new UndoError('RESPONSES_UNDO', `${describeEntry(entry)} could not be undone: ${reason}`);
    }
    this.undone++;
    onNote(`undone: ${describeEntry(entry)}`);
    return entry;
  }

  async #recover(entry: LedgerEntry): Promise<void> {
    const { ledger, actors, turns, onFailure } = this.#options;
    const { id, action, phase, container, undoAt = Number.POSITIVE_INFINITY } = entry;
    const actor = actors.get(action);
    try {
      if (!actor || (ledger.isOfEarlierBoot(entry) && !actor.outlivesBoot)) await ledger.remove(id);
      else if (
        actor.undo &&
        (phase === 'undoing' || undoAt <= Date.now() || (phase === 'doing' && this.#mode === 'observe'))
      ) {
        await this.undo(id);
      } else if (phase === 'doing') {
        const isInForce = await turns.take(container, async () => (await actor.finish?.(entry)) ?? false);
        if (!isInForce) await ledger.remove(id);
        else {
          await ledger.set(id, 'in-force');
          this.keep(entry);
        }
      } else if (await actor.isOver?.(entry)) await this.#forget(id);
      else this.keep(entry);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      onFailure(
        error instanceof UndoError
          ? reason
          : `${describeEntry(entry)} was half done, and could not be finished: ${reason}`,
      );
      if (!(error instanceof UndoError)) this.#later(id, AGAIN_MS);
    }
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
      this.#options.onFailure(error instanceof Error ? error.message : String(error));
    }
  }

  async #forget(id: string): Promise<void> {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    await this.#options.ledger.remove(id);
  }
}

/** In one line, for people. */
export function describeEntry({ id, action, containerName, container, pod }: LedgerEntry): string {
  const name = pod || containerName || container.slice(0, 12);
  return escapeText(`${action.replaceAll('_', ' ')} ${name} (${id})`);
}
