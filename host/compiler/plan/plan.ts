// The plan of evaluation: for each event type the rules that can match it, for each process the rules that can match its events.

import { EVENT_TYPES, type EventType } from '../../schema/events/index.ts';
import { all, any, type Condition, conjunctsOf, FALSE, scopeOf, TRUE } from '../ir/condition.ts';
import type { RuleSource } from '../rules/rule.ts';
import { CANDIDATE_RULES, type CandidatePlan, planCandidates } from './candidate-plan.ts';
import { crowdOf, indexTexts, type TextIndex } from './text-index.ts';
import { textNeeds } from './text-need.ts';

/** The condition of a rule on some event types, which is the same for all of them. */
export interface RuleBody {
  readonly rule: number;
  readonly types: readonly EventType[];
  /** What many rules of the event types need, and which is tested once for all of them. */
  readonly guards: readonly Condition[];
  /** What is left to test where the rule's candidate bit is set and its guards hold. */
  readonly condition: Condition;
}

/** Cost per evaluated event, roughly in ns. */
export function bodyCost({ guards, condition }: RuleBody): number {
  return [...guards, condition].reduce((sum, each) => sum + (each.kind === 'constant' ? 0 : each.cost), 0);
}

export interface PlannedRule {
  readonly index: number;
  readonly source: RuleSource;
  /** A condition on the process alone, without which the rule can't be true of any event. */
  readonly candidate: Condition;
  readonly bodies: readonly RuleBody[];
}

/** Event types on which the same bodies are evaluated. */
export interface TypeGroup {
  readonly types: readonly EventType[];
  /** In definition order. */
  readonly bodies: readonly RuleBody[];
  /** Texts that many of them need to be something; members are rules. */
  readonly indexes: readonly TextIndex[];
}

export interface Plan {
  readonly rules: readonly PlannedRule[];
  readonly candidates: CandidatePlan;
  readonly groups: readonly TypeGroup[];
}

/** The part of a body that is left to test after the group's indexes have found its rule. */
export function leftToTest({ indexes }: TypeGroup, { rule, condition }: RuleBody): Condition {
  return indexes.find(({ members }) => members.has(rule))?.members.get(rule) ?? condition;
}

/**
 * @param lower the condition of a rule on events of a type
 * @param only evaluates all rules on this type, whatever types they name; by default each on its own types
 */
export function planRules(
  sources: readonly RuleSource[],
  lower: (source: RuleSource, type: EventType) => Condition,
  only?: EventType,
): Plan {
  const planned = sources.map((source, index) => {
    const types = only ? [only] : EVENT_TYPES.filter(({ name }) => source.eventTypes?.has(name) ?? true);
    return planRule(source, index, types, lower);
  });
  const rules = withGuards(planned);
  const candidates = planCandidates(rules.map(({ candidate }) => candidate));
  return { rules, candidates, groups: groupTypes(rules, only ? [only] : EVENT_TYPES) };
}

function planRule(
  source: RuleSource,
  index: number,
  types: readonly EventType[],
  lower: (source: RuleSource, type: EventType) => Condition,
): PlannedRule {
  const conditions = types
    .map((type) => ({ type, condition: lower(source, type) }))
    .filter(({ condition }) => condition !== FALSE);
  const { candidate, implied } =
    index < CANDIDATE_RULES ? candidateOf(conditions.map(({ condition }) => condition)) : NO_CANDIDATE;
  const bodies = new Map<string, { rule: number; types: EventType[]; guards: []; condition: Condition }>();
  for (const { type, condition } of conditions) {
    const rest = all(conjunctsOf(condition).filter(({ key }) => !implied.has(key)));
    const same = bodies.get(rest.key);
    if (same) same.types.push(type);
    else bodies.set(rest.key, { rule: index, types: [type], guards: [], condition: rest });
  }
  return { index, source, candidate, bodies: [...bodies.values()] };
}

const NO_CANDIDATE = { candidate: TRUE, implied: new Set<string>() };

/**
 * The condition on a process for any of the conditions to be true, and the keys of the conjuncts that it implies, which need not be tested
 * again.
 */
