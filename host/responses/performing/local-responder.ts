// The responder of an agent: it opens the ledger when responses are configured, or when an earlier agent has left something in it.

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import type { Outcome, Target } from '../action.ts';
import { Ledger, LedgerTakenError } from '../ledger/ledger.ts';
import type { LedgerEntry } from '../ledger-entry.ts';
import type { PinnedEnforcement } from '../pinned-enforcement.ts';
import type { OwnPlace } from '../rails.ts';
import type { InForce, Responder } from '../responder.ts';
import type { NeverSettings, Response, ResponseSettings } from '../settings.ts';
import { UndoError } from './active-responses.ts';
import { type Actors, Performer } from './performer.ts';

export interface LocalResponderOptions {
  /** Folder of the ledger. */
  readonly folder: string;
  readonly own: OwnPlace;
  /** @param never returns the protected targets, as they are configured then */
  readonly actors: (never: () => NeverSettings) => Promise<Actors>;
  /** Enforcement that continues without the agent: removed where none is to be pinned. Default: it is left alone. */
  readonly pinned?: PinnedEnforcement;
  /** Whether the agent ends for good: then what is in force is undone. */
  readonly ownEnd?: OwnEnd | undefined;
  /** Called with a message for people when something fails that no alert waits for. */
  readonly onFailure: (message: string) => void;
  /** Called with a message for people when something was undone. */
  readonly onNote: (message: string) => void;
}

/** Finds out whether the agent is uninstalled. */
export interface OwnEnd {
  /** At the start. Never rejects. */
  begin(): Promise<void>;
  /** At the end. Never rejects. */
  isDeleted(): Promise<boolean>;
}

const NOTHING: ResponseSettings = {
  mode: 'observe',
  perContainer: { count: 0, milliseconds: 60_000 },
  perNode: { count: 0, milliseconds: 60_000 },
  never: { namespaces: [], labels: new Map(), executables: [] },
  hosts: false,
  pinned: false,
  responses: [],
};

/** An upgrade starts the new agent before the old one has ended: so long its ledger may be taken. */
const TAKEN_MS = 60_000;
const LOOK_AGAIN_MS = 1000;

export class LocalResponder implements Responder {
  readonly #options: LocalResponderOptions;
  readonly #started = Promise.withResolvers<void>();
  #settings = NOTHING;
  #opening: Promise<Performer> | undefined;
  #performer: Performer | undefined;
  #isStarted = false;
  #isClosed = false;

  constructor(options: LocalResponderOptions) {
    this.#options = options;
  }

  /** The agent captures: what was under way or in force is taken up again. Never rejects. */
  async start(): Promise<void> {
    this.#isStarted = true;
    this.#started.resolve();
    const hasLedger = await stat(join(this.#options.folder, 'ledger')).catch(() => undefined);
    if (!hasLedger && this.#settings.responses.length === 0 && !this.#options.pinned?.exists) return;
    const began = performance.now();
    let isReported = false;
    while (!this.#isClosed) {
      try {
        await this.#open();
        return;
      } catch (error) {
        const isTaken = error instanceof LedgerTakenError;
        if (!isReported && (!isTaken || performance.now() - began > TAKEN_MS)) {
          isReported = true;
          this.#options.onFailure(unusable(error));
        }
        if (!isTaken) return;
        await pause(LOOK_AGAIN_MS, undefined, { ref: false });
      }
    }
  }

  use(settings: ResponseSettings): void {
    this.#settings = settings;
    this.#performer?.use(settings);
    if (this.#performer) this.#removePinned();
    // The first response after a reload does not wait until its code is loaded. If this fails, that response reports why.
    else if (this.#isStarted && !this.#isClosed && settings.responses.length > 0) this.#open().catch(() => {});
  }

  async perform(response: Response, target: Target): Promise<Outcome> {
    const began = performance.now();
    await this.#started.promise;
    try {
      return await (await this.#open()).perform(response, target);
    } catch (error) {
      const milliseconds = performance.now() - began;
      return { kind: 'failed', what: response.action, reason: unusable(error), milliseconds };
    }
  }

  get inForce(): InForce | undefined {
    return this.#performer?.inForce;
  }

  /** What is under way and in force. */
  async list(): Promise<readonly LedgerEntry[]> {
    return (await this.#performer?.list()) ?? [];
  }

  /** Rejects with UndoError. */
  async undo(id: string): Promise<LedgerEntry> {
    if (!this.#performer) throw new UndoError('RESPONSES_UNKNOWN', `${id} is not in force`);
    return await this.#performer.undo(id);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#started.resolve();
    await this.#opening?.then((performer) => this.#end(performer)).catch(() => {});
  }

  /** An agent that is started again undoes it on time; one that is not, now. */
  async #end(performer: Performer): Promise<void> {
    const { ownEnd, onFailure } = this.#options;
    if (await ownEnd?.isDeleted()) {
      this.#removePinned(true);
      const entries = await performer.list();
      await Promise.all(entries.map(({ id }) => performer.undo(id).catch((error: Error) => onFailure(error.message))));
    }
    await performer.close();
  }

  /** Tried again by the next alert if it fails. */
  #open(): Promise<Performer> {
    this.#opening ??= this.#make().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #make(): Promise<Performer> {
    const { folder, own, actors, ownEnd, onFailure, onNote } = this.#options;
    const performer = new Performer({
      settings: this.#settings,
      ledger: await Ledger.open(folder),
      actors: await actors(() => this.#settings.never),
      own,
      onFailure,
      onNote,
    });
    await Promise.all([performer.start(), ownEnd?.begin()]);
    this.#performer = performer;
    performer.use(this.#settings);
    this.#removePinned();
    return performer;
  }

  /** Unless these settings pin it. Only by the agent that has the ledger: another one may run beside. */
  #removePinned(always = false): void {
    const { pinned, onFailure, onNote } = this.#options;
    const { pinned: isWanted, responses } = this.#settings;
    if (!always && isWanted && responses.some(({ where }) => where === 'kernel')) return;
    try {
      if (pinned?.remove()) onNote('pinned enforcement in the kernel was removed: it ends with the agent');
    } catch (error) {
      onFailure(`pinned enforcement in ${pinned?.folder} can't be removed: ${reasonOf(error)}`);
    }
  }
}

function unusable(error: unknown): string {
  return `what is in force can't be kept: ${error instanceof Error ? error.message : String(error)}`;
}
