// Performs responses: rails, limits, one action on a target at a time, what must be on disk before it is done, and what is to be undone.

import { type Actor, type Deed, type Outcome, RefusalError, type Target } from '../action.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Act, LedgerEntry } from '../ledger-entry.ts';
import { overLimit, recentActs } from '../limits.ts';
import { checkTarget, type OwnPlace } from '../rails.ts';
import type { InForce, Responder } from '../responder.ts';
import type { ActionKind, Response, ResponseSettings } from '../settings.ts';
import { targetKey } from '../target-key.ts';
import { ForceKeeper } from './force-keeper.ts';
import { Turns } from './turns.ts';

export type Actors = ReadonlyMap<ActionKind, Actor>;

export interface PerformerOptions {
  readonly settings: ResponseSettings;
  readonly ledger: Ledger;
  readonly actors: Actors;
  readonly own: OwnPlace;
  /** Called with a message for people when something fails that no alert waits for. */
  readonly onFailure: (message: string) => void;
  /** Called with a message for people when something was undone. */
  readonly onNote: (message: string) => void;
}

/** Alerts that may wait for the decision on theirs. */
const MOST_WAITING = 1000;

export class Performer implements Responder {
  readonly #options: PerformerOptions;
  readonly #keeper: ForceKeeper;
  /** Decisions, one after the other: what the limits allow is exact. */
  readonly #decisions = new Turns();
  /** Actions on a container, one after the other. */
  readonly #byContainer: Turns;
  readonly #underWay = new Set<string>();
  #settings: ResponseSettings;
  /** When it was acted; in `mode: observe`, when it would have been. */
  #acts: readonly Act[];

  constructor(options: PerformerOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#acts = options.ledger.acts;
    this.#byContainer = new Turns();
    this.#keeper = new ForceKeeper({ ...options, turns: this.#byContainer });
  }

