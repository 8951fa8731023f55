// The rules that the kernel enforces, as tables (host/schema/tables/enforcement-tables.ts): each clause has a bit, and so has each test of a name or of a
// peer. What can't be enforced is a problem, and nothing is left out silently.

import { CANDIDATE_WORDS } from '../schema/image.ts';
import { ENFORCE_ROOM } from '../schema/tables/enforcement-tables.ts';
import { enforcementBytes, type NumberedClause } from './enforcement-bytes.ts';
import { type EnforcedMeans, type EnforcedRule, meansOf } from './enforcement-means.ts';
import { type EnforcementRails, neverTests } from './enforcement-rails.ts';
import { enforcedStates } from './enforcement-states.ts';
import { ClauseTests } from './enforcement-tests.ts';

/** The tables as Capture.prepareEnforcement() takes them. */
export interface EnforcementTables {
  readonly bytes: Uint8Array;
  /** Pairs: the number of a rule's candidate bit, and its clauses. */
  readonly rules: BigUint64Array;
  /** Index of each clause's rule in those given. */
  readonly clauses: readonly number[];
}

export interface EnforcementProblem {
  /** Index of the rule in those given; undefined: of all together. */
  readonly rule?: number;
  readonly reason: string;
}

export type EnforcementResult =
  | { readonly ok: true; readonly tables: EnforcementTables; readonly means: readonly EnforcedMeans[] }
  | { readonly ok: false; readonly problems: readonly EnforcementProblem[] };

/** Bits 63 and 62 are for protected processes (NEVER_TESTS). */
const MOST_NAME_TESTS = 62;
const MOST_PEER_TESTS = 64;

interface Clause extends NumberedClause {
  /** Index of its rule in those given. */
  readonly rule: number;
  /** Number of the candidate bit. */
  readonly candidate: number;
}

/** @param serial number of these tables: see EnforcedParts */
export function enforcementTables(
  rules: readonly EnforcedRule[],
  rails: EnforcementRails,
  serial = 0,
): EnforcementResult {
  const means = rules.map((rule) => meansOf(rule, rails.lackOfLsm));
  const clauses = clausesOf(rules, means);
  const problems = [
    ...means.flatMap(({ problems: reasons }, rule) => reasons.map((reason) => ({ rule, reason }))),
    ...problemsOfClauses(clauses),
  ];
  if (clauses.length > ENFORCE_ROOM.CLAUSES) return { ok: false, problems };
  const tests = new ClauseTests(clauses.map(({ exact }) => exact));
  const states = enforcedStates([...tests.texts(), ...neverTests(rails)]);
  problems.push(...problemsOfTests(tests, states !== undefined));
  if (problems.length > 0 || !states) return { ok: false, problems };
  const bytes = enforcementBytes({ clauses, tests, states, rails, serial });
  return { ok: true, tables: { bytes, rules: rulesOf(clauses), clauses: clauses.map(({ rule }) => rule) }, means };
}

/** The clauses that can be enforced, numbered in the order of the rules. */
function clausesOf(rules: readonly EnforcedRule[], means: readonly EnforcedMeans[]): readonly Clause[] {
  return rules
    .flatMap(({ exact, action, firstWord = 0 }, rule) =>
      exact.clauses.flatMap((clause, number) => {
        const of = means[rule]?.clauses[number];
        return of ? [{ exact: clause, action, means: of, candidate: firstWord * 64 + exact.rule, rule }] : [];
      }),
    )
    .map((clause, index) => ({ ...clause, bit: 1n << BigInt(index) }));
}

function problemsOfClauses(clauses: readonly Clause[]): readonly EnforcementProblem[] {
  const unknown = clauses.filter(
    ({ exact, candidate }) => exact.process === 'candidate' && candidate >= CANDIDATE_WORDS * 64,
  );
  const problems: EnforcementProblem[] = unknown.map(({ rule }) => ({
    rule,
    reason: 'it is not among the first rules, and the kernel knows only the processes of those',
  }));
  if (clauses.length > ENFORCE_ROOM.CLAUSES)
    problems.push({
      reason: `all rules together have ${clauses.length} alternatives, and the kernel has room for ${ENFORCE_ROOM.CLAUSES}`,
    });
  return problems;
}

function problemsOfTests(tests: ClauseTests, hasStates: boolean): readonly EnforcementProblem[] {
  const problems: EnforcementProblem[] = [];
  if (tests.names.size > MOST_NAME_TESTS || tests.peers.size > MOST_PEER_TESTS)
    problems.push({ reason: 'all rules together test more names or peers than the kernel has room for' });
  if (!hasStates) problems.push({ reason: 'the names in all rules together are longer than the kernel has room for' });
  if (tests.networks().length > ENFORCE_ROOM.NETWORKS || tests.ports().length > ENFORCE_ROOM.PORT_RANGES)
    problems.push({ reason: 'all rules together have more networks or ports than the kernel has room for' });
  return problems;
}

/** Pairs: the number of a rule's candidate bit, and its clauses. */
function rulesOf(clauses: readonly Clause[]): BigUint64Array {
  const rules = new Map<number, bigint>();
  for (const { exact, candidate, bit } of clauses) {
    if (exact.process === 'candidate') rules.set(candidate, (rules.get(candidate) ?? 0n) | bit);
  }
  return BigUint64Array.from([...rules].flatMap(([candidate, bits]) => [BigInt(candidate), bits]));
}
