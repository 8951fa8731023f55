// Which rules of a plan are exact in the kernel, and what it must find for each; of the others, what stands in the way.

import { reachesOut } from '../../../schema/events/effects.ts';
import { type EventType, findEventType } from '../../../schema/events/index.ts';
import {
  type ExactClause,
  type ExactRule,
  MOST_EXACT_CLAUSES,
  MOST_EXACT_NAMES,
} from '../../../schema/kernel-enforcement.ts';
import { familyOf, OPEN_COMBINATIONS, SOCKET_KINDS } from '../../../schema/kernel-filter.ts';
import { all } from '../../ir/condition.ts';
import type { Plan, PlannedRule } from '../plan.ts';
import { testsOfClause } from './clause-tests.ts';
import type { Inexact } from './formula.ts';
import { type Point, returnsZero } from './points.ts';
import type { Reason } from './reasons.ts';
import { type Need, proveOn } from './type-proof.ts';

/** A test of a rule that the kernel can't decide, on events of these types. */
export interface InexactTest extends Inexact {
  readonly types: readonly string[];
}

export type Proof =
  | { readonly isExact: true; readonly rule: ExactRule }
  /** `whole`: a reason that is that of no single test. */
  | { readonly isExact: false; readonly tests: readonly InexactTest[]; readonly whole?: Reason };

/** The rules that are exact. */
export function exactRules({ rules }: Plan): readonly ExactRule[] {
  return rules.flatMap((rule) => {
    const proof = proveExact(rule);
    return proof.isExact ? [proof.rule] : [];
  });
}

export function proveExact({ index, candidate, bodies }: PlannedRule): Proof {
  const proofs = bodies.flatMap(({ types, guards, condition }) => {
    const whole = all([...guards, condition]);
    return alike(types).flatMap(([type, ...others]) => {
      if (!type) return [];
      const proof = proveOn(type, candidate, whole);
      return [type, ...others].map((each) => ({ type: each, ...proof }));
    });
  });
  const tests = byTest(proofs);
  if (tests.length > 0) return { isExact: false, tests };
  if (proofs.some(({ isTooComplex }) => isTooComplex)) return { isExact: false, tests, whole: 'complex' };
  const clauses = joinTypes(proofs.flatMap(({ type, needs }) => needs.flatMap((need) => clausesOf(type, need))));
  if (clauses.length > MOST_EXACT_CLAUSES) return { isExact: false, tests, whole: 'complex' };
  const names = clauses.flatMap((clause) => clause.names ?? []);
  const count = names.reduce((sum, name) => sum + name.equal.length + name.beginnings.length + name.endings.length, 0);
  if (count > MOST_EXACT_NAMES) return { isExact: false, tests, whole: 'many' };
  return { isExact: true, rule: { rule: index, clauses } };
}

/** Types whose events have the same facts, so that the same is true of them. */
function alike(types: readonly EventType[]): readonly (readonly EventType[])[] {
  return [...Map.groupBy(types, (type) => `${type.shape} ${reachesOut(type)} ${returnsZero(type)}`).values()];
}

interface OnType {
  readonly type: EventType;
  readonly inexact: readonly Inexact[];
}

function byTest(proofs: readonly OnType[]): readonly InexactTest[] {
  const found = new Map<string, { inexact: Inexact; types: Set<string> }>();
  for (const { type, inexact } of proofs) {
    for (const one of inexact) {
      const key = `${one.why} ${one.test.key}`;
      const known = found.get(key) ?? { inexact: one, types: new Set() };
      found.set(key, known);
      known.types.add(type.name);
    }
  }
  return [...found.values()].map(({ inexact, types }) => ({ ...inexact, types: [...types] }));
}

function clausesOf(type: EventType, { points, byCandidate, alternatives }: Need): readonly ExactClause[] {
  return alternatives.flatMap((literals) => {
    const test = testsOfClause(literals, byCandidate);
    return test ? factsOf(type, points).map((facts) => ({ types: [type.name], ...facts, ...test })) : [];
  });
}

type Facts = Pick<ExactClause, 'result' | 'opens' | 'sockets'>;

/** The facts of exactly these points, in as many parts as it takes. */
function factsOf(type: EventType, points: readonly Point[]): readonly Facts[] {
  const family = familyOf(type.shape);
  if (family === 'open') return [opensOf(points)];
  const [good, bad] = (['succeeded', 'failed'] as const).map((result) =>
    points.filter((point) => point.result === result),
  );
  const [succeeded = {}, failed = {}] = [good, bad].map((list = []) => socketsOf(list, family === 'network'));
  if (good?.length && bad?.length && JSON.stringify(succeeded) === JSON.stringify(failed)) return [succeeded];
  return [
    ...(good?.length ? [{ result: 'succeeded' as const, ...succeeded }] : []),
    ...(bad?.length ? [{ result: 'failed' as const, ...failed }] : []),
  ];
}

function socketsOf(points: readonly Point[], isNetwork: boolean): Facts {
  const sockets = SOCKET_KINDS.filter((kind) => points.some(({ socket }) => socket === kind));
  return isNetwork && sockets.length < SOCKET_KINDS.length ? { sockets } : {};
}

function opensOf(points: readonly Point[]): Facts {
  const bits = points.reduce((sum, { open = 0 }) => sum | (1n << BigInt(open)), 0n);
  return { opens: bits.toString(16).padStart(OPEN_COMBINATIONS / 4, '0') };
}

/** Clauses that differ in the type alone are one, if the types are of one family. */
function joinTypes(clauses: readonly ExactClause[]): readonly ExactClause[] {
  const byRest = new Map<string, ExactClause>();
  for (const clause of clauses) {
    const { types, ...rest } = clause;
    const key = `${types.map(familyOfName).join()} ${JSON.stringify(rest)}`;
    const known = byRest.get(key);
    byRest.set(key, known ? { ...known, types: [...new Set([...known.types, ...types])] } : clause);
  }
  return [...byRest.values()];
}

function familyOfName(name: string): string {
  const type = findEventType(name);
  return type ? familyOf(type.shape) : '';
}