  /** Finishes or takes back what was under way when the agent ended, and has what is in force undone on time. Never rejects. */
  async start(): Promise<void> {
    if (this.#options.ledger.damage !== undefined) this.#options.onFailure(this.#options.ledger.damage);
    await this.#keeper.recover(this.#settings.mode);
  }

  /** Applies other settings to alerts from now on. */
  use(settings: ResponseSettings): void {
    // What would have been done counts only as long as nothing is.
    if (settings.mode !== this.#settings.mode) this.#acts = this.#options.ledger.acts;
    this.#settings = settings;
  }

  get settings(): ResponseSettings {
    return this.#settings;
  }

  /** Performs a response to an alert, or says what it would do. Never rejects. */
  perform(response: Response, target: Target): Promise<Outcome> {
    const began = performance.now();
    return this.#attempt(response, target, () => performance.now() - began);
  }

  /** What is under way and in force, in the order in which it began. */
  async list(): Promise<readonly LedgerEntry[]> {
    await this.#keeper.sweep();
    return this.#options.ledger.entries;
  }

  /** Rejects with UndoError. */
  undo(id: string): Promise<LedgerEntry> {
    return this.#keeper.undo(id);
  }

  get inForce(): InForce {
    const { entries } = this.#options.ledger;
    return {
      entries: entries.filter(({ phase }) => phase !== 'doing'),
      undone: this.#keeper.undone,
      undoFailures: this.#keeper.failures,
    };
  }

  async close(): Promise<void> {
    this.#keeper.close();
    await this.#options.ledger.close();
  }

  async #attempt(response: Response, target: Target, milliseconds: () => number): Promise<Outcome> {
    const key = targetKey(response, target);
    let what = response.action.replaceAll('_', ' ');
    let deed: Deed | undefined;
    try {
      // A container that was started again has its id, and nothing of what was in force.
      await this.#keeper.sweep(this.#inForceOn(target));
      const actor = this.#check(response, target, key);
      this.#underWay.add(key);
      try {
        if (this.#decisions.waiting >= MOST_WAITING) throw new RefusalError('limit', 'too many alerts wait for theirs');
        deed = await this.#decisions.take('', () => this.#decide(actor, response, target));
        const { mode } = this.#settings;
        what = deed.what;
        if (mode === 'observe') return { kind: 'observed', what };
        const prepared = deed;
        const undo = await this.#byContainer.take(target.container, () => this.#act(prepared, response, target));
        return { kind: 'done', what: deed.done, milliseconds: milliseconds(), ...(undo !== undefined && { undo }) };
      } finally {
        this.#underWay.delete(key);
        deed?.close?.();
      }
    } catch (error) {
      if (error instanceof RefusalError) return { kind: 'refused', why: error.why, detail: error.message };
      const reason = error instanceof Error ? error.message : String(error);
      return { kind: 'failed', what, reason, milliseconds: milliseconds() };
    }
  }

  /** What can be said at once. @throws {RefusalError} */
  #check(response: Response, target: Target, key: string): Actor {
    const { action } = response;
    checkTarget(action, target, this.#settings, this.#options.own);
    if (this.#underWay.has(key)) throw new RefusalError('already', 'the same action is under way');
    const inForce = this.#inForceOn(target);
    const same = inForce.find((entry) => entry.action === action && targetKey(response, target) === entry.kept.key);
    if (same) throw new RefusalError('already', `it is in force since an earlier alert (${same.id})`);
    if (action === 'stop_container' && inForce.some((entry) => entry.action === 'pause_container')) {
      throw new RefusalError('already', 'the container is paused: its processes can not end by themselves');
    }
    this.#checkLimits(target);
    const actor = this.#options.actors.get(action);
    if (!actor) throw new Error('this agent can not perform it');
    return actor;
  }

  /** On the container of the target. */
  #inForceOn({ container }: Target): readonly LedgerEntry[] {
    return this.#options.ledger.entries.filter((entry) => entry.container === container);
  }

  async #decide(actor: Actor, response: Response, target: Target): Promise<Deed> {
    this.#checkLimits(target);
    const deed = await actor.prepare(response, target);
    this.#acts = [...recentActs(this.#settings, this.#acts, now()), { time: now(), container: target.container }];
    return deed;
  }

  /** @throws {RefusalError} */
  #checkLimits({ container }: Target): void {
    const over = overLimit(this.#settings, this.#acts, container, now());
    if (over !== undefined) throw new RefusalError('limit', over);
  }

  /** Resolves to what takes it back. */
  async #act(deed: Deed, response: Response, target: Target): Promise<string | undefined> {
    const { ledger } = this.#options;
    if (!deed.kept) {
      // It is not held up for the disk: if the agent ends at this moment, the limits have one act more.
      const counted = this.#note(ledger.count(this.#acts));
      await deed.perform();
      await counted;
      return undefined;
    }
    const { undoAfterMs } = response;
    const entry = await ledger.begin(
      {
        action: response.action,
        response: response.name,
        container: target.container,
        containerName: target.containerName,
        pod: target.pod ? `${target.pod.namespace}/${target.pod.name}` : '',
        time: Date.now(),
        ...(undoAfterMs !== undefined && deed.staysInForce && { undoAt: Date.now() + undoAfterMs }),
        kept: { ...deed.kept, key: targetKey(response, target) },
      },
      this.#acts,
    );
    try {
      await deed.perform();
    } catch (error) {
      await this.#note(ledger.remove(entry.id));
      throw error;
    }
    if (!deed.staysInForce) {
      await this.#note(ledger.remove(entry.id));
      return undefined;
    }
    this.#keeper.keep(entry);
    await this.#note(ledger.set(entry.id, 'in-force'));
    return `wasprey responses undo ${entry.id}`;
  }

  /** That it is done can't be written: a restarted agent would do it once more, which changes nothing. */
  async #note(written: Promise<unknown>): Promise<void> {
    try {
      await written;
    } catch (error) {
      this.#options.onFailure(
        `what was done can't be noted: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}

/** ms since the machine was started, the same for each process. */
function now(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
