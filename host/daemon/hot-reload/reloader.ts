// Replaces rules that have changed: they are read and compiled first. After an error the previous rules stay.

import { setTimeout as sleep } from 'node:timers/promises';
import type { RuleModule } from '../../agent/modules/rule-module.ts';

/** Rules as they were at some moment. */
export interface RuleSnapshot {
  /** Hash of their content. */
  readonly hash: string;
  /** Compiles or loads them. Rejects with RulesRefused. */
  load(): Promise<readonly RuleModule[]>;
}

/** New rules that can't be used. The message is one line. */
export class RulesRefused extends Error {
  override readonly name = 'RulesRefused';
  /** The errors with their places, as several lines; may be empty. */
  readonly detail: string;
  /** Where the error is: in the rules, or in the configuration that names them. */
  readonly part: 'rules' | 'configuration';

  constructor(message: string, detail = '', part: 'rules' | 'configuration' = 'rules') {
    super(message);
    this.detail = detail;
    this.part = part;
  }
}

export interface ReloaderHost {
  /** Reads the rules as they are now. Rejects with RulesRefused. */
  readonly read: () => Promise<RuleSnapshot>;
  /** Puts them in use. */
  readonly replace: (modules: readonly RuleModule[]) => Promise<void>;
  readonly onReplaced: (modules: readonly RuleModule[]) => void;
  readonly onRefused: (error: RulesRefused) => void;
  /** The refused content is gone: the current content is in use. */
  readonly onRestored: () => void;
  /** How long an error must last before it is reported: a file may be half written. */
  readonly patienceMs?: number;
}

export type ReloadResult = 'replaced' | 'unchanged' | 'refused';

const PATIENCE_MS = 1_000;

export class RuleReloader {
  readonly #host: ReloaderHost;
  /** Content that is in use, and that was refused last. */
  #inUse: string;
  #refused: string | undefined;
  #underWay: Promise<ReloadResult> | undefined;
  #next: { readonly force: boolean; readonly result: PromiseWithResolvers<ReloadResult> } | undefined;

  /** @param inUse hash of the content that is in use already */
  constructor(inUse: string, host: ReloaderHost) {
    this.#inUse = inUse;
    this.#host = host;
  }

  /**
   * Looks for changes, and brings them into use. Never rejects.
   * @param force also what has not changed, or was refused already
   */
  reload(force = false): Promise<ReloadResult> {
    if (this.#underWay === undefined) {
      this.#underWay = this.#reload(force).finally(() => this.#goOn());
      return this.#underWay;
    }
    // Changes while rules are compiled count as one more change.
    this.#next = {
      force: force || this.#next?.force === true,
      result: this.#next?.result ?? Promise.withResolvers<ReloadResult>(),
    };
    return this.#next.result.promise;
  }

  #goOn(): void {
    this.#underWay = undefined;
    const next = this.#next;
    this.#next = undefined;
    if (next) next.result.resolve(this.reload(next.force));
  }

  async #reload(force: boolean): Promise<ReloadResult> {
    for (;;) {
      const before = await this.#read();
      if (!force && before.hash === this.#inUse) {
        if (this.#refused !== undefined) this.#host.onRestored();
        this.#refused = undefined;
        return 'unchanged';
      }
      if (!force && before.hash === this.#refused) return 'refused';
      const refusal = await this.#bringIntoUse(before);
      if (refusal === undefined) return 'replaced';
      await sleep(this.#host.patienceMs ?? PATIENCE_MS, undefined, { ref: false });
      if ((await this.#read()).hash !== before.hash) continue;
      this.#refused = before.hash;
      this.#host.onRefused(refusal);
      return 'refused';
    }
  }

  /** Unreadable rules have a hash too: of the reason. */
  async #read(): Promise<RuleSnapshot> {
    try {
      return await this.#host.read();
    } catch (error) {
      const refusal = asRefusal(error);
      return { hash: `unreadable: ${refusal.message}`, load: () => Promise.reject(refusal) };
    }
  }

  /** The errors of the current rules, if they are not in use. */
  async #bringIntoUse(snapshot: RuleSnapshot): Promise<RulesRefused | undefined> {
    try {
      const modules = await snapshot.load();
      await this.#host.replace(modules);
      this.#inUse = snapshot.hash;
      this.#refused = undefined;
      this.#host.onReplaced(modules);
      return undefined;
    } catch (error) {
      return asRefusal(error);
    }
  }
}

function asRefusal(error: unknown): RulesRefused {
  if (error instanceof RulesRefused) return error;
  return new RulesRefused(error instanceof Error ? error.message : String(error));
}
