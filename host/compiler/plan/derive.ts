// Derives from a plan what the kernel may drop: for each rule and event type, the properties an event needs for the rule to match.

import { isFiltered } from '../../schema/events/effects.ts';
import type { EventType } from '../../schema/events/index.ts';
import {
  type FilterClause,
  familyOf,
  type KernelFilter,
  OPEN_COMBINATIONS,
  SOCKET_KINDS,
} from '../../schema/kernel-filter.ts';
import { all, type Condition } from '../ir/condition.ts';
import { decide, type PartlyKnown } from './event-facts.ts';
import {
  FAILED,
  factsOfKind,
  factsOfOpen,
  factsOfResult,
  KIND_OF_SOCKET,
  OTHER_KINDS,
  SUCCEEDED,
  USERFAULTFD,
} from './family-facts.ts';
import { pathNeed } from './path-need.ts';
import type { Plan, RuleBody } from './plan.ts';

/** A clause for each rule and each of its conditions; none for rules that match no event. */
export function kernelFilter({ rules }: Plan): KernelFilter {
  return rules.flatMap(({ bodies }) => bodies.flatMap(clausesOf));
}

function clausesOf({ rule, types, guards, condition }: RuleBody): readonly FilterClause[] {
  const whole = all([...guards, condition]);
  const byFamily = Map.groupBy(types.filter(isFiltered), ({ shape }) => familyOf(shape));
  return [...byFamily].map(([family, ofFamily]) => ({
    rule,
    types: ofFamily.map(({ name }) => name),
    ...resultOf(whole, ofFamily),
    ...(family === 'open' && { ...opensOf(whole), ...pathOf(whole) }),
    ...(family === 'network' && socketsOf(whole)),
  }));
}

function resultOf(condition: Condition, types: readonly EventType[]): Pick<FilterClause, 'result'> {
  const possible = (result: PartlyKnown): boolean => decide(condition, factsOfResult(result, types)) !== false;
  const [succeeded, failed] = [possible(SUCCEEDED), possible(FAILED)];
  // A condition that is never true needs both; one of them says as much as is needed.
  return succeeded && failed ? {} : { result: succeeded ? 'succeeded' : 'failed' };
}

const OPEN_FACTS = Array.from({ length: OPEN_COMBINATIONS }, (_, index) => factsOfOpen(index));

function opensOf(condition: Condition): Pick<FilterClause, 'opens'> {
  const possible = OPEN_FACTS.map((facts) => decide(condition, facts) !== false);
  if (possible.every(Boolean)) return {};
  const bits = possible.reduce((sum, one, index) => (one ? sum | (1n << BigInt(index)) : sum), 0n);
  return { opens: bits.toString(16).padStart(OPEN_COMBINATIONS / 4, '0') };
}

function pathOf(condition: Condition): Pick<FilterClause, 'path'> {
  const path = pathNeed(condition);
  return path ? { path } : {};
}

function socketsOf(condition: Condition): Pick<FilterClause, 'sockets'> {
  const possible = SOCKET_KINDS.filter((kind) => {
    const character = KIND_OF_SOCKET[kind];
    if (character === undefined) return isPossibleOfOther(condition);
    return decide(condition, factsOfKind(character)) !== false;
  });
  return possible.length < SOCKET_KINDS.length ? { sockets: possible } : {};
}

/** The condition is impossible if it is so for each of them. */
function isPossibleOfOther(condition: Condition): boolean {
  return [...OTHER_KINDS, USERFAULTFD].some((character) => decide(condition, factsOfKind(character)) !== false);
}
