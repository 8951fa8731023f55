// The BPF programs of the kernel filter decide as test/support/reference/filter-reference.ts says, which is what holds them against the rules: random
// filters, and real calls that open files by each form of a path.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { filterTables } from '../../host/capture/filter-tables.ts';
import { openCapture } from '../../host/capture/open.ts';
import { translateRules } from '../../host/compiler/compile.ts';
import { kernelFilter } from '../../host/compiler/plan/derive.ts';
import { EventMemory } from '../../host/fields/memory.ts';
import type { EventRecord } from '../../host/fields/record.ts';
import { findEventType } from '../../host/schema/events/index.ts';
import { CANDIDATE_WORDS } from '../../host/schema/image.ts';
import { OPENED } from '../../host/schema/kernel-filter.ts';
import { directoryForTests } from '../support/directory.ts';
import { type Call, type Step, startAct, str } from '../support/live/live-act.ts';
import { AT_FDCWD, O } from '../support/live/live-numbers.ts';
import { polledEvents } from '../support/live/polled-events.ts';
import { unwantedNames } from '../support/live/remembered-names.ts';
import { openCondition, PLAIN_CONDITIONS } from '../support/random/random-open-conditions.ts';
import { USUAL_NAMES } from '../support/random/random-opens.ts';
import { text } from '../support/records/records.ts';
import { rulesOf } from '../support/records/rule-module.ts';
import { type FilteredEvent, LONGEST_PASSED, passes } from '../support/reference/filter-reference.ts';

const SEED = Number(process.env.WASPREY_TEST_SEED ?? 20_26);
const FILTERS = 24;
const FENCE = '/nonexistent/filter-fence/';
const EVENT_TYPES = ['open', 'openat', 'creat', 'chmod'];
const FORMAT_MASK = 0o170000;
const FORMAT_DIRECTORY = 0o040000;

const { capture, memory } = openCapture({ source: 'bpf' });
const view = new EventMemory(memory.buffer);
// Hooks run in the order in which they were registered: before the directory is removed.
after(() => {
  for (const [path, times] of Object.entries(STACKS))
    for (let time = 0; time < times; time++) execFileSync('umount', ['-l', path]);
});
const directory = directoryForTests();
/** Mounts over each other, as a container's root file system is while its runtime makes it: as many as the filter leaves, and one more. */
const STACKS = { [`${directory}/stacked`]: 6, [`${directory}/too-stacked`]: 7 };
const [STACKED = '', TOO_STACKED = ''] = Object.keys(STACKS);
const DIRECTORIES = ['/', '/etc', '/usr/bin', directory, STACKED];
/** A directory of which the paths are longer than 128 bytes. */
const DEEP = `${directory}/${'deep'.repeat(30)}`;

before(() => {
  mkdirSync(`${directory}/averyverylongname.d`);
  writeFileSync(`${directory}/averyverylongname.d/shadow`, '');
  writeFileSync(`${directory}/a`, '');
  symlinkSync('/etc/shadow', `${directory}/link`);
  symlinkSync('/', `${directory}/root`);
  linkSync(`${directory}/averyverylongname.d/shadow`, `${directory}/other`);
  mkdirSync(DEEP);
  writeFileSync(`${DEEP}/shadow`, '');
  for (const [path, times] of Object.entries(STACKS)) {
    mkdirSync(path);
    for (let time = 0; time < times; time++) execFileSync('mount', ['-t', 'tmpfs', 'stacked', path]);
    writeFileSync(`${path}/shadow`, '');
  }
  capture.start(EVENT_TYPES);
});
after(() => {
  capture.close();
});

/** What is opened, by what; `descriptor`: relative to that of DIRECTORIES. */
interface Open {
  readonly call: 'open' | 'openat';
  readonly path: string;
  readonly descriptor?: number;
  readonly flags: number;
  /** The file was not there. */
  readonly made?: true;
}

