// What the journal wants passes the kernel filter, whatever rules are beside it, and exactly that is selected.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { filterTables } from '../../../host/capture/filter-tables.ts';
import { firstWords } from '../../../host/engine/modules/candidate-words.ts';
import { JOURNAL_KINDS, type JournalKind, journalWants } from '../../../host/journal/wants.ts';
import { EVENT_HEADER } from '../../../host/schema/event-structs.ts';
import { callsThat } from '../../../host/schema/events/effects.ts';
import type { CallEffect } from '../../../host/schema/events/event-type.ts';
import { EVENT_TYPES, findEventType } from '../../../host/schema/events/index.ts';
import { CANDIDATE_WORDS } from '../../../host/schema/image.ts';
import { member } from '../../../host/schema/layout.ts';
import { modulesNearLimits } from '../../support/random/random-filters.ts';
import {
  filteredOpen,
  openRecord,
  type RandomOpen,
  randomOpen,
  USUAL_NAMES,
} from '../../support/random/random-opens.ts';
import { BuilderCapture } from '../../support/records/builder-capture.ts';
import { type FilteredEvent, passes } from '../../support/reference/filter-reference.ts';
import { assertSameNames } from '../../support/same-names.ts';

const SIZE = member(EVENT_HEADER, 'size').offset;
const FD = member(EVENT_HEADER, 'fd').offset;
const CWD = '/home/user';
const VPID = 77;
const CLONE_THREAD = 0x10000n;

/** Of another kind than opens: the members that decide. */
interface OtherCall {
  readonly type: string;
  readonly result: bigint;
  readonly numbers: readonly bigint[];
  /** Of mappings. */
  readonly prot: bigint;
  readonly kind: number;
}

const OPEN_TYPES = new Set(['open', 'openat', 'openat2', 'creat', 'open_by_handle_at']);
const OTHER_TYPES = EVENT_TYPES.filter(({ shape, name }) => shape !== 'open' && !/^(?:send|recv)/.test(name));

const otherCall: fc.Arbitrary<OtherCall> = fc.record({
  type: fc.constantFrom(...OTHER_TYPES.map(({ name }) => name)),
  result: fc.constantFrom(0n, 5n, -1n, -2n, -115n),
  numbers: fc.tuple(
    fc.constantFrom(BigInt(VPID), 1n, 0n, 0xffffffffn, CLONE_THREAD, CLONE_THREAD | 0x100n),
    fc.constantFrom(0n, 9n, 15n),
    fc.constantFrom(0n, 9n),
    fc.constant(0n),
  ),
  prot: fc.constantFrom(1n, 4n, 5n),
  kind: fc.constantFrom(...[...'fmo4'].map((letter) => letter.charCodeAt(0)), 0),
});

const MAPPINGS = ['mmap', 'mprotect'];
const CLONES = ['clone', 'clone3', 'fork', 'vfork'];
const SIGNALS = ['kill', 'tkill', 'tgkill'];

/** Of a file in memory, or of one that is not known. */
function isExecutableMemfd({ prot, kind }: OtherCall): boolean {
  return (prot & 4n) !== 0n && 'mo'.includes(String.fromCharCode(kind));
}

/** The highest number of an event type when the lists below were written. Numbers are given once, in order. */
const LISTED = 99;

/** Types that are newer than the lists and have one of the effects: they are kept as listed ones are. */
function newCallsThat(...effects: readonly CallEffect[]): readonly string[] {
  return callsThat(...effects).filter((name) => (findEventType(name)?.number ?? 0) > LISTED);
}

