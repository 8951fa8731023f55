// Reports hooks that are missing on this kernel, and which rules in use are blind without them: lines in the log and an internal alert,
// at the start and whenever rules are replaced. What else the kernel lacks is a line at the start.

import { describeMissingOperations, type MissingFeatures, PROBES_MEMORY } from '../../capture/missing-features.ts';
import { describeMissingHook, type MissingHook } from '../../capture/missing-hooks.ts';
import type { HooksKind } from '../../capture/native.ts';
import { escapeText } from '../../diagnostics/escape.ts';
import type { Engine } from '../../engine/engine.ts';
import { keyedTexts } from '../../outputs/message.ts';
import type { AlertDesk } from '../alerts/alert-desk.ts';
import type { RuleModule } from '../modules/rule-module.ts';
import { namedRules } from '../modules/rule-names.ts';

export const HOOK_RULE = 'Wasprey internal: hooks missing';

/** The consequence of rules that are blind without a hook: an alert and no readiness, or neither. */
export type MissingHooksPolicy = 'alert' | 'allow';

export interface HookSummary {
  /** Hooks of system calls that are in use; absent: none are. */
  readonly calls?: HooksKind;
  readonly missing: readonly MissingHook[];
  /** Missing hooks that rules in use need. */
  readonly needed: readonly MissingHook[];
  /** Rules in use that miss events because a hook is missing. */
  readonly blindRules: readonly string[];
  /** Operations that the kernel's io_uring lacks; absent if unknown, or nothing is captured. */
  readonly missingIoUringOperations?: readonly string[];
  /** Whether programs read the kernel's memory without probes; absent if nothing is captured. */
  readonly hasDirectReads?: boolean;
  /** The configuration accepts it. */
  readonly isAllowed: boolean;
}

/** Each gets a message for people. */
export interface HookListener {
  /** Some events are missed. */
  onTrouble(message: string): void;
  /** Something is missing, but no events are missed. */
  onNote(message: string): void;
}

export class HookWatch {
  readonly #desk: Pick<AlertDesk, 'internal'>;
  readonly #policy: MissingHooksPolicy;
  readonly #listener: HookListener;
  readonly #askKernel: () => MissingFeatures;
  readonly #logged = new Set<string>();
  /** What a kernel lacks does not change: it is asked once. */
  #lacks: MissingFeatures | undefined;
  #missing: readonly MissingHook[] = [];
  #needed: readonly MissingHook[] = [];
  #calls: HooksKind | undefined;
  #blindRules: readonly { readonly name: string }[] = [];
  /** What the latest alert was about. */
  #alerted = '';

  /** @param askKernel is called once, and only if calls are captured */
  constructor(
    desk: Pick<AlertDesk, 'internal'>,
    policy: MissingHooksPolicy,
    listener: HookListener,
    askKernel: () => MissingFeatures,
  ) {
    this.#desk = desk;
    this.#policy = policy;
    this.#listener = listener;
    this.#askKernel = askKernel;
  }

  get summary(): HookSummary {
    return {
      ...(this.#calls && { calls: this.#calls }),
      missing: this.#missing,
      needed: this.#needed,
      blindRules: this.#blindRules.map(({ name }) => name),
      ...this.#lacks,
      isAllowed: this.#policy === 'allow',
    };
  }

  /**
   * @param engine what it says of its hooks
   * @param modules those in use from now on
   */
  update({ missing, hooks }: Pick<Engine, 'missing' | 'hooks'>, modules: readonly RuleModule[]): void {
    this.#calls = hooks;
    this.#missing = missing;
    this.#logNew();
    if (hooks !== undefined) this.#noteLacks();
    const rules = modules.flatMap((module) => module.rules);
    this.#needed = missing.filter(({ blinds }) => rules.some((rule) => isBlinded(rule, blinds)));
    this.#blindRules = rules.filter((rule) => this.#needed.some(({ blinds }) => isBlinded(rule, blinds)));
    const about = JSON.stringify([this.#needed.map(keyOf), this.#blindRules.map(({ name }) => name)]);
    if (about === this.#alerted) return;
    this.#alerted = about;
    if (this.#needed.length > 0) this.#report();
  }

  #logNew(): void {
    for (const hook of this.#missing) {
      const key = keyOf(hook);
      if (this.#logged.has(key)) continue;
      this.#logged.add(key);
      const message = escapeText(describeMissingHook(hook));
      if (hook.blinds.length > 0) this.#listener.onTrouble(message);
      else this.#listener.onNote(message);
    }
  }

  #noteLacks(): void {
    if (this.#lacks) return;
    this.#lacks = this.#askKernel();
    const { missingIoUringOperations: operations, hasDirectReads } = this.#lacks;
    if (operations?.length) this.#listener.onNote(describeMissingOperations(operations));
    if (!hasDirectReads) this.#listener.onNote(PROBES_MEMORY);
  }

  #report(): void {
    this.#listener.onTrouble(
      `these rules are blind to some events: ${namedRules(this.#blindRules)}; \`wasprey doctor\` reports what this kernel lacks`,
    );
    if (this.#policy === 'allow') return;
    const fields = {
      hooks: this.#needed.map(({ hook }) => hook).join(','),
      programs: this.#needed.map(({ program }) => program).join(','),
      reasons: [...new Set(this.#needed.map(({ reason }) => reason))].join(','),
      rules: this.#blindRules.map(({ name }) => name).join(','),
    };
    const values = keyedTexts(fields);
    const sentences = this.#needed.map(describeMissingHook).join('; ');
    const rules = `${this.#blindRules.length} of the rules in use are blind to some events`;
    const message = `${HOOK_RULE}: ${sentences}; ${rules}. engine.wasprey.missing_hooks=allow accepts it.`;
    this.#desk.internal(HOOK_RULE, 'Critical', message, values);
  }
}

function isBlinded({ eventTypes }: { readonly eventTypes: readonly string[] }, blinds: readonly string[]): boolean {
  return eventTypes.some((type) => blinds.includes(type));
}

function keyOf({ hook, program, reason }: MissingHook): string {
  return `${program} ${hook} ${reason}`;
}
