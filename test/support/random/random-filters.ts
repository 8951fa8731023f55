// Random kernel filters, as manifests made by hand may have them, near each limit of host/schema/kernel-filter.ts, native/bpf/filter/looked_at.h and passed_path.h; and calls
// that meet one of their clauses.

import fc from 'fast-check';
import { isFiltered } from '../../../host/schema/events/effects.ts';
import { EVENT_TYPES } from '../../../host/schema/events/index.ts';
import { CANDIDATE_WORDS } from '../../../host/schema/image.ts';
import {
  FILTER_FAMILIES,
  type FilterClause,
  familyOf,
  type KernelFilter,
  OPEN_COMBINATIONS,
  OPENED,
  openFacts,
  type PathNeed,
  SOCKET_KINDS,
} from '../../../host/schema/kernel-filter.ts';
import { type FilteredEvent, LONGEST_PASSED } from '../reference/filter-reference.ts';
import type { Names } from './random-opens.ts';

/** Bytes of names, the printable ones first; without those that conditions can't quote together. */
const PRINTABLE = Array.from({ length: 0x5e }, (_, index) => String.fromCharCode(0x21 + index)).filter(
  (byte) => !'/."\\'.includes(byte),
);
const BYTES = [...PRINTABLE, ...Array.from({ length: 0x80 }, (_, index) => String.fromCharCode(0x80 + index))];

const near = (limit: number): readonly number[] => [limit - 1, limit, limit + 1];
const length = (...often: readonly number[]): fc.Arbitrary<number> =>
  fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constantFrom(...often));

/** Different bytes of all names: with the slash, 63 have a class of their own. */
const alphabet = fc
  .tuple(
    fc.constantFrom(2, 26, ...near(62), 64, 80, 80, PRINTABLE.length, PRINTABLE.length, BYTES.length),
    fc.nat(BYTES.length - 1),
  )
  .map(([size, first]) => {
    const bytes = size > PRINTABLE.length ? BYTES : PRINTABLE;
    return bytes.map((_, index) => bytes[(first + index) % bytes.length] ?? '').slice(0, size);
  });

/** Some of them many times, some once: only the frequent ones have classes. */
const wordOf = (bytes: readonly string[]): fc.Arbitrary<string> =>
  length(...near(16), 40, 70).chain((size) =>
    fc
      .tuple(fc.nat(bytes.length - 1), fc.constantFrom(0, 1, 1))
      .map(([first, stride]) =>
        Array.from({ length: size }, (_, index) => bytes[(first + stride * index) % bytes.length]).join(''),
      ),
  );

/** With a last component that makes the path as long as that. */
function lengthened(path: string, size: number, byte: string): string {
  return size > path.length + 1 ? `${path}/${byte.repeat(size - path.length - 1)}` : path;
}

/** Names of an alphabet, of lengths near what the kernel looks at. */
export const namesNearLimits: fc.Arbitrary<Names> = alphabet.chain((bytes) =>
  fc
    .record({
      components: fc.array(wordOf(bytes), { minLength: 4, maxLength: 24 }),
      shapes: fc.array(
        fc.tuple(
          fc.array(fc.nat(), { minLength: 1, maxLength: 5 }),
          fc.constantFrom(0, 0, ...near(64), ...near(96), 128, ...near(LONGEST_PASSED)),
        ),
        {
          minLength: 4,
          maxLength: 24,
        },
      ),
    })
    .map(({ components, shapes }) => ({
      components,
      paths: shapes.map(([numbers, size]) => {
        const path = numbers.map((number) => `/${components[number % components.length]}`).join('');
        return lengthened(path, size, bytes[size % bytes.length] ?? 'x');
      }),
    })),
);

export interface HandMade {
  readonly ruleCount: number;
  readonly filter: KernelFilter;
}

const TYPES = FILTER_FAMILIES.map((family) => ({
  family,
  names: EVENT_TYPES.filter((type) => familyOf(type.shape) === family && isFiltered(type)).map(({ name }) => name),
}));

const COMBINATIONS = Array.from({ length: OPEN_COMBINATIONS }, (_, index) => index);
const ALL_OPENS = 'f'.repeat(OPEN_COMBINATIONS / 4);
const OPENS = fc
  .array(fc.nat(OPEN_COMBINATIONS - 1), { maxLength: 40 })
  .map((ones) => ones.reduce((bits, one) => bits | (1n << BigInt(one)), 0n))
  .map((bits) => bits.toString(16).padStart(OPEN_COMBINATIONS / 4, '0'));

function pathNeed({ paths }: Names): fc.Arbitrary<PathNeed> {
  const path = fc.constantFrom(...paths);
  const beginning = fc
    .tuple(path, fc.constantFrom(2, 6, 17, 40, ...near(64), 130))
    .map(([whole, size]) => whole.slice(0, size));
  const ending = fc
    .tuple(path, fc.constantFrom(1, 1, 2, 3, ...near(16), 70))
    .map(([whole, size]) => whole.slice(Math.max(whole.lastIndexOf('/'), whole.length - size)));
  return fc.record(
    {
      beginnings: fc.array(beginning, { maxLength: 4 }),
      endings: fc.array(ending, { maxLength: 4 }),
      topLevel: fc.constant(true as const),
    },
    { requiredKeys: ['beginnings', 'endings'] },
  );
}