/** Each of them is named, so that an effect which a row of them has wrongly, or lacks, is found. */
const ALWAYS: ReadonlySet<string> = new Set([
  ...newCallsThat('changes-credentials', 'changes-namespaces', 'mounts', 'loads-kernel-code'),
  ...['connect', 'setuid', 'setgid', 'setresuid', 'unshare', 'setns', 'mount', 'umount2', 'pivot_root', 'move_mount'],
  ...['mount_setattr', 'fsopen', 'fsconfig', 'fsmount', 'fspick', 'open_tree', 'init_module', 'finit_module'],
  ...['kexec_load', 'kexec_file_load', 'bpf', 'ptrace', 'memfd_create'],
]);
const IF_SUCCEEDED: ReadonlySet<string> = new Set([
  ...newCallsThat('runs', 'accepts', 'removes', 'makes-directory', 'makes-node', 'renames', 'links'),
  ...newCallsThat('links-symbolically', 'truncates', 'changes-mode', 'changes-owner', 'changes-attributes'),
  ...['execve', 'execveat', 'accept', 'accept4', 'bind', 'listen', 'unlink', 'unlinkat', 'rmdir', 'mkdir', 'mkdirat'],
  ...['mknod', 'mknodat', 'truncate', 'rename', 'renameat', 'renameat2', 'link', 'linkat', 'symlink', 'symlinkat'],
  ...['chmod', 'fchmod', 'fchmodat', 'chown', 'lchown', 'fchown', 'fchownat', 'file_setattr'],
  ...['setxattr', 'lsetxattr', 'fsetxattr', 'setxattrat'],
  ...['removexattr', 'lremovexattr', 'fremovexattr', 'removexattrat'],
]);

test('the journal keeps the calls that are listed here, and newer ones of their effects', () => {
  assertSameNames(
    journalWants(JOURNAL_KINDS).eventTypes,
    [...OPEN_TYPES, ...newCallsThat('opens'), ...MAPPINGS, ...CLONES, ...SIGNALS, ...ALWAYS, ...IF_SUCCEEDED],
    `host/journal/wants.ts keeps calls by what they do (\`does\` of their rows), or by their names. A kind or an effect that is new there
belongs into ALWAYS or IF_SUCCEEDED of this test; one of which not every call is kept, into isWanted().`,
  );
});

/** In plain words, from the documentation. */
function isWanted(call: OtherCall): boolean {
  const { type, result, numbers } = call;
  const [first = 0n, second = 0n, third = 0n] = numbers;
  if (MAPPINGS.includes(type)) return result >= 0n && isExecutableMemfd(call);
  if (ALWAYS.has(type)) return true;
  if (IF_SUCCEEDED.has(type)) return result >= 0n;
  if (CLONES.includes(type)) return result >= 0n && (first & CLONE_THREAD) === 0n;
  if (type === 'kill' || type === 'tkill') return first !== BigInt(VPID) && second !== 0n;
  if (type === 'tgkill') return first !== BigInt(VPID) && third !== 0n;
  return false;
}

function isWantedOpen({ flags, outcome }: RandomOpen): boolean {
  if ('errno' in outcome) return false;
  const empties = (flags & 0x200) !== 0;
  const isTemporary = (flags & 0x400000) !== 0;
  const writes = (flags & 3) === 1 || (flags & 3) === 2;
  return outcome.created || empties || isTemporary || (writes && outcome.kind === 'f');
}

type Call = { readonly open: RandomOpen } | { readonly other: OtherCall };

const call: fc.Arbitrary<Call> = fc.oneof(
  randomOpen(USUAL_NAMES).map((open) => ({ open })),
  otherCall.map((other) => ({ other })),
);

const wanted = (one: Call): boolean => ('open' in one ? isWantedOpen(one.open) : isWanted(one.other));

function filtered(one: Call): FilteredEvent {
  if ('open' in one) return filteredOpen(one.open, CWD);
  const type = findEventType(one.other.type);
  assert.ok(type);
  return {
    type,
    failed: one.other.result < 0n,
    ...(type.shape === 'network' && { socket: 'ipv4' as const }),
    ...(MAPPINGS.includes(type.name) && { executableMemfd: isExecutableMemfd(one.other) }),
  };
}

const NO_CANDIDATE = Array.from({ length: CANDIDATE_WORDS }, () => 0n);

