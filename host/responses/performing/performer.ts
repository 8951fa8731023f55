// Performs responses: rails, limits, one action on a target at a time, what must be on disk before it is done, and what is to be undone.

import { reasonOf } from '../../diagnostics/system-reason.ts';
import { Slots } from '../../metadata/slots.ts';
import { type Actor, type Deed, type Outcome, RefusalError, type Target } from '../action.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { uptime } from '../ledger/time-left.ts';
import type { Act, LedgerEntry } from '../ledger-entry.ts';
import { limitedPlace, overLimit, recentActs } from '../limits.ts';
import { checkTarget, type OwnPlace, railsKey } from '../rails.ts';
import type { InForce, Responder } from '../responder.ts';
import { type ActionKind, POD_ACTIONS, type Response, type ResponseSettings } from '../settings.ts';
import { targetKey, turnKey } from '../target-key.ts';
import { ActiveResponses } from './active-responses.ts';
import { prepareWithin } from './prepare.ts';
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
  /** How long preparing an action may take. Default: 10 s. */
  readonly prepareMs?: number;
}

/** What was decided, and what comes of it. */
interface Performance {
  readonly outcome: Promise<Outcome>;
}

/** Responses that may wait. */
const MOST_WAITING = 1000;
/** Actions at a time, on this machine and by the API server: each may have 4,096 processes open. */
const AT_ONCE = 8;
const PREPARE_MS = 10_000;
/** How long new actions wait at the start for what was half done: each target's own wait for that in any case. */
const RECOVER_MS = 2000;

export class Performer implements Responder {
  readonly #options: PerformerOptions;
  readonly #active: ActiveResponses;
  /** Actions of the same key, one after the other: see turnKey(). */
  readonly #turns = new Turns();
  readonly #here = new Slots(AT_ONCE);
  readonly #byApiServer = new Slots(AT_ONCE);
  readonly #underWay = new Set<string>();
  #settings: ResponseSettings;
  /** The actions so far; in `mode: observe`, those that would have been done. */
  #acts: readonly Act[];
  #isClosed = false;

  constructor(options: PerformerOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#acts = options.ledger.acts;
    const mayFinish = ({ rails }: LedgerEntry): boolean =>
      this.#settings.mode === 'act' && rails === railsKey(this.#settings);
    this.#active = new ActiveResponses({ ...options, turns: this.#turns, mayFinish });
  }

