// The claim of enforcement: on generated rules and calls, what the programs of the kernel enforce is what the rules match.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { EnforcementTrial, type Tally, TRIED_TYPES } from '../support/live/enforcement-trial.ts';
import { actProgram, actWords, type RunningAct, type Step, startAct, str, watchAct } from '../support/live/live-act.ts';
import { Container } from '../support/live/live-container.ts';
import { capture, directory } from '../support/live/live-enforcement.ts';
import { AF_INET, AF_INET6, AT_FDCWD, O, SOCK_DGRAM } from '../support/live/live-numbers.ts';
import { exactExecCheck, exactOpenCheck, exactPeerCheck, joined } from '../support/random/random-exact-conditions.ts';

const SEED = Number(process.env.WASPREY_TEST_SEED ?? 20_26);
/** Of each kind of call. */
const RULES = 14;
const CALLS = 12;
const EXECS_OF_EACH = 4;
const NONE = '/none';

const COMPONENTS = ['a', 'b', 'ab', 'ba'];
const FILES = [...COMPONENTS, ...COMPONENTS.map((name) => `sub/${name}`)].map((name) => `${directory}/${name}`);
const NAMES = { components: COMPONENTS, paths: [...FILES, `${directory}/sub`, `${directory}/a${NONE}`] };

before(() => {
  mkdirSync(`${directory}/sub`);
  for (const path of FILES) writeFileSync(path, '', { mode: 0o666 });
  for (const path of [directory, `${directory}/sub`]) chmodSync(path, 0o777);
  capture.start(TRIED_TYPES);
});
after(() => capture.close());

const openCall: fc.Arbitrary<Step> = fc
  .tuple(fc.constantFrom(...NAMES.paths), fc.constantFrom(O.RDONLY, O.WRONLY, O.RDWR | O.CREAT, O.WRONLY | O.TRUNC))
  .map(([path, flags]) => ['openat', AT_FDCWD, str(path), flags, 0o600]);
const peerCall: fc.Arbitrary<readonly Step[]> = fc
  .tuple(
    fc.constantFrom('connect', 'sendto'),
    fc.constantFrom('in:127.0.0.1', 'in:0.0.0.0', 'in6:::1', 'in6:::'),
    fc.constantFrom(22, 80, 81, 443, 40_000),
  )
  .map(([call, address, port]) => {
    const family = address.startsWith('in6') ? AF_INET6 : AF_INET;
    const peer = [`${address}:${port}`, 'len'];
    const words = call === 'connect' ? ['connect', 'r', ...peer] : ['sendto', 'r', str('x'), 1, 0, ...peer];
    return [['socket', family, SOCK_DGRAM, 0], words];
  });

function drawn<Drawn>(arbitrary: fc.Arbitrary<Drawn>, numRuns: number, seed = SEED): Drawn[] {
  return fc.sample(arbitrary, { numRuns, seed });
}

function call(steps: readonly Step[]): void {
  spawnSync(actProgram(), actWords(steps), { cwd: directory });
}

function assertTelling({ enforced, missed, judged }: Tally): void {
  const told = `${judged} events, ${enforced} enforced, ${missed} not matched`;
  if (process.env.WASPREY_TEST_TELL) console.log(told);
  assert.ok(enforced >= 20 && missed >= 20, told);
}

const PROCESSES = ['proc.name = act', 'container.id = host', 'proc.name != act', ''];

const OPENS = {
  type: 'evt.type in (open, openat, creat)',
  check: exactOpenCheck(NAMES),
  processes: PROCESSES,
  calls: (seed: number) => call(drawn(openCall, CALLS, seed)),
};

for (const { what, type, check, calls, processes, isFiltered } of [
  { what: 'opens', ...OPENS, isFiltered: false },
  { what: 'opens that the filter lets pass', ...OPENS, isFiltered: true },
  {
    what: 'connects and sends',
    isFiltered: false,
    type: 'evt.type in (connect, sendto)',
    check: exactPeerCheck,
    processes: PROCESSES,
    calls: (seed: number) => call(drawn(peerCall, CALLS, seed).flat()),
  },
  {
    what: 'execs',
    isFiltered: false,
    type: 'evt.type = execve and evt.res = SUCCESS',
    check: exactExecCheck,
    processes: [],
    calls: () => {
      const programs = [
        ['/usr/bin/cat', '/dev/null'],
        ['/bin/sh', '-c', 'true'],
        ['/bin/bash', '-c', 'true'],
      ];
      for (const [program = '', ...words] of Array.from({ length: EXECS_OF_EACH }, () => programs).flat())
        spawnSync(program, words);
    },
  },
]) {
  test(`enforced is matched: ${what} (seed ${SEED})`, async () => {
    const trial = await EnforcementTrial.of(
      drawn(joined(check, processes), RULES).map((condition) => `${type} and ${condition}`),
      isFiltered,
    );
    let seed = SEED;
    assertTelling(await trial.run(() => calls(seed++)));
  });
}