describe('journaled is what is wanted', () => {
  for (const seed of [20_26, 11, 27]) {
    test(`seed ${seed}`, () => {
      const { filter, selection } = journalWants(JOURNAL_KINDS);
      let kept = 0;
      const property = fc.property(
        modulesNearLimits(USUAL_NAMES),
        fc.array(call, { minLength: 40 }),
        (modules, calls) => {
          const first = firstWords(modules.map(({ ruleCount }) => ruleCount));
          const tables = filterTables([...modules.map((module) => module.filter), filter], first);
          using builder = new BuilderCapture();
          const { capture } = builder;
          const image = builder.image('SNAPSHOT', { pid: 500, vpid: VPID, comm_bytes: 'x', cwd: CWD });
          builder.poll();
          capture.keepJournal(0, selection.types, selection.opens);
          const expected: number[] = [];
          for (const [number, one] of calls.entries()) {
            // The process is no candidate of any rule.
            const passed = passes(tables, { ...filtered(one), candidates: NO_CANDIDATE });
            if (wanted(one)) {
              assert.ok(passed, `the filter drops ${JSON.stringify(one, (_, value) => String(value))}`);
              expected.push(number);
            }
            if ('open' in one) builder.event(one.open.type, { ...openRecord(one.open, image, CWD), fd: number });
            else {
              const { type, result, numbers, prot, kind } = one.other;
              const shape = findEventType(type)?.shape;
              builder.event(type, {
                image,
                result,
                fd: number,
                ...(shape === 'process' && { numbers }),
                ...(MAPPINGS.includes(type) && { mode: prot, kind }),
              });
            }
          }
          assert.deepEqual(selected(builder), expected);
          assert.equal(capture.takeJournalExtent(0).events, expected.length);
          kept += expected.length;
        },
      );
      fc.assert(property, { seed, numRuns: 60, endOnFailure: true });
      assert.ok(kept > 500, `${kept}`);
    });
  }
});

/** The numbers that events have as their descriptor. */
function selected(builder: BuilderCapture): number[] {
  const numbers: number[] = [];
  const into = new Uint8Array(2 << 20);
  const view = new DataView(into.buffer);
  const { capture, segments } = builder;
  for (let pairs = capture.poll(segments, 0); pairs > 0; pairs = capture.poll(segments, 0)) {
    const length = capture.selectJournal(0, into);
    for (let at = 0; at < length; at += view.getUint32(at + SIZE, true)) {
      assert.equal(view.getBigUint64(at, true), 0n, 'the commit word is secret');
      numbers.push(view.getInt32(at + FD, true));
    }
    capture.release();
  }
  return numbers;
}

test('kinds are kept alone, and what is excluded from the capture is not wanted', () => {
  const typesOf = (...kinds: JournalKind[]): readonly string[] => journalWants(kinds).eventTypes;
  assert.deepEqual(typesOf('credentials'), ['setgid', 'setresuid', 'setuid']);
  assert.deepEqual(typesOf(), []);
  assert.deepEqual(
    typesOf('files').filter((type) => OPEN_TYPES.has(type)),
    ['creat', 'open', 'open_by_handle_at', 'openat', 'openat2'],
  );
  const without = journalWants(JOURNAL_KINDS, new Set(['connect', 'openat']));
  assert.deepEqual(
    ['connect', 'openat', 'open'].map((type) => without.eventTypes.includes(type)),
    [false, false, true],
  );
  assert.equal(without.selection.types[findEventType('connect')?.number ?? 0], 0);
});

test('without a journal nothing is selected', () => {
  using builder = new BuilderCapture();
  const image = builder.image('SNAPSHOT', { pid: 500, comm_bytes: 'x' });
  builder.event('setuid', { image });
  assert.deepEqual(selected(builder), []);
  const { selection } = journalWants(JOURNAL_KINDS);
  builder.capture.keepJournal(0, selection.types, selection.opens);
  builder.event('setuid', { image, fd: 3 });
  assert.deepEqual(selected(builder), [3]);
  builder.capture.keepJournal(0, undefined);
  builder.event('setuid', { image });
  assert.deepEqual(selected(builder), []);
  assert.throws(() => builder.capture.keepJournal(0, new Uint8Array(3)), TypeError);
  builder.event('setuid', { image });
  builder.poll();
  assert.throws(() => builder.capture.selectJournal(0, new Uint8Array(8)), TypeError);
});
