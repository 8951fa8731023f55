// The needs of all rules as tables for the kernel: each clause has a bit of its family's word, each table has, for one
// fact of an event, the clauses that can still be satisfied, and an event without any is dropped (native/bpf/filter/filter.h).

import { isFiltered } from '../schema/events/effects.ts';
import { EVENT_TYPE_COUNT, EVENT_TYPES } from '../schema/events/index.ts';
import { CANDIDATE_WORDS } from '../schema/image.ts';
import {
  FILTER_FAMILIES,
  type FilterClause,
  type FilterFamily,
  familyOf,
  type KernelFilter,
  OPEN_COMBINATIONS,
  SOCKET_KINDS,
} from '../schema/kernel-filter.ts';
import { type PathStates, pathStates } from './path-states.ts';

/** Bit 63 is set in every word of every table: events with it pass. */
export const THROUGH = 1n << 63n;
/** Most clauses of a family; beyond that, clauses share a bit. */
const MOST_CLAUSES = 63;
/** Where captures are wanted: the clause that every event satisfies, and no process but those that are captured (capture_scopes.cc). */
const CAPTURED = 1n << 62n;
const RULES_WITH_BIT = CANDIDATE_WORDS * 64;
const FAMILIES = FILTER_FAMILIES.length;
/** The number of a rule that no process can match. */
const OF_NO_PROCESS = -1;

export interface FilterTables {
  /** Clauses that name each event type, by its number; THROUGH if there are none. */
  readonly types: BigUint64Array;
  /** For each family the clauses of calls that succeeded, then those of calls that failed. */
  readonly results: BigUint64Array;
  /** Clauses of each combination of an open's flags and result: see OPEN_COMBINATIONS. */
  readonly opens: BigUint64Array;
  /** Clauses of each kind of socket: see SOCKET_KINDS. */
  readonly sockets: BigUint64Array;
  /** Clauses of the open family: those that any path satisfies, and those that a file right below the root satisfies. */
  readonly anyPath: bigint;
  readonly topLevel: bigint;
  /** Clauses that every mapping satisfies but an executable one of a file in memory. */
  readonly ordinaryMemory: bigint;
  /** The clause of captures; 0: there is none. */
  readonly captured: bigint;
  readonly paths: PathStates;
  /** Clauses by family, of each rule with a candidate bit. The last entry is for all other rules and needs. */
  readonly rules: BigUint64Array;
}

/** The clauses of one bit: an event satisfies it if it satisfies any of them. */
interface Bucket {
  readonly bit: bigint;
  readonly family: FilterFamily;
  readonly clauses: readonly FilterClause[];
}

/**
 * @param filters of all modules
 * @param firstWords the first candidate word of each module; default: there is only one module
 * @param captures whether all events of some processes must be able to pass; takes a bit of each family
 */
export function filterTables(
  filters: readonly KernelFilter[],
  firstWords: readonly number[] = [0],
  captures = false,
): FilterTables {
  const clauses = filters.flatMap((filter, module) => {
    const first = (firstWords[module] ?? 0) * 64;
    return filter.map((clause) => ({
      ...clause,
      rule: clause.rule < RULES_WITH_BIT ? first + clause.rule : RULES_WITH_BIT,
    }));
  });
  const most = captures ? MOST_CLAUSES - 1 : MOST_CLAUSES;
  const buckets = FILTER_FAMILIES.flatMap((family) => [
    ...bucketsOf(clauses, family, most),
    ...(captures ? [bucketOfCaptures(family)] : []),
  ]);
  const opens = buckets.filter(({ family }) => family === 'open');
  const which = (list: readonly Bucket[], meets: (clause: FilterClause) => boolean): bigint =>
    list.reduce((sum, { bit, clauses }) => (clauses.some(meets) ? sum | bit : sum), THROUGH);
  const ofFamily = (family: FilterFamily): readonly Bucket[] => buckets.filter((bucket) => bucket.family === family);
  const paths = pathStates(
    opens.flatMap(({ bit, clauses }) => clauses.flatMap(({ path }) => (path ? [{ need: path, clauses: bit }] : []))),
  );
  const types = new BigUint64Array(EVENT_TYPE_COUNT).fill(THROUGH);
  for (const type of EVENT_TYPES) {
    const { name, number, shape } = type;
    if (!isFiltered(type)) continue;
    const clauses = which(ofFamily(familyOf(shape)), ({ types }) => types.includes(name));
    if (clauses !== THROUGH) types[number] = clauses & ~THROUGH;
  }
  return {
    types,
    results: BigUint64Array.from(
      FILTER_FAMILIES.flatMap((family) => [
        which(ofFamily(family), ({ result }) => result !== 'failed'),
        which(ofFamily(family), ({ result }) => result !== 'succeeded'),
      ]),
    ),
    opens: BigUint64Array.from({ length: OPEN_COMBINATIONS }, (_, index) =>
      which(opens, ({ opens: bits }) => bits === undefined || ((BigInt(`0x${bits}`) >> BigInt(index)) & 1n) !== 0n),
    ),
    sockets: BigUint64Array.from(SOCKET_KINDS, (kind) =>
      which(ofFamily('network'), ({ sockets }) => sockets?.includes(kind) ?? true),
    ),
    anyPath: which(opens, ({ path }) => path === undefined) | paths.anyPath,
    topLevel: which(opens, ({ path }) => path?.topLevel === true) & ~THROUGH,
    ordinaryMemory: which(ofFamily('other'), ({ memory }) => memory === undefined),
    captured: captures ? CAPTURED : 0n,
    paths,
    rules: clausesOfRules(buckets),
  };
}

function bucketOfCaptures(family: FilterFamily): Bucket {
  const types = EVENT_TYPES.filter((type) => isFiltered(type) && familyOf(type.shape) === family);
  return { bit: CAPTURED, family, clauses: [{ rule: OF_NO_PROCESS, types: types.map(({ name }) => name) }] };
}

function bucketsOf(clauses: readonly FilterClause[], family: FilterFamily, most: number): readonly Bucket[] {
  const numbers = new Map(EVENT_TYPES.map(({ name, shape }) => [name, familyOf(shape)]));
  const own = clauses.filter(({ types }) => types.some((type) => numbers.get(type) === family));
  const same = Map.groupBy(own, ({ rule: _, ...needs }) => JSON.stringify(needs, sortedKeys));
  // Clauses that differ only in the path are neighbours, so that these share bits.
  const sorted = [...same].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, list]) => list);
  const shared = Map.groupBy(sorted.entries(), ([index]) => sharedBit(index, sorted.length, most));
  return [...shared].map(([bit, lists]) => ({
    bit: 1n << BigInt(bit),
    family,
    clauses: lists.flatMap(([, list]) => list),
  }));
}

function sharedBit(index: number, count: number, most: number): number {
  return count <= most ? index : Math.floor((index * most) / count);
}

/** `opens`, `path`, `result` and so on, in this order. */
function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function clausesOfRules(buckets: readonly Bucket[]): BigUint64Array {
  const last = RULES_WITH_BIT;
  const rules = new BigUint64Array((last + 1) * FAMILIES);
  for (const { bit, family, clauses } of buckets) {
    for (const { rule } of clauses) {
      if (rule === OF_NO_PROCESS) continue;
      const at = Math.min(rule, last) * FAMILIES + FILTER_FAMILIES.indexOf(family);
      rules[at] = (rules[at] ?? 0n) | bit;
    }
  }
  for (let family = 0; family < FAMILIES; family++) {
    rules[last * FAMILIES + family] = (rules[last * FAMILIES + family] ?? 0n) | THROUGH;
  }
  return rules;
}