function opens(): Open[] {
  const long = `/usr/bin/${'x'.repeat(130)}`;
  /** Of that length, with a last component of 3 bytes. */
  const ofLength = (length: number): string => `/usr/${'x'.repeat(250)}/${'y'.repeat(length - 260)}/cat`;
  const absolute = [
    ...[
      '/etc/shadow',
      '/etc',
      '/',
      '/usr/bin/cat',
      '/usr/bin',
      '/a',
      '/etc/s',
      '/dev/null',
      '/dev',
      '/proc/self/environ',
    ],
    ...['/proc/1/ns/mnt', '/sys/kernel', '/etc/nothing.conf', '/usr/bin/averyverylongname.conf/a', long],
    ...['/etc/./shadow', '//etc/shadow', '/etc/../etc/shadow', '/etc//shadow', '/etc/', '/etc/.', '/.', ''],
    ...[
      'link',
      'other',
      'a',
      'averyverylongname.d',
      'averyverylongname.d/shadow',
      'root/etc/shadow',
      'root/usr/bin/cat',
      'root',
    ].map((name) => `${directory}/${name}`),
    ...[`${DEEP}/shadow`, `${DEEP}/nothing`, `${DEEP}/../a`, `${DEEP}/.`, DEEP],
    ...[LONGEST_PASSED - 1, LONGEST_PASSED, LONGEST_PASSED + 1].map(ofLength),
    ...[STACKED, `${STACKED}/shadow`, TOO_STACKED, `${TOO_STACKED}/shadow`],
  ];
  const relative = [
    'shadow',
    'cat',
    'etc/shadow',
    'usr/bin/cat',
    'a',
    'link',
    'nothing',
    './shadow',
    '../etc/shadow',
    'root/a',
  ];
  const flags = [O.RDONLY, O.RDWR, O.RDONLY | O.DIRECTORY, O.WRONLY | O.CLOEXEC];
  const turn = (index: number): number => flags[index % flags.length] ?? 0;
  return [
    ...absolute.map((path, index): Open => ({ call: index % 3 ? 'openat' : 'open', path, flags: turn(index) })),
    ...relative.map((path, index): Open => ({ call: index % 2 ? 'openat' : 'open', path, flags: turn(index) })),
    ...DIRECTORIES.flatMap((_, descriptor) =>
      relative.slice(0, 6).map((path, index): Open => ({ call: 'openat', path, descriptor, flags: turn(index + 1) })),
    ),
    { call: 'openat', path: 'shadow', descriptor: 99, flags: 0 },
    { call: 'openat', path: '/etc/shadow', descriptor: 99, flags: 0 },
    { call: 'openat', path: `${directory}/a`, flags: O.RDWR | O.CREAT },
    { call: 'openat', path: `${directory}/a`, flags: O.WRONLY | O.TRUNC },
    { call: 'openat', path: `${directory}/made`, flags: O.WRONLY | O.CREAT | O.EXCL, made: true },
    { call: 'openat', path: `${directory}/made`, flags: O.WRONLY | O.CREAT | O.EXCL },
    { call: 'openat', path: directory, flags: O.RDWR | O.TMPFILE },
  ];
}

function stepOf({ call, path, descriptor, flags }: Open): Step {
  const at = descriptor === undefined ? AT_FDCWD : descriptor < DIRECTORIES.length ? `r${descriptor}` : descriptor;
  return call === 'open' ? ['open', str(path), flags, 0o600] : ['openat', at, str(path), flags, 0o600];
}

/** What the filter is to know of it. */
function seenOf(
  open: Open,
  { result, link, mode = 0 }: Call,
  current: string,
  elsewhere: string | undefined,
): FilteredEvent {
  const type = findEventType(open.call);
  assert.ok(type);
  const failed = result < 0;
  const temporary = (open.flags & O.TMPFILE & ~O.DIRECTORY) !== 0;
  const directoryOpened = (mode & FORMAT_MASK) === FORMAT_DIRECTORY || temporary;
  const relativeTo = open.descriptor === undefined ? undefined : (DIRECTORIES[open.descriptor] ?? '');
  return {
    type,
    failed,
    open: {
      access: open.flags & 3,
      create: (open.flags & O.CREAT) !== 0,
      truncate: (open.flags & O.TRUNC) !== 0,
      temporary,
      opened: failed ? OPENED.nothing : directoryOpened ? OPENED.directory : OPENED.file,
      created: open.made === true && !failed,
    },
    ...(elsewhere !== undefined && { elsewhere }),
    // An empty path tells nothing.
    ...(open.path !== '' && { passed: open.path }),
    current,
    ...(relativeTo !== undefined && { directory: relativeTo }),
    // What is in no directory has no path. Nor is the root of too many mounts decided.
    ...(failed
      ? { resolved: null }
      : link?.startsWith('/') && link !== TOO_STACKED && { resolved: link.replace(/ \(deleted\)$/, '') }),
  };
}

