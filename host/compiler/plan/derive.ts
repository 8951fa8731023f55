// Derives from a plan what the kernel may drop: for each rule and event type, the properties an event needs for the rule to match.

import { DESCRIPTOR_STATE } from '../../schema/event-structs.ts';
import type { EventType } from '../../schema/events/index.ts';
import {
  type FilterClause,
  familyOf,
  isFiltered,
  type KernelFilter,
  OPEN_COMBINATIONS,
  OPENED,
  openFacts,
  SOCKET_KINDS,
  type SocketKind,
} from '../../schema/kernel-filter.ts';
import { all, type Condition } from '../ir/condition.ts';
import {
  between,
  decide,
  type EventFacts,
  type EventMember,
  exactly,
  type PartlyKnown,
  withBits,
} from './event-facts.ts';
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

const LEAST = -(2n ** 63n);
const MOST = 2n ** 63n - 1n;
const SUCCEEDED = between(0n, MOST);
const FAILED = between(LEAST, -1n);

/** The result, and what follows from it: calls that open return the descriptor they made. */
function factsOfResult(result: PartlyKnown, types: readonly EventType[]): EventFacts {
  const facts = new Map<EventMember, PartlyKnown>([['header.result', result]]);
  if (types.every(({ shape }) => shape === 'open')) {
    facts.set('header.fd', result === FAILED ? exactly(-1n) : between(0n, 2n ** 31n - 1n));
  }
  return facts;
}

function resultOf(condition: Condition, types: readonly EventType[]): Pick<FilterClause, 'result'> {
  const possible = (result: PartlyKnown): boolean => decide(condition, factsOfResult(result, types)) !== false;
  const [succeeded, failed] = [possible(SUCCEEDED), possible(FAILED)];
  // A condition that is never true needs both; one of them says as much as is needed.
  return succeeded && failed ? {} : { result: succeeded ? 'succeeded' : 'failed' };
}

const O_CREAT = 0x40;
const O_TRUNC = 0x200;
const TEMPORARY = 0x400000;
const CREATED = BigInt(DESCRIPTOR_STATE.CREATED);

function factsOfOpen(index: number): EventFacts {
  const { access, create, truncate, temporary, opened, created } = openFacts(index);
  const flags = access | (create ? O_CREAT : 0) | (truncate ? O_TRUNC : 0) | (temporary ? TEMPORARY : 0);
  const state = withBits(CREATED, created ? CREATED : 0n);
  const kind = opened === OPENED.nothing ? 0 : (opened === OPENED.directory ? 'd' : 'f').charCodeAt(0);
  return new Map<EventMember, PartlyKnown>([
    ['open.open_flags', withBits(BigInt(3 | O_CREAT | O_TRUNC | TEMPORARY), BigInt(flags))],
    ['open.state', state],
    ['descriptor.state', state],
    ['descriptor.kind', exactly(BigInt(kind))],
    ['header.result', opened === OPENED.nothing ? FAILED : SUCCEEDED],
  ]);
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

/** Undefined: of several kinds, or of a kind that rules don't distinguish. */
const KIND_OF_SOCKET: Readonly<Record<SocketKind, string | undefined>> = {
  none: '\0',
  ipv4: '4',
  ipv6: '6',
  unix: 'u',
  other: undefined,
};

function socketsOf(condition: Condition): Pick<FilterClause, 'sockets'> {
  const possible = SOCKET_KINDS.filter((kind) => {
    const character = KIND_OF_SOCKET[kind];
    if (character === undefined) return isPossibleOfOther(condition);
    return decide(condition, factsOfKind(character)) !== false;
  });
  return possible.length < SOCKET_KINDS.length ? { sockets: possible } : {};
}

/** Descriptors of other kinds: the condition is impossible if it is so for each of them. */
const OTHER_KINDS = 'fdpeslintbrmPXo';

function isPossibleOfOther(condition: Condition): boolean {
  return [...OTHER_KINDS].some((character) => decide(condition, factsOfKind(character)) !== false);
}

function factsOfKind(character: string): EventFacts {
  return new Map<EventMember, PartlyKnown>([['descriptor.kind', exactly(BigInt(character.charCodeAt(0)))]]);
}