function candidateOf(conditions: readonly Condition[]): { candidate: Condition; implied: ReadonlySet<string> } {
  if (conditions.length === 0) return { candidate: FALSE, implied: new Set() };
  const parts = conditions.map((condition) => conjunctsOf(possible(condition)));
  const [first = [], ...others] = parts;
  const common = first.filter(({ key }) => others.every((list) => list.some((other) => other.key === key)));
  const implied = new Set(common.map(({ key }) => key));
  const rest = any(parts.map((list) => all(list.filter(({ key }) => !implied.has(key)))));
  return { candidate: all([...common, rest]), implied };
}

/** The condition with every test of the event assumed true, negated or not: the part that the process alone decides. */
function possible(condition: Condition): Condition {
  switch (condition.kind) {
    case 'constant':
      return condition;
    case 'all':
      return all(condition.children.map(possible));
    case 'any':
      return any(condition.children.map(possible));
    case 'not':
    case 'test':
      return scopeOf(condition) === 'image' ? condition : TRUE;
  }
}

/** Most cost of a guard, roughly in ns: it is tested even if no rule that needs it is a candidate. */
const GUARD_COST = 6;

/** With up to this many rules on an event type, needs shared by two rules become guards; with more, needs shared by this fraction. */
const SMALL_GROUP = 64;
const GUARDED = 1 / 32;

/**
 * Extracts the tests that several rules share on an event type: is it an open for writing, is it a file, does its name start with /etc.
 * One such test then excludes them all at once. Texts that only a few of many rules need are left to an index.
 */
function withGuards(rules: readonly PlannedRule[]): readonly PlannedRule[] {
  const bodies = rules.flatMap((rule) => rule.bodies);
  const sizes = new Map<EventType, number>();
  for (const type of bodies.flatMap(({ types }) => types)) sizes.set(type, (sizes.get(type) ?? 0) + 1);
  const counts = new Map<string, number>();
  const place = (type: EventType, { key }: Condition): string => `${type.number} ${key}`;
  for (const { types, condition } of bodies) {
    for (const part of conjunctsOf(condition).filter(mayGuard)) {
      for (const type of types) counts.set(place(type, part), (counts.get(place(type, part)) ?? 0) + 1);
    }
  }
  const isGuard = (type: EventType, condition: Condition): boolean => {
    const [size, count] = [sizes.get(type) ?? 0, counts.get(place(type, condition)) ?? 0];
    if (size <= SMALL_GROUP) return count > 1;
    return count > (textNeeds(condition).length > 0 ? crowdOf(size) : Math.ceil(size * GUARDED));
  };
  const split = (body: RuleBody): RuleBody => {
    const guards = conjunctsOf(body.condition).filter(
      (part) => mayGuard(part) && body.types.some((type) => isGuard(type, part)),
    );
    const keys = new Set(guards.map(({ key }) => key));
    return { ...body, guards, condition: all(conjunctsOf(body.condition).filter(({ key }) => !keys.has(key))) };
  };
  return rules.map((rule) => ({ ...rule, bodies: rule.bodies.map(split) }));
}

function mayGuard(condition: Condition): boolean {
  return condition.kind !== 'constant' && condition.scope === 'event' && condition.cost <= GUARD_COST;
}

function groupTypes(rules: readonly PlannedRule[], all: readonly EventType[]): readonly TypeGroup[] {
  const groups = new Map<string, { types: EventType[]; bodies: readonly RuleBody[] }>();
  for (const type of all) {
    const bodies = rules.flatMap((rule) => rule.bodies.filter(({ types }) => types.includes(type)));
    if (bodies.length === 0) continue;
    const key = bodies.map(({ rule, types }) => `${rule}:${types[0]?.number}`).join();
    const same = groups.get(key);
    if (same) same.types.push(type);
    else groups.set(key, { types: [type], bodies });
  }
  return [...groups.values()].map((group) => ({
    ...group,
    indexes: indexTexts(new Map(group.bodies.map(({ rule, condition }) => [rule, condition]))),
  }));
}
