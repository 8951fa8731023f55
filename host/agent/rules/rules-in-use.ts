// The rules in use: replaced one set at a time, each either completely or not at all, and counted.

import { type FilterTables, filterTables } from '../../capture/filter-tables.ts';
import type { Engine } from '../../engine/engine.ts';
import type { EnforcementStart, ModuleStart, RuleSetStart } from '../../engine/messages/rule-set-start.ts';
import { numberOfAlternatives } from '../../engine/modules/alternatives.ts';
import { firstWords } from '../../engine/modules/candidate-words.ts';
import type { JournalWants } from '../../journal/wants.ts';
import { type AlertDesk, ruleReads } from '../alerts/alert-desk.ts';
import type { RuleModule } from '../modules/rule-module.ts';
import { startsOf } from '../modules/stored-alternatives.ts';
import { type AbsenceSummary, ModuleAbsences } from './module-absences.ts';

/** Falco calls it a hot restart failure, under a name of its own. */
export const RELOAD_FAILURE_RULE = 'Wasprey internal: hot reload failure';

/** Files and modules that the agent itself reads. */
const READ_HERE = '';

const LEFT_OUT_RULE = 'Wasprey internal: invalid rules left out';
/** Errors that an alert shows at most; all are in the log and in the status. */
const MOST_ERRORS_SHOWN = 5;

export interface ModuleSummary {
  readonly name: string;
  readonly sha256: string;
  readonly rules: number;
  /** ms since the epoch: a module that was in the set before as well is as old as it was. */
  readonly inUseSince: number;
}

export interface RuleSetSummary {
  /** Errors of what was left out of the rules in use, each as one line. */
  readonly leftOut: readonly string[];
  /** 0 for the rules that the agent was started with; incremented with each replacement. */
  readonly generation: number;
  readonly modules: readonly ModuleSummary[];
  /** Modules that failed, of this set and those before. */
  readonly setAside: AbsenceSummary;
  readonly reloads: {
    readonly succeeded: number;
    readonly failed: number;
    /** When the last one succeeded, in ms since the epoch. */
    readonly lastSuccess?: number;
    readonly lastFailure?: { readonly time: number; readonly reason: string };
    /** The rules in use are not the wanted ones: the last replacement was refused, or invalid ones were left out at the start. */
    readonly isRefused: boolean;
    /** How long the last one kept events waiting at most. */
    readonly longestStepMs?: number;
  };
}

export interface RuleSetsHost {
  readonly engine: () => Engine | undefined;
  readonly desk: AlertDesk;
  /** Whether the kernel drops what no rule can match. */
  readonly isFiltered: boolean;
  /** What the journal wants captured beside them. */
  readonly journal?: () => JournalWants | undefined;
  /** Whether rules can begin captures. */
  readonly captures?: boolean;
  /** What the kernel enforces with these modules. Throws EngineError if it can't. */
  readonly enforcement?: (modules: readonly RuleModule[]) => EnforcementStart | undefined;
  readonly onTrouble: (message: string) => void;
  readonly onRules?: (change: RuleChange) => void;
}

/** The reason is one line. */
export type RuleChange =
  | { readonly kind: 'replaced'; readonly generation: number; readonly modules: RuleSetSummary['modules'] }
  | { readonly kind: 'refused'; readonly reason: string }
  /** The refused rules are gone: those in use are the wanted ones. */
  | { readonly kind: 'restored' }
  /** The agent has started without the invalid ones. */
  | { readonly kind: 'left-out'; readonly reason: string };

export class RuleSets {
  readonly absences: ModuleAbsences;
  readonly #host: RuleSetsHost;
  #modules: readonly RuleModule[];
  #guard: RuleModule | undefined;
  /** Since when each module is in use, by its hash: ms since the epoch. */
  #inUseSince: ReadonlyMap<string, number>;
  /** Generation of the set in use, and the last that was given to one. */
  #generation = 0;
  #lastGiven = 0;
  #succeeded = 0;
  #failed = 0;
  #lastSuccess: number | undefined;
  #lastFailure: { time: number; reason: string } | undefined;
  /** Where refused rules came from. */
  readonly #refused = new Set<string>();
  #leftOut: readonly string[] = [];
  #longestStepMs: number | undefined;
  #underWay: Promise<void> = Promise.resolve();

  /** @param guard the module of the conditions of responses */
  constructor(modules: readonly RuleModule[], host: RuleSetsHost, guard?: RuleModule) {
    this.#modules = modules;
    this.#guard = guard;
    this.#inUseSince = timesOf(modules, new Map());
    this.#host = host;
    this.absences = new ModuleAbsences(host.desk, host.onTrouble);
    host.desk.use(0, modules);
  }

  /** The modules in use. */
  get modules(): readonly RuleModule[] {
    return this.#modules;
  }

  /** Errors of what was left out of them, each as one line. */
  get leftOut(): readonly string[] {
    return this.#leftOut;
  }

  /** The set that the worker starts with. */
  get first(): RuleSetStart {
    return this.#setOf(0, this.#modules, this.#guard);
  }

  /** Replaces the rules by these, in this order, after pending replacements. Rejects with EngineError: the previous rules stay then. */
  replace(modules: readonly RuleModule[], guard?: RuleModule): Promise<void> {
    const done = this.#underWay.then(() => this.#replace(modules, guard));
    this.#underWay = done.catch(() => {});
    return done;
  }