/** Most clauses are about files: these have most of the tables. */
const family = fc.oneof(
  ...TYPES.map((one) => ({ weight: one.family === 'open' ? 5 : 1, arbitrary: fc.constant(one) })),
);

function clauseOf(names: Names, ruleCount: number): fc.Arbitrary<FilterClause> {
  const rule = fc.oneof(fc.nat(ruleCount - 1), fc.constantFrom(0, ruleCount - 1));
  const result = fc.constantFrom('succeeded' as const, 'failed' as const);
  return family.chain(({ family: name, names: types }) =>
    fc.record(
      {
        rule,
        types: fc.subarray(types, { minLength: 1, maxLength: Math.min(3, types.length) }),
        result,
        ...(name === 'open' && { opens: OPENS, path: pathNeed(names) }),
        ...(name === 'network' && { sockets: fc.subarray([...SOCKET_KINDS]) }),
      },
      { requiredKeys: ['rule', 'types'] },
    ),
  );
}

/** The filter of a module with as many rules and clauses, or some that share their bits or have none. */
export function handMade(names: Names, ruleCounts: readonly number[]): fc.Arbitrary<HandMade> {
  return fc
    .tuple(fc.constantFrom(...ruleCounts), fc.constantFrom(1, 3, 8, ...near(63), 140))
    .chain(([ruleCount, clauses]) =>
      fc
        .array(clauseOf(names, ruleCount), { minLength: clauses, maxLength: clauses })
        .map((filter) => ({ ruleCount, filter })),
    );
}

/** One module of any number of rules, or several that have room for all of theirs. */
export function modulesNearLimits(names: Names): fc.Arbitrary<readonly HandMade[]> {
  const most = CANDIDATE_WORDS * 64;
  return fc.oneof(
    handMade(names, [1, ...near(64), ...near(most), most + 100]).map((one) => [one]),
    fc.array(handMade(names, [1, ...near(64), 200]), { minLength: 2, maxLength: 4 }),
  );
}

/** A call that the clause lets match, if there is one: with a name that meets its path, in front of or behind other names. */
export function eventMeeting(clause: FilterClause, names: Names): fc.Arbitrary<FilteredEvent | undefined> {
  const type = EVENT_TYPES.find(({ name }) => name === clause.types[0]);
  if (!type) throw new Error('a clause names a type that does not exist');
  const failed = clause.result === undefined ? fc.boolean() : fc.constant(clause.result === 'failed');
  if (type.shape === 'network') {
    const kinds = clause.sockets ?? SOCKET_KINDS;
    if (kinds.length === 0) return fc.constant(undefined);
    return fc.record({ type: fc.constant(type), failed, socket: fc.constantFrom(...kinds) });
  }
  if (type.shape !== 'open') return fc.record({ type: fc.constant(type), failed });
  const bits = BigInt(`0x${clause.opens ?? ALL_OPENS}`);
  const opens = COMBINATIONS.filter((index) => ((bits >> BigInt(index)) & 1n) !== 0n);
  const path = clause.path ? pathMeeting(clause.path, names) : fc.constantFrom(...names.paths);
  if (opens.length === 0 || !path) return fc.constant(undefined);
  return fc
    .record({
      index: fc.constantFrom(...opens),
      path,
      other: fc.constantFrom(...names.paths),
      by: fc.constantFrom('passed', 'resolved', 'elsewhere', 'relative'),
    })
    .map(({ index, path: name, other, by }): FilteredEvent | undefined => {
      const open = openFacts(index);
      const hasFailed = open.opened === OPENED.nothing;
      if (clause.result && (clause.result === 'failed') !== hasFailed) return undefined;
      if (hasFailed && (by === 'resolved' || by === 'elsewhere')) return undefined;
      const at = Math.max(name.lastIndexOf('/', other.length), 1);
      return {
        type,
        failed: hasFailed,
        open,
        passed: by === 'passed' ? name : by === 'relative' ? name.slice(at).replace(/^\//, '') : other,
        current: by === 'relative' ? name.slice(0, at) : '/',
        resolved: hasFailed ? null : by === 'resolved' ? name : other,
        ...(by === 'elsewhere' && { elsewhere: name }),
      };
    });
}

function pathMeeting({ beginnings, endings, topLevel }: PathNeed, { components, paths }: Names) {
  const component = fc.constantFrom(...components);
  const directory = fc.oneof(fc.constant(''), fc.constantFrom(...paths));
  const ways: fc.Arbitrary<string>[] = [];
  if (beginnings.length > 0) {
    const tail = fc.tuple(fc.constantFrom('', '/', 'x', 'x/'), component);
    ways.push(
      fc.tuple(fc.constantFrom(...beginnings), tail).map(([begin, [joint, name]]) => {
        const ends = joint === '' && !begin.endsWith('/');
        return ends ? begin : `${begin}${joint}${name}`.replace(/\/+/g, '/');
      }),
    );
  }
  if (endings.length > 0) {
    ways.push(
      fc
        .tuple(directory, fc.oneof(fc.constant(''), component), fc.constantFrom(...endings))
        .map(([before, name, end]) => (end.startsWith('/') ? before + end : `${before}/${name}${end}`)),
    );
  }
  if (topLevel) ways.push(component.map((name) => `/${name}`));
  return ways.length > 0 ? fc.oneof(...ways) : undefined;
}