const segments = new Uint32Array(2 * 4096);
/** Of the filter in use. */
let bank = 0;

/** Takes what has come in, and lets every process match every rule. */
function take(seen: (event: EventRecord) => void): number {
  const pairs = capture.poll(segments, 20);
  const addresses = new Uint32Array(4096);
  const every = new BigUint64Array(CANDIDATE_WORDS).fill(~0n);
  for (let count = capture.takeImages(addresses); count > 0; count = capture.takeImages(addresses)) {
    for (const address of addresses.subarray(0, count)) capture.setCandidates(address, every, bank);
  }
  for (const event of polledEvents(view, segments, pairs)) seen(event);
  capture.release();
  return pairs;
}

let runs = 0;

interface Performance {
  readonly reports: readonly Call[];
  /** By the number of a call whose event came through: the other path of the file, if it has one. */
  readonly through: ReadonlyMap<number, string | undefined>;
}

/** Does the calls one after the other, each with a fence behind it. */
async function perform(calls: readonly Open[], current: string): Promise<Performance> {
  rmSync(`${directory}/made`, { force: true });
  const fence = `${FENCE}${runs++}-`;
  const steps: Step[] = [
    ['@wait'],
    ...DIRECTORIES.map((path): Step => ['openat', AT_FDCWD, str(path), O.DIRECTORY]),
    ['chmod', str(`${fence}-1`), 0],
    ...calls.flatMap((open, index): Step[] => [stepOf(open), ['chmod', str(`${fence}${index}`), 0]]),
  ];
  const running = startAct(steps, { cwd: current });
  await running.place();
  while (take(() => {}) > 0);
  const events: { tid: number; time: bigint; fence: number | undefined; elsewhere: string | undefined }[] = [];
  const note = (event: EventRecord): void => {
    const raw = text(event, 'raw') ?? '';
    const number = raw.startsWith(fence) ? Number(raw.slice(fence.length)) : undefined;
    const elsewhere = event.type.shape === 'open' ? text(event, 'elsewhere') : undefined;
    events.push({ tid: Number(event.number('tid')), time: event.time, fence: number, elsewhere });
  };
  running.goOn();
  const reports = await running.end();
  const isDone = (): boolean => events.some((event) => event.fence === calls.length - 1);
  for (const deadline = performance.now() + 10_000; !isDone(); ) {
    assert.ok(performance.now() < deadline, 'the last fence did not come');
    take(note);
  }
  const tid = events.find((event) => event.fence !== undefined)?.tid;
  // It may have gone from one CPU to another: then the events come out of order.
  const own = events.filter((event) => event.tid === tid).sort((a, b) => (a.time < b.time ? -1 : 1));
  const through = new Map<number, string | undefined>();
  for (const [index, event] of own.entries()) {
    const number = event.fence;
    const before = own[index - 1];
    if (number !== undefined && number >= 0 && before && before.fence === undefined)
      through.set(number, before.elsewhere);
  }
  const opening = reports.filter(({ call, step }) => call !== 'chmod' && step >= DIRECTORIES.length);
  assert.equal(opening.length, calls.length);
  return { reports: opening, through };
}

/** As the filters of replaced rules follow one another. */
async function useFilter(conditions: readonly string[]) {
  const { plan } = translateRules(rulesOf(conditions));
  // The fences go through in any case.
  const filter = kernelFilter(plan).filter(({ types }) => types.some((type) => findEventType(type)?.shape === 'open'));
  const tables = filterTables([filter]);
  bank = 1 - bank;
  capture.prepareFilter(bank, tables);
  capture.beginChange(EVENT_TYPES, bank);
  while (!capture.isChanged()) await delay(1);
  capture.prepareFilter(1 - bank, undefined);
  return { filter, tables };
}

