// A rule's condition on events of one type as alternatives, each with the facts that it needs; or the tests that stand in the way.

import { type EventType, findEventType } from '../../../schema/events/index.ts';
import { MOST_EXACT_CLAUSES } from '../../../schema/kernel-enforcement.ts';
import type { Condition, Test } from '../../ir/condition.ts';
import { alternatives, constantly, type Formula, type Inexact, join, keyOf, type Literal, negated } from './formula.ts';
import { overlapTest } from './glob-length.ts';
import { peerFormula } from './peer-literal.ts';
import { isNewProgram, type Place } from './place.ts';
import { type Point, pointsOf, truthAt } from './points.ts';
import { type Reason, reasonOfTest, testsOf } from './reasons.ts';
import { presenceFormula, textFormula } from './text-literal.ts';

/** What an event needs at any of these points: any of the alternatives. */
export interface Need {
  readonly points: readonly Point[];
  /** The rule's candidate bit says what its process must be. */
  readonly byCandidate: boolean;
  readonly alternatives: readonly (readonly Literal[])[];
}

export interface TypeProof {
  readonly needs: readonly Need[];
  readonly inexact: readonly Inexact[];
  /** There are more alternatives than fit. */
  readonly isTooComplex: boolean;
}

/** @param candidate what all matches need of their process; @param rest what is left to test then */
export function proveOn(type: EventType, candidate: Condition, rest: Condition): TypeProof {
  const tests = new Map(testsOf(rest).map((test) => [test.key, test]));
  const needs = new Map<string, { points: Point[]; byCandidate: boolean; formula: Formula }>();
  const inexact: Inexact[] = [];
  const where = whereOf(candidate);
  for (const points of groups(type, [...tests.values()].filter(maybeDecided))) {
    const [point] = points;
    if (!point) continue;
    const place = { type, point };
    const isNew = isNewProgram(place);
    const ofProcess = isNew ? formulaOf(candidate, place) : (where ?? constantly(true));
    const formula = join('all', [ofProcess, formulaOf(rest, place)]);
    if (formula.kind === 'inexact') {
      inexact.push(...formula.tests);
      continue;
    }
    const byCandidate = !isNew && !where && candidate.kind !== 'constant';
    const key = `${byCandidate} ${keyOf(formula)}`;
    const known = needs.get(key);
    if (known) known.points.push(...points);
    else needs.set(key, { points: [...points], byCandidate, formula });
  }
  if (inexact.length > 0) return { needs: [], inexact, isTooComplex: false };
  const found = [...needs.values()].map(({ points, byCandidate, formula }) => {
    return { points, byCandidate, alternatives: alternatives(formula, MOST_EXACT_CLAUSES) };
  });
  const made = found.flatMap(({ alternatives: list, ...need }) => (list ? [{ ...need, alternatives: list }] : []));
  return { needs: made, inexact, isTooComplex: made.length < found.length };
}

/**
 * What must hold of a process, if that is only whether it runs in a container: as of a program that is being run, the kernel looks that up
 * itself, and needs no bit that the reader gives each process. Undefined: it is anything else.
 */
function whereOf(candidate: Condition): Formula | undefined {
  const type = findEventType('execve');
  const point = type && pointsOf(type).find(({ result }) => result === 'succeeded');
  if (!point || candidate.kind === 'constant') return undefined;
  const formula = formulaOf(candidate, { type, point });
  return isOfProcess(formula) ? formula : undefined;
}

function isOfProcess(formula: Formula): boolean {
  switch (formula.kind) {
    case 'all':
    case 'any':
      return formula.parts.every(isOfProcess);
    case 'literal':
      return formula.literal.kind === 'process';
    case 'constant':
    case 'inexact':
      return false;
  }
}

/** Whether facts other than the process may decide a test. */
function maybeDecided(test: Test): boolean {
  return test.test === 'value' && test.scope === 'event';
}

/** Points that decide the same tests, in the same way. */
function groups(type: EventType, tests: readonly Test[]): readonly (readonly Point[])[] {
  const groups = Map.groupBy(pointsOf(type), (point) => {
    const truths = tests.map((test) => ({ true: 't', false: 'f', undefined: 'u' })[`${truthAt(test, point)}`]);
    // The other side is only there on sockets of IP.
    return `${point.result} ${point.socket ?? ''} ${truths.join('')}`;
  });
  return [...groups.values()];
}

function formulaOf(condition: Condition, place: Place): Formula {
  switch (condition.kind) {
    case 'constant':
      return constantly(condition.value);
    case 'all':
    case 'any':
      return join(
        condition.kind,
        condition.children.map((child) => {
          const overlap = overlapTest(child, condition.children);
          if (!overlap) return formulaOf(child, place);
          const isOverlapped = formulaOfTest(overlap, place);
          return child.kind === 'not' ? isOverlapped : negated(isOverlapped);
        }),
      );
    case 'not':
      return negated(formulaOfTest(condition.child, place));
    case 'test':
      return formulaOfTest(condition, place);
  }
}

function formulaOfTest(test: Test, place: Place): Formula {
  const truth = truthAt(test, place.point);
  if (truth !== undefined) return constantly(truth);
  const found = test.scope === 'image' && !isNewProgram(place) ? 'process' : literalOf(test, place);
  return typeof found === 'string' ? { kind: 'inexact', tests: [{ test, why: found }] } : found;
}

function literalOf(test: Test, place: Place): Formula | Reason {
  if (test.test === 'text') return textFormula(test, place);
  if (test.test !== 'value') return reasonOfTest(test, place);
  return valueFormula(test, place) ?? reasonOfTest(test, place);
}

function valueFormula({ value }: Extract<Test, { test: 'value' }>, place: Place): Formula | Reason | undefined {
  const peer = peerFormula(value, place);
  if (peer || value.node !== 'comparison' || value.right.node !== 'integer' || value.right.value !== 0n) return peer;
  if (value.operator !== '!=' && value.operator !== '==') return undefined;
  const presence = presenceFormula(value.left, place);
  return value.operator === '!=' || typeof presence !== 'object' ? presence : negated(presence);
}