const GUEST = 1234;
/** Of a process: itself, its user, its ancestors, its container. */
const FACTS = [
  ...['proc.name = act', 'proc.exepath startswith /usr', 'proc.args contains openat', 'proc.cwd = /', 'proc.vpid < 9'],
  ...[`user.uid = ${GUEST}`, 'user.name = root', `group.gid != ${GUEST}`, 'user.loginuid = -1', 'proc.tty = 0'],
  ...['proc.pname = sh', 'proc.pname != node', 'proc.aname in (sh, runc)', 'proc.aname[2] = node', 'proc.ppid > 9'],
  ...[
    'container.id != host',
    'container.id = host',
    'proc.is_exe_upper_layer = true',
    'proc.is_exe_lower_layer = true',
  ],
];
const ABOUT_PROCESSES = FACTS.flatMap((one, index) => {
  const other = FACTS[(7 * index + 3) % FACTS.length] ?? '';
  return [one, `not ${one}`, `(${one} or ${other})`, `not (${one} and ${other})`];
});
const CALLS_OF_EACH = 6;

/** Processes that are there before a rule is in use: as children of others, as another user, and in a container as either. */
class Waiting {
  readonly #all: readonly RunningAct[];

  private constructor(all: readonly RunningAct[]) {
    this.#all = all;
  }

  /** @param rounds how often they are to make calls */
  static async start(
    container: Container,
    rounds: number,
    callsOf: (seed: number) => readonly Step[],
  ): Promise<Waiting> {
    const stepsOf = (who: number): Step[] =>
      Array.from({ length: rounds }, (_, round): Step[] => [['@wait'], ...callsOf(SEED + 10 * round + who)]).flat();
    const below = ['-c', '"$@"; true', 'sh', actProgram(), ...actWords([...stepsOf(0), ['@wait']])];
    const all = [
      watchAct(spawn('/bin/sh', below, { stdio: 'pipe', cwd: '/' })),
      startAct([...stepsOf(1), ['@wait']]),
      startAct([...stepsOf(2), ['@wait']], { uid: GUEST, gid: GUEST }),
      container.startAct([...stepsOf(3), ['@wait']]),
      container.startAct([...stepsOf(4), ['@wait']], { user: `${GUEST}:${GUEST}` }),
    ];
    for (const each of all) await each.place();
    return new Waiting(all);
  }

  async call(): Promise<void> {
    for (const each of this.#all) each.goOn();
    for (const each of this.#all) await each.place();
  }

  async end(): Promise<void> {
    for (const each of this.#all) await each.end();
  }
}

for (const { what, type, check, callsOf } of [
  {
    what: 'opens',
    type: OPENS.type,
    check: OPENS.check,
    callsOf: (seed: number) => drawn(openCall, CALLS_OF_EACH, seed).flatMap((step): Step[] => [step, ['close', 'r']]),
  },
  {
    what: 'connects and sends',
    type: 'evt.type in (connect, sendto)',
    check: exactPeerCheck,
    callsOf: (seed: number) =>
      drawn(peerCall, CALLS_OF_EACH, seed).flatMap(([socket = [''], use = ['']]): Step[] => [socket, use]),
  },
]) {
  test(`enforced is matched, by what the process is: ${what} (seed ${SEED})`, async () => {
    const conditions = drawn(fc.tuple(fc.constantFrom(...ABOUT_PROCESSES), check), RULES);
    const trial = await EnforcementTrial.of(
      conditions.map((parts) => `${type} and ${parts.join(' and ')}`),
      false,
    );
    const container = new Container({ mounts: [{ source: directory, destination: directory }] });
    try {
      const waiting = await Waiting.start(container, trial.rounds, callsOf);
      assertTelling(await trial.run(() => waiting.call(), true));
      await waiting.end();
    } finally {
      await container.stop();
    }
  });
}