  /** Has the same rules with what others want captured now. Rejects with EngineError: what was captured stays. */
  recapture(): Promise<void> {
    const done = this.#underWay.then(async () => {
      const generation = await this.#takeOver(this.#modules, this.#guard);
      if (generation !== undefined) this.#generation = generation;
    });
    this.#underWay = done.catch(() => {});
    return done;
  }

  /** @returns their generation; undefined if there is no engine */
  async #takeOver(modules: readonly RuleModule[], guard: RuleModule | undefined): Promise<number | undefined> {
    const { desk, engine, onTrouble } = this.#host;
    const running = engine();
    if (!running) return undefined;
    const generation = ++this.#lastGiven;
    desk.use(generation, modules);
    try {
      const { longestStepMs, trouble } = await running.replace(this.#setOf(generation, modules, guard));
      this.#longestStepMs = longestStepMs;
      if (trouble)
        onTrouble(
          `events that only the previous rules needed are still captured: ${trouble.message} [${trouble.code}]`,
        );
    } catch (error) {
      desk.retire(generation);
      throw error;
    }
    return generation;
  }

  async #replace(modules: readonly RuleModule[], guard: RuleModule | undefined): Promise<void> {
    const generation = await this.#takeOver(modules, guard);
    if (generation === undefined) return;
    this.#modules = modules;
    this.#guard = guard;
    this.#inUseSince = timesOf(modules, this.#inUseSince);
    this.#generation = generation;
    this.#succeeded++;
    this.#lastSuccess = Date.now();
    this.#refused.delete(READ_HERE);
    this.#leftOut = [];
    this.#host.onRules?.({ kind: 'replaced', generation, modules: this.summary.modules });
  }

  /** The worker has reported that no match of earlier sets will come. */
  tookOver(generation: number): void {
    this.#host.desk.retireBefore(generation);
    // Modules of this set may have failed already: events come before this report.
    this.absences.endBefore(generation);
  }

  /** New rules were refused: reports it, once for each attempt. */
  failed(reason: string, from = READ_HERE): void {
    this.#failed++;
    this.#lastFailure = { time: Date.now(), reason };
    this.#refused.add(from);
    this.#host.desk.internal(RELOAD_FAILURE_RULE, 'Critical', `${RELOAD_FAILURE_RULE}: ${reason}`);
    this.#host.onRules?.({ kind: 'refused', reason });
  }

  /** Invalid parts of the rule files were left out of the rules that the agent starts with. @param errors each is one line */
  leaveOut(errors: readonly string[]): void {
    this.#leftOut = errors;
    const more = errors.length > MOST_ERRORS_SHOWN ? [`and ${errors.length - MOST_ERRORS_SHOWN} more`] : [];
    const reason = [...errors.slice(0, MOST_ERRORS_SHOWN), ...more].join('; ');
    this.#host.desk.internal(LEFT_OUT_RULE, 'Critical', `${LEFT_OUT_RULE}: ${reason}`);
    this.#host.onTrouble(`invalid parts of the rule files were left out, the other rules are in use: ${reason}`);
    this.#host.onRules?.({ kind: 'left-out', reason });
  }

  /** The refused rules are gone, and those in use are the wanted ones. */
  restored(from = READ_HERE): void {
    const isLast = this.#refused.delete(from) && this.#refused.size === 0;
    if (isLast && this.#leftOut.length === 0) this.#host.onRules?.({ kind: 'restored' });
  }

  get summary(): RuleSetSummary {
    return {
      generation: this.#generation,
      modules: this.#modules.map(({ name, sha256, rules }) => ({
        name,
        sha256,
        rules: rules.length,
        inUseSince: this.#inUseSince.get(sha256) ?? 0,
      })),
      leftOut: this.#leftOut,
      setAside: this.absences.summary,
      reloads: {
        succeeded: this.#succeeded,
        failed: this.#failed,
        ...(this.#lastSuccess !== undefined && { lastSuccess: this.#lastSuccess }),
        ...(this.#lastFailure && { lastFailure: this.#lastFailure }),
        isRefused: this.#refused.size > 0 || this.#leftOut.length > 0,
        ...(this.#longestStepMs !== undefined && { longestStepMs: this.#longestStepMs }),
      },
    };
  }

  #setOf(generation: number, modules: readonly RuleModule[], guard: RuleModule | undefined): RuleSetStart {
    const journal = this.#host.journal?.();
    const filter = this.#host.isFiltered ? sharedFilter(modules, journal, this.#host.captures) : undefined;
    const enforcement = this.#host.enforcement?.(modules);
    const eventTypes = [...modules, ...(journal ? [journal] : [])].flatMap((each) => each.eventTypes);
    return {
      generation,
      eventTypes: [...new Set(eventTypes)].sort(),
      modules: modules.map(moduleStart),
      ...(guard && { guard: moduleStart(guard) }),
      ...(filter && { filter }),
      ...(enforcement && { enforcement }),
    };
  }
}

function moduleStart({ name, verified, rules, alternatives }: RuleModule): ModuleStart {
  return { name, verified, rules: rules.map(ruleReads), ...(alternatives && { alternatives: startsOf(alternatives) }) };
}

function timesOf(modules: readonly RuleModule[], before: ReadonlyMap<string, number>): Map<string, number> {
  const now = Date.now();
  return new Map(modules.map(({ sha256 }) => [sha256, before.get(sha256) ?? now]));
}

/** What the kernel may drop for all of the modules and the journal; undefined when a module has no filter, so that it may drop nothing. */
function sharedFilter(
  modules: readonly RuleModule[],
  journal: JournalWants | undefined,
  captures = false,
): FilterTables | undefined {
  const filters = modules.flatMap(({ filter }) => (filter ? [filter] : []));
  if (filters.length < modules.length) return undefined;
  const others = journal ? [journal.filter] : [];
  return filterTables([...filters, ...others], firstWords(modules.map(numberOfAlternatives)), captures);
}
