// Proposes exceptions for a rule: fields of which few values describe most of its matches.

import type { AlertGroup } from './alert-groups.ts';
import { type Aspects, CALL_ASPECTS } from './aspects.ts';
import { type ExceptionValues, isWritable } from './exception-yaml.ts';

/** An exception with more values is no better than switching the rule off. */
const MOST_VALUES = 10;
/** Values are added until the exception holds back this share of the alerts. */
const ENOUGH = 0.95;
/** Each value must hold back this share at least. */
const LEAST_SHARE = 0.01;
/** The price of a value, which makes the exception longer to read: it is worth this share of alerts that still fire. */
const VALUE_COST = 0.03;
/** A further field that needs no further values makes the exception narrower for nothing. */
const FIELD_WORTH = 0.004;
const MOST_PROPOSALS = 3;
const MOST_FIELDS = 4;

export interface Proposal extends ExceptionValues {
  /** Alerts that it should hold back. */
  readonly alerts: number;
}

/**
 * The best first. Each names the program or user, and something besides: an exception for one alone would hide everything that it ever does.
 * @param total alerts of the rule
 * @param listNames of the rules: no value may be one
 */
export function proposalsFor(
  aspects: Aspects,
  groups: readonly AlertGroup[],
  total: number,
  listNames: readonly string[],
): readonly Proposal[] {
  const scored = fieldSets(aspects)
    .map((fields) => proposalOf(fields, groups, total, listNames))
    .filter((proposal) => proposal.values.length > 0)
    .map((proposal) => ({ proposal, score: scoreOf(proposal, total) }))
    .sort((a, b) => b.score - a.score);
  const chosen: Proposal[] = [];
  for (const { proposal } of scored) {
    if (chosen.length === MOST_PROPOSALS) break;
    if (!chosen.some((other) => isAlike(other, proposal))) chosen.push(proposal);
  }
  return chosen;
}

/**
 * One for what a single alert on a system call is about: the program, with its parent, what it acted on and its image, as far as these are known. Undefined if that is
 * too little.
 * @param known its values, by field
 * @param listNames of the rules: no value may be one
 */
export function exactProposal(
  known: ReadonlyMap<string, string>,
  listNames: readonly string[],
): ExceptionValues | undefined {
  const { subject, telling } = CALL_ASPECTS;
  const chosen = [subject, ...telling].flatMap((aspect): (readonly [field: string, value: string])[] => {
    for (const field of aspect) {
      const value = known.get(field);
      if (value !== undefined && isWritable(value, listNames)) return [[field, value]];
    }
    return [];
  });
  const fields = chosen.map(([field]) => field);
  if (!isEnough(CALL_ASPECTS, fields)) return undefined;
  return { fields, values: [chosen.map(([, value]) => value)] };
}

function scoreOf({ alerts, values, fields }: Proposal, total: number): number {
  return alerts / total - VALUE_COST * values.length + FIELD_WORTH * fields.length;
}

/** They hold back as much by as many values: the same alerts, described in other ways. The better one is enough. */
function isAlike(one: Proposal, other: Proposal): boolean {
  return one.alerts === other.alerts && one.values.length === other.values.length;
}

function fieldSets(aspects: Aspects): readonly (readonly string[])[] {
  const { subject, telling, others } = aspects;
  let sets: string[][] = subject.map((field) => [field]);
  for (const fields of [...telling, ...others]) {
    sets = sets.flatMap((set) => [set, ...fields.map((field) => [...set, field])]);
  }
  return sets.filter((set) => set.length <= MOST_FIELDS && isEnough(aspects, set));
}

/** Whether it names the subject, and something besides that is specific enough. */
function isEnough({ subject, telling }: Aspects, fields: readonly string[]): boolean {
  const hasOf = (aspect: readonly string[]): boolean => aspect.some((field) => fields.includes(field));
  return hasOf(subject) && telling.some(hasOf);
}

function proposalOf(
  fields: readonly string[],
  groups: readonly AlertGroup[],
  total: number,
  listNames: readonly string[],
): Proposal {
  const counts = new Map<string, { values: readonly string[]; alerts: number }>();
  for (const group of groups) {
    const values = fields.map((field) => group.values.get(field) ?? '');
    if (!values.every((value) => isWritable(value, listNames))) continue;
    const key = values.join('\0');
    const known = counts.get(key);
    if (known) known.alerts += group.alerts;
    else counts.set(key, { values, alerts: group.alerts });
  }
  const sorted = [...counts.values()].sort(
    (a, b) => b.alerts - a.alerts || (a.values.join() < b.values.join() ? -1 : 1),
  );
  const chosen: (readonly string[])[] = [];
  let alerts = 0;
  for (const one of sorted) {
    if (chosen.length === MOST_VALUES || alerts >= ENOUGH * total || one.alerts < LEAST_SHARE * total) break;
    chosen.push(one.values);
    alerts += one.alerts;
  }
  return { fields, values: chosen, alerts };
}
