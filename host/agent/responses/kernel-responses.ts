// Responses that programs in the kernel carry out: the rules that they are for, as tables, and what can't be done.

import {
  describeMeans,
  type EnforcedAction,
  type EnforcedMeans,
  type EnforcedRule,
  lackOfPin,
  type MissingEnforcer,
  PINNED_MEANS,
} from '../../capture/enforcement-means.ts';
import { enforcementTables } from '../../capture/enforcement-tables.ts';
import type { EnforcedClause, EnforcementStart } from '../../engine/messages/rule-set-start.ts';
import { numberOfAlternatives, ruleOf } from '../../engine/modules/alternatives.ts';
import { firstWords } from '../../engine/modules/candidate-words.ts';
import { PinnedEnforcement } from '../../responses/pinned-enforcement.ts';
import { RUNTIME_COPIES, RUNTIME_PROGRAMS } from '../../responses/rails.ts';
import type { Response, ResponseSettings } from '../../responses/settings.ts';
import type { RuleModule } from '../modules/rule-module.ts';

/** A rule that the kernel enforces. */
export interface EnforcedRuleSummary {
  readonly rule: string;
  readonly response: string;
  readonly action: string;
  /** The means of enforcement, and what they do not stop. */
  readonly means: readonly string[];
}

/** The same before it is known what the kernel takes. */
export interface EnforcedResponse extends Omit<EnforcedRuleSummary, 'means'> {
  readonly means: EnforcedMeans;
}

export interface KernelResponses {
  /** Undefined: nothing is enforced. */
  readonly start?: EnforcementStart;
  readonly rules: readonly EnforcedResponse[];
  /** Each one line: why a response can't be carried out in the kernel. */
  readonly problems: readonly string[];
}

interface Wanted {
  readonly name: string;
  /** Number of its module, and its own in that. */
  readonly module: number;
  readonly number: number;
  readonly response: Response;
  /** Absent: the rule is not exact in the kernel. */
  readonly enforced?: EnforcedRule;
}

export interface KernelResponsesPlace {
  /** Number of the tables. */
  readonly serial?: number;
  /** The agent's own pod. */
  readonly podUid?: string;
  /** Default: that of this machine. */
  readonly pinned?: PinnedEnforcement;
}

const NO_MEANS: EnforcedMeans = { clauses: [], problems: [] };

const NONE: KernelResponses = { rules: [], problems: [] };

/**
 * @param modules with their responses (withResponses())
 * @param lackOfLsm why the kernel runs no programs of BPF LSM; undefined: it does. Called if there is such a response.
 */
export function kernelResponses(
  modules: readonly RuleModule[],
  settings: ResponseSettings | undefined,
  lackOfLsm: () => string | undefined,
  { serial = 0, podUid = '', pinned = new PinnedEnforcement() }: KernelResponsesPlace = {},
): KernelResponses {
  const wanted = settings ? wantedOf(modules) : [];
  if (!settings || wanted.length === 0) return NONE;
  const inexact = wanted.flatMap(({ name, response, enforced }) =>
    enforced
      ? []
      : [`response ${response.name}: rule '${name}' is not exact in the kernel: wasprey explain '${name}' says why`],
  );
  const enforced = wanted.flatMap((each) => each.enforced ?? []);
  const { namespaces, labels, executables } = settings.never;
  const rails = {
    observes: settings.mode === 'observe',
    hosts: settings.hosts,
    needsPermit: namespaces.length > 0 || labels.size > 0 || podUid !== '',
    executables,
    runtimes: [...RUNTIME_PROGRAMS, ...RUNTIME_COPIES],
    lackOfLsm: lackOfLsm(),
    perNode: settings.perNode,
    perContainer: settings.perContainer,
  };
  const made = enforcementTables(enforced, rails, serial);
  if (!made.ok || inexact.length > 0) {
    const exact = wanted.filter((each) => each.enforced);
    const others = made.ok ? [] : made.problems.map(({ rule, reason }) => problemText(exact[rule ?? -1], reason));
    return { rules: [], problems: [...inexact, ...others] };
  }
  const unpinned = settings.pinned ? wanted.flatMap((each, index) => pinProblem(each, made.means[index]) ?? []) : [];
  const lack = settings.pinned ? pinned.lack : undefined;
  if (unpinned.length > 0 || lack !== undefined)
    return { rules: [], problems: [...unpinned, ...(lack === undefined ? [] : [`responses.pinned: ${lack}`])] };
  const { bytes, rules, clauses } = made.tables;
  const never = { namespaces, labels: [...labels], podUid };
  const ruleOf = (index: number): readonly EnforcedClause[] => {
    const of = wanted[index];
    return of ? [{ name: of.name, module: of.module, rule: of.number }] : [];
  };
  return {
    start: {
      ...{ bytes, rules, serial, clauses: clauses.flatMap(ruleOf), never },
      ...(settings.pinned && { pins: pinned.pinsFor(settings.never) }),
    },
    rules: wanted.map(({ name, response }, index) => ({
      rule: name,
      response: response.name,
      action: response.action,
      means: made.means[index] ?? NO_MEANS,
    })),
    problems: [],
  };
}

/** @param missing programs that the kernel has refused */
export function enforcedSummary(
  { rule, response, action, means }: EnforcedResponse,
  missing: readonly MissingEnforcer[],
  isPinned: boolean,
): EnforcedRuleSummary {
  return { rule, response, action, means: [...describeMeans(means, missing), ...(isPinned ? [PINNED_MEANS] : [])] };
}

function pinProblem({ name, response, enforced }: Wanted, means = NO_MEANS): string | undefined {
  const lack = enforced && lackOfPin(enforced.action, means);
  return lack === undefined ? undefined : `response ${response.name}, rule '${name}': responses.pinned: ${lack}`;
}

function problemText(wanted: Wanted | undefined, reason: string): string {
  return wanted
    ? `response ${wanted.response.name}, rule '${wanted.name}': ${reason}`
    : `responses with where: kernel: ${reason}`;
}

/** The kernel's response for each rule: of several, one that kills counts. */
function wantedOf(modules: readonly RuleModule[]): Wanted[] {
  const words = firstWords(modules.map(numberOfAlternatives));
  return modules.flatMap((of, module) =>
    of.rules.flatMap(({ name, responses = [] }, number) => {
      const own = responses.flatMap(({ response }) => (response.where === 'kernel' ? [response] : []));
      const response = own.find(({ action }) => action === 'kill_process') ?? own[0];
      if (!response) return [];
      const found = of.exact.find(({ rule }) => ruleOf(of, rule) === number);
      const action: EnforcedAction = response.action === 'deny' ? 'deny' : 'kill_process';
      const enforced = found && { exact: found, action, firstWord: words[module] ?? 0 };
      return [{ name, module, number, response, ...(enforced && { enforced }) }];
    }),
  );
}