  /**
   * Finishes or takes back what was under way when the agent ended, and has what is in force undone on time. Resolves in some seconds at the latest:
   * what takes longer goes on. Never rejects.
   */
  async start(): Promise<void> {
    if (this.#options.ledger.damage !== undefined) this.#options.onFailure(this.#options.ledger.damage);
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, RECOVER_MS);
    await Promise.race([this.#active.recover(), late]);
    clearTimeout(timer);
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
    await this.#active.sweep();
    return this.#options.ledger.entries;
  }

  /** Rejects with UndoError. */
  undo(id: string): Promise<LedgerEntry> {
    return this.#active.undo(id);
  }

  get inForce(): InForce {
    const { entries, failedWrites } = this.#options.ledger;
    return {
      entries: entries.filter(({ phase }) => phase !== 'doing'),
      undone: this.#active.undone,
      undoFailures: this.#active.failures,
      unwritten: failedWrites,
    };
  }

  /** What is still under way is finished by the next agent, if it is of more than one step. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#active.close();
    await this.#options.ledger.close();
  }

  async #attempt(response: Response, target: Target, milliseconds: () => number): Promise<Outcome> {
    const { action } = response;
    const key = targetKey(response, target);
    try {
      // A container that was started again has its id, and nothing of what was in force. A slow API server is not asked for what is done here.
      const mine = this.#entriesOn(target).filter((entry) => POD_ACTIONS.has(entry.action) === POD_ACTIONS.has(action));
      await this.#active.sweep(mine);
      if (this.#underWay.has(key)) throw new RefusalError('already', 'the same action is under way');
      this.#check(response, target);
      if (this.#underWay.size >= MOST_WAITING) throw new RefusalError('limit', 'too many responses are waiting');
      this.#underWay.add(key);
      try {
        const slots = POD_ACTIONS.has(action) ? this.#byApiServer : this.#here;
        const { outcome } = await this.#turns.take(turnKey(action, target), () =>
          slots.take(() => this.#inTurn(response, target, milliseconds)),
        );
        return await outcome;
      } finally {
        this.#underWay.delete(key);
      }
    } catch (error) {
      return outcomeOf(error, action.replaceAll('_', ' '), milliseconds());
    }
  }

  /** Resolves when the next one on the target may begin. */
  async #inTurn(response: Response, target: Target, milliseconds: () => number): Promise<Performance> {
    for (;;) {
      const settings = this.#settings;
      const actor = this.#check(response, target);
      const { ledger, prepareMs = PREPARE_MS } = this.#options;
      const deed = await prepareWithin(prepareMs, actor, response, target, ledger.entries);
      let isPerforming = false;
      try {
        // Decided by what is configured no more.
        if (settings !== this.#settings) continue;
        this.#checkLimits(target);
        const act: Act = { time: uptime(), container: limitedPlace(target) };
        this.#acts = [...recentActs(settings, this.#acts, act.time), act];
        if (settings.mode === 'observe') return { outcome: Promise.resolve({ kind: 'observed', what: deed.what }) };
        const entry = deed.kept && (await this.#begin(deed, response, target));
        if (settings !== this.#settings) {
          // Nothing may be done after that is configured, however long the disk has taken.
          this.#acts = this.#acts.filter((each) => each !== act);
          if (entry) await this.#note(ledger.remove(entry.id));
          continue;
        }
        isPerforming = true;
        const outcome = this.#act(deed, entry, milliseconds).finally(() => deed.close?.());
        if (!actor.runsBeside) await outcome;
        return { outcome };
      } finally {
        if (!isPerforming) deed.close?.();
      }
    }
  }

  /** Makes the checks that need no waiting. @throws {RefusalError} */
  #check(response: Response, target: Target): Actor {
    const { action } = response;
    checkTarget(action, target, this.#settings, this.#options.own);
    const key = targetKey(response, target);
    const entries = this.#entriesOn(target);
    const same = entries.find((entry) => entry.action === action && entry.kept.key === key);
    if (same) throw new RefusalError('already', `it is in force since an earlier alert (${same.id})`);
    if (action === 'stop_container' && entries.some((entry) => entry.action === 'pause_container')) {
      throw new RefusalError('already', 'the container is paused: its processes can not end by themselves');
    }
    if (action === 'pause_container' && entries.some((entry) => entry.action === 'stop_container')) {
      throw new RefusalError('already', 'the container is being stopped: paused, its processes could not end');
    }
    this.#checkLimits(target);
    const actor = this.#options.actors.get(action);
    if (!actor) throw new Error('this agent can not perform it');
    return actor;
  }

  /** On the container of the target, or its pod. */
  #entriesOn({ isRequested, container, pod }: Target): readonly LedgerEntry[] {
    const turn = `pod ${pod?.uid}`;
    return this.#options.ledger.entries.filter(
      (entry) => (!isRequested && entry.container === container) || (pod !== undefined && entry.turn === turn),
    );
  }

  /** @throws {RefusalError} */
  #checkLimits(target: Target): void {
    const over = overLimit(this.#settings, this.#acts, limitedPlace(target), uptime());
    if (over !== undefined) throw new RefusalError('limit', over);
  }

  /** Resolves when it is on disk. */
  #begin(deed: Deed, response: Response, target: Target): Promise<LedgerEntry> {
    const { name, action, undoAfterMs } = response;
    const { container, containerName, pod } = target;
    const isUndone = undoAfterMs !== undefined && deed.staysInForce;
    return this.#options.ledger.begin(
      {
        action,
        response: name,
        container,
        containerName,
        pod: pod ? `${pod.namespace}/${pod.name}` : '',
        time: Date.now(),
        ...(isUndone && { undoAt: Date.now() + undoAfterMs, undoAtUptime: uptime() + undoAfterMs }),
        turn: turnKey(action, target),
        rails: railsKey(this.#settings),
        kept: { ...deed.kept, key: targetKey(response, target) },
      },
      this.#acts,
    );
  }

  /** Never rejects. @param entry absent for an action of one step, which leaves nothing */
  async #act(deed: Deed, entry: LedgerEntry | undefined, milliseconds: () => number): Promise<Outcome> {
    const { ledger } = this.#options;
    try {
      if (!entry) {
        // It is not held up for the disk: if the agent ends at this moment, the limits have one act more.
        const counted = this.#note(ledger.count(this.#acts));
        await deed.perform();
        await counted;
        return { kind: 'done', what: deed.done, milliseconds: milliseconds() };
      }
      await deed.perform();
      if (!deed.staysInForce) {
        await this.#note(ledger.remove(entry.id));
        return { kind: 'done', what: deed.done, milliseconds: milliseconds() };
      }
      this.#active.keep(entry);
      await this.#note(ledger.set(entry.id, 'in-force'));
      const undo = `wasprey responses undo ${entry.id}`;
      return { kind: 'done', what: deed.done, milliseconds: milliseconds(), undo };
    } catch (error) {
      if (entry) await this.#note(ledger.remove(entry.id));
      return outcomeOf(error, deed.what, milliseconds());
    }
  }

  /** Reports a ledger that can't be written: a restarted agent would do the action once more, which changes nothing. */
  async #note(written: Promise<unknown>): Promise<void> {
    try {
      await written;
    } catch (error) {
      if (!this.#isClosed) this.#options.onFailure(`can't update the ledger of responses: ${reasonOf(error)}`);
    }
  }
}

function outcomeOf(error: unknown, what: string, milliseconds: number): Outcome {
  if (error instanceof RefusalError) return { kind: 'refused', why: error.why, detail: error.message };
  const reason = error instanceof Error ? error.message : String(error);
  return { kind: 'failed', what, reason, milliseconds };
}