/** The same ones in each run: plain needs by themselves, and random ones in twos. */
const RANDOM = fc.sample(openCondition(USUAL_NAMES), { numRuns: 2 * FILTERS, seed: SEED });
const CONDITIONS = [
  ...PLAIN_CONDITIONS.map((condition) => [condition]),
  ...Array.from({ length: FILTERS }, (_, index) => RANDOM.slice(2 * index, 2 * index + 2)),
];

test(`what the filter lets through is what the reference does (seed ${SEED})`, async () => {
  let [passed, dropped] = [0, 0];
  const calls = opens();
  // How the file systems here are mounted, and so where else a file is, is this machine's.
  const unfiltered = await perform(calls, '/');
  assert.equal(unfiltered.through.size, calls.length);
  const elsewhere = new Map(unfiltered.reports.map(({ link = '' }, number) => [link, unfiltered.through.get(number)]));
  for (const [index, conditions] of CONDITIONS.entries()) {
    const { filter, tables } = await useFilter(conditions);
    const current = DIRECTORIES[index % DIRECTORIES.length] ?? '/';
    // The second time the filter remembers the names.
    for (const performance of [await perform(calls, current), await perform(calls, current)]) {
      for (const [number, open] of calls.entries()) {
        const report = performance.reports[number];
        assert.ok(report);
        const seen = seenOf(open, report, current, report.result < 0 ? undefined : elsewhere.get(report.link ?? ''));
        const expected = passes(tables, seen);
        if (expected) passed++;
        else dropped++;
        assert.equal(
          performance.through.has(number),
          expected,
          `${JSON.stringify({ ...seen, type: seen.type.name })} by ${JSON.stringify(filter)} of ${conditions.join(' | ')}`,
        );
      }
    }
  }
  assert.ok(passed > 200 && dropped > 200, `${passed} passed, ${dropped} dropped`);
});

/** Keeps this process, and those that it starts, on that processor: names are remembered for each. */
function stayOn(processors: string): void {
  execFileSync('taskset', ['--cpu-list', '--pid', processors, `${process.pid}`], { stdio: 'ignore' });
}

/** Files that are missing, and links to others: each open is decided by one name, as it was passed or as it was resolved. */
const MISSING = Array.from({ length: 8 }, (_, number) => `/etc/missing-${number}`);
const LINKED = Array.from({ length: 8 }, (_, number) => `${number}`);
/** On a busy machine; one is enough otherwise. */
const ROUNDS = 20;

test('a name that is remembered is not evaluated again, until the tables are checked', async () => {
  for (const name of LINKED) {
    writeFileSync(`${directory}/wanted-${name}`, '');
    symlinkSync(`${directory}/wanted-${name}`, `${directory}/link-${name}`);
  }
  const wanted = [...MISSING, ...LINKED.map((name) => `${directory}/wanted-${name}`)];
  await useFilter([`fd.name in (${wanted.join(', ')})`]);
  const opened = [...MISSING, ...LINKED.map((name) => `${directory}/link-${name}`)];
  const opening = opened.map((path): Open => ({ call: 'openat', path, flags: O.RDONLY }));
  /** How many of the missing files, and of the links, pass. */
  const passed = async () => {
    const through = [...(await perform(opening, '/')).through.keys()];
    const missing = through.filter((number) => number < MISSING.length).length;
    return { missing, linked: through.length - missing };
  };
  const all = { missing: MISSING.length, linked: LINKED.length };
  const makeUnwanted = unwantedNames();
  const allowed = /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? assert.fail();
  stayOn(allowed.split(/[-,]/, 1)[0] ?? '0');
  try {
    // Nothing else drops an open of these names, so that one of each kind is enough: files that others open take the place of some.
    const dropped = { missing: 0, linked: 0 };
    for (let round = 0; round < ROUNDS && (dropped.missing === 0 || dropped.linked === 0); round++) {
      assert.deepEqual(await passed(), all);
      makeUnwanted();
      const { missing, linked } = await passed();
      dropped.missing += all.missing - missing;
      dropped.linked += all.linked - linked;
      capture.checkIntegrity();
    }
    assert.ok(dropped.missing > 0 && dropped.linked > 0, `dropped: ${JSON.stringify(dropped)}`);
    assert.deepEqual(await passed(), all, 'the tables decide again');
  } finally {
    stayOn(allowed);
  }
});
