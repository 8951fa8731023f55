// Enforcement by BPF LSM, on real processes: calls are refused before they have an effect. On a kernel without it, what is reported instead.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { constants } from 'node:os';
import { basename } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { lackOfBpfLsm } from '../../host/capture/bpf-lsm.ts';
import { describeMeans, type EnforcedAction, meansOf } from '../../host/capture/enforcement-means.ts';
import type { EnforcementRails } from '../../host/capture/enforcement-rails.ts';
import { DEFAULT_SIZES } from '../../host/capture/sizes.ts';
import { ENFORCED, enforcedParts } from '../../host/schema/enforced.ts';
import type { ExactClause } from '../../host/schema/kernel-enforcement.ts';
import { testHooks } from '../support/live/hooks.ts';
import { act, actProgram, actWords, type Step, startAct, str } from '../support/live/live-act.ts';
import {
  capture,
  closeCapture,
  directory,
  enforce as enforceWith,
  events,
  MARKER,
  makeCandidates,
  opening,
  running,
  startCapture,
  takeEvents,
} from '../support/live/live-enforcement.ts';
import { AT_FDCWD, O } from '../support/live/live-numbers.ts';
import { otherPart } from '../support/live/other-part.ts';
import { TIME_FACTOR } from '../support/live/time-factor.ts';
import { moduleOf, startBuiltAgent } from '../support/records/built-agent.ts';
import { responseOf, responseSet } from '../support/responses/response-sets.ts';
import { until } from '../support/until.ts';

const LACK = lackOfBpfLsm();
const OPENS = ['open', 'openat', 'openat2', 'creat', 'open_by_handle_at'];
const SECRET = `${directory}/wasprey-lsm-secret`;
const OTHER = `${directory}/other`;
const PROGRAM = `${directory}/wasprey-lsm-program`;
const APART = otherPart(directory, 'wasprey-lsm-apart');
/** What process 1 of a guest reads when it gets SIGUSR1, and where it writes that (test/kernels/guest/init.sh). */
const FOR_INIT = '/guest/for-init';
const BY_INIT = '/guest/by-init';
/** Guests are slow. */
const ROUNDS = TIME_FACTOR > 1 ? 3 : 20;

/** Compiled on any machine, so that guests find it so. */
const MODULE = await moduleOf(`
- rule: Secret read
  desc: d
  condition: evt.type in (open, openat, openat2) and evt.is_open_read = true and fd.num >= 0 and fd.name endswith /${basename(SECRET)}
  output: "secret %fd.name: %evt.res"
  priority: CRITICAL
- rule: Forbidden program
  desc: d
  condition: evt.type = execve and evt.failed = false and proc.exepath endswith /${basename(PROGRAM)}
  output: "program: %evt.res"
  priority: CRITICAL
- rule: Forbidden program of another part
  desc: d
  condition: evt.type = execve and evt.failed = false and proc.exepath = ${APART.program}
  output: "apart: %evt.res"
  priority: CRITICAL
`);

const called = (...equal: string[]): ExactClause => ({
  types: ['execve'],
  process: 'any',
  names: [{ of: 'name', equal, beginnings: [], endings: [] }],
});

interface Ran {
  readonly marker: boolean;
  readonly signal: string | null;
  readonly status: number | null;
}

/** Runs a program that writes a marker when it gets so far. */
function run(program: string, ...words: string[]): Ran {
  rmSync(MARKER, { force: true });
  const { signal, status } = spawnSync(program, words, { cwd: directory, stdio: ['ignore', 'ignore', 'ignore'] });
  return { marker: existsSync(MARKER), signal, status };
}

/** A shell that reads a file, writes the marker if that went well, and lives on. */
function read(path: string): Ran {
  return run('/bin/sh', '-c', `{ read line < ${path}; } 2>&- && : > ${MARKER}; exit 7`);
}

/** A shell that runs a program, which writes the marker, and lives on. */
function start(program: string): Ran {
  return run('/bin/sh', '-c', `${program} -c ': > ${MARKER}'; exit 7`);
}

const REFUSED: Ran = { marker: false, signal: null, status: 7 };
const KILLED: Ran = { marker: false, signal: 'SIGKILL', status: null };
const RUNS_ON: Ran = { marker: true, signal: null, status: 7 };

before(() => {
  writeFileSync(SECRET, 'secret\n');
  writeFileSync(OTHER, 'other\n');
  copyFileSync('/bin/sh', PROGRAM);
  symlinkSync(SECRET, `${directory}/to-secret`);
  linkSync(SECRET, `${directory}/hard`);
});
after(() => closeCapture());

if (LACK !== undefined) {
  describe('a kernel without BPF LSM', () => {
    test('says why it refuses no opens and execs, and kills by a signal', () => {
      for (const clause of [opening(SECRET), running(PROGRAM)]) {
        const denied = meansOf({ exact: { rule: 0, clauses: [clause] }, action: 'deny' }, LACK);
        assert.ok(denied.problems.some((problem) => problem.includes(`which this kernel lacks (${LACK})`)));
        const killed = meansOf({ exact: { rule: 0, clauses: [clause] }, action: 'kill_process' }, LACK);
        assert.deepEqual(killed.problems, []);
        assert.match(describeMeans(killed)[0] ?? '', /^killed /);
      }
    });
  });
} else {
  describe('a kernel with BPF LSM', () => {
    before(() => startCapture([...OPENS, 'execve']));
    beforeEach(() => events());
    after(() => capture.enforce(undefined));

    function enforce(
      clauses: readonly ExactClause[],
      action: EnforcedAction,
      rails: Partial<EnforcementRails> = {},
    ): void {
      enforceWith(clauses, action, { lackOfLsm: LACK, ...rails });
    }

    const outcomes = (): number[] => events().map(({ outcome }) => outcome);

    test('An open is refused by whatever name, and the process lives; others go on', () => {
      enforce([opening(SECRET)], 'deny');
      for (let round = 0; round < ROUNDS; round++) {
        for (const path of [SECRET, basename(SECRET), './to-secret', `/proc/self/root${SECRET}`, `${directory}/hard`])
          assert.deepEqual(read(path), REFUSED, path);
        assert.deepEqual(read(OTHER), RUNS_ON);
      }
      const refused = events();
      assert.equal(refused.length, 5 * ROUNDS);
      for (const { outcome, result } of refused) {
        assert.equal(outcome, ENFORCED.LSM_REFUSED);
        assert.equal(result, -1n);
      }
    });

    test('An open is refused by whichever way it is asked for', async () => {
      const isX86 = process.arch === 'x64';
      const steps = (path: string): Step[] => [
        ...[
          ...['', 'ring:', 'ring+async:', 'ring+sqpoll:', ...(isX86 ? ['int80:'] : [])],
          // Behind another request: they begin at the end of a write, and after an interrupt.
          ...['ring+late:', 'ring+late+person:', 'ring+timed:'],
        ].flatMap((way): Step[] => [
          [`${way}openat`, AT_FDCWD, str(path), O.RDONLY],
          [`${way}openat2`, AT_FDCWD, str(path), `how:${O.RDONLY},0,0`, 'len'],
        ]),
        ...(isX86 ? ['', 'int80:'] : []).flatMap((way): Step[] => [
          [`${way}open`, str(path), O.RDONLY],
          [`${way}creat`, str(path), 0o600],
        ]),
      ];
      const ways = steps(SECRET);
      enforce([opening(SECRET)], 'deny');
      for (const { call, result } of await act(ways)) assert.equal(result, -1, call);
      assert.deepEqual(
        outcomes(),
        ways.map(() => ENFORCED.LSM_REFUSED),
      );
      assert.equal(statSync(SECRET).size, 'secret\n'.length);
      for (const { call, result } of await act(steps(OTHER))) assert.ok(result >= 0, call);
      writeFileSync(OTHER, 'other\n');
    });

    test('A request of io_uring is the call that it stands for, wherever it begins', async () => {
      enforce([{ ...opening(SECRET), types: ['openat2'] }], 'deny');
      for (const way of ['ring', 'ring+async', 'ring+late', 'ring+timed']) {
        const [openat, openat2] = await act([
          [`${way}:openat`, AT_FDCWD, str(SECRET), O.RDONLY],
          [`${way}:openat2`, AT_FDCWD, str(SECRET), `how:${O.RDONLY},0,0`, 'len'],
        ]);
        assert.ok((openat?.result ?? -1) >= 0, way);
        assert.equal(openat2?.result, -1, way);
        assert.deepEqual(
          events().map(({ type, outcome }) => [type, outcome]),
          [['openat2', ENFORCED.LSM_REFUSED]],
          way,
        );
      }
    });

    test('A descriptor without access, and a handle, lead to no open file', async () => {
      enforce([opening(SECRET)], 'deny');
      const handle: Step = ['name_to_handle_at', AT_FDCWD, str(SECRET), 'handle', 'out', 0];
      const [named, place, reopened, folder, ...byHandle] = await act([
        handle,
        ['openat', AT_FDCWD, str(SECRET), O.PATH],
        ['openat', AT_FDCWD, str('/proc/self/fd/3'), O.RDONLY],
        ['openat', AT_FDCWD, str(directory), O.DIRECTORY],
        ['open_by_handle_at', 'r3', 'handle', O.RDONLY],
        ...(process.arch === 'x64' ? [['int80:open_by_handle_at', 'r3', 'handle', O.RDONLY] as const] : []),
        ['openat', AT_FDCWD, str(`${directory}/missing`), O.RDONLY],
      ]);
      assert.equal(place?.result, 3);
      assert.equal(reopened?.result, -1);
      assert.ok((folder?.result ?? -1) >= 0);
      const missing = byHandle.pop();
      assert.equal(missing?.result, -constants.errno.ENOENT);
      // A file system without handles has none to open.
      const opens = named?.result === 0 ? byHandle : [];
      for (const { call, result } of opens) assert.equal(result, -1, call);
      assert.deepEqual(outcomes(), new Array(1 + opens.length).fill(ENFORCED.LSM_REFUSED));
    });

    test('A process is killed, and its open refused, so that no thread of it reads the file', () => {
      enforce([opening(SECRET)], 'kill_process');
      for (let round = 0; round < ROUNDS; round++) assert.deepEqual(read(SECRET), KILLED);
      assert.deepEqual(outcomes(), new Array(ROUNDS).fill(ENFORCED.LSM_REFUSED_AND_KILLED));
      const script = `require('fs').readFileSync(${JSON.stringify(SECRET)}); require('fs').writeFileSync(${JSON.stringify(MARKER)}, '')`;
      assert.deepEqual(run(process.execPath, '-e', script), KILLED);
    });

    test('A file is not emptied; that it is made is not stopped, and the record says so', () => {
      enforce([opening(SECRET, `${directory}/new`)], 'deny');
      assert.deepEqual(run('/bin/sh', '-c', `( : > ${SECRET} ) 2>&- ; exit 7`), REFUSED);
      assert.equal(readFileSync(OTHER, 'utf8'), 'other\n');
      assert.deepEqual(run('/bin/sh', '-c', `( : > ${directory}/new ) 2>&- ; exit 7`), REFUSED);
      assert.ok(existsSync(`${directory}/new`));
      // They may come from several processors.
      assert.deepEqual(
        outcomes().sort((one, other) => one - other),
        [ENFORCED.LSM_REFUSED, ENFORCED.LSM_REFUSED_LATE],
      );
      capture.enforce(undefined);
      assert.equal(readFileSync(SECRET, 'utf8'), 'secret\n');
    });

    test('A program is refused by its path or its name, whatever leads to it; others are run', () => {
      symlinkSync(PROGRAM, `${directory}/link`);
      copyFileSync('/bin/sh', `${directory}/allowed`);
      writeFileSync(`${directory}/script`, `#!${PROGRAM}\n: > ${MARKER}\n`, { mode: 0o755 });
      enforce([running(PROGRAM)], 'deny');
      for (let round = 0; round < ROUNDS; round++) {
        assert.deepEqual(start(PROGRAM), REFUSED);
        assert.deepEqual(start(`${directory}/link`), REFUSED);
        assert.deepEqual(run('/bin/sh', '-c', `${directory}/script; exit 7`), REFUSED);
        assert.deepEqual(start(`${directory}/allowed`), RUNS_ON);
      }
      const refused = events();
      assert.equal(refused.length, 3 * ROUNDS);
      for (const each of refused)
        assert.deepEqual(each, { type: 'execve', outcome: ENFORCED.LSM_REFUSED, result: -1n });
      enforce([called('link')], 'deny');
      assert.deepEqual(start(`${directory}/link`), REFUSED);
      assert.deepEqual(start(PROGRAM), RUNS_ON);
    });

    test('What is never acted on is not refused, and the record says why', () => {
      const shell = realpathSync('/bin/sh');
      const outcomeWith = (rails: Partial<EnforcementRails>): number[] => {
        enforce([opening(SECRET)], 'deny', rails);
        assert.deepEqual(read(SECRET), RUNS_ON);
        return outcomes();
      };
      assert.deepEqual(outcomeWith({ executables: [shell] }), [ENFORCED.PROTECTED]);
      assert.deepEqual(outcomeWith({ executables: [basename(shell)] }), [ENFORCED.PROTECTED]);
      assert.deepEqual(outcomeWith({ agentPid: capture.thisThread() }), [ENFORCED.PROTECTED]);
      assert.deepEqual(outcomeWith({ hosts: false }), [ENFORCED.HOST]);
      assert.deepEqual(outcomeWith({ observes: true }), [ENFORCED.OBSERVED]);
      assert.deepEqual(outcomeWith({ perNode: { count: 0, milliseconds: 60_000 } }), [ENFORCED.LIMITED]);
      enforce([running(PROGRAM)], 'deny', { executables: [shell] });
      assert.deepEqual(start(PROGRAM), RUNS_ON);
      assert.deepEqual(outcomes(), [ENFORCED.PROTECTED]);
    });

    test('Process 1 is never acted on', {
      skip: existsSync(FOR_INIT) ? false : 'it takes no orders here',
    }, async () => {
      for (const [action, clause] of [
        ['deny', opening(FOR_INIT)],
        ['kill_process', opening(FOR_INIT)],
        ['kill_process', { ...opening(FOR_INIT), result: 'succeeded' }],
      ] as const) {
        enforce([clause], action);
        rmSync(BY_INIT, { force: true });
        process.kill(1, 'SIGUSR1');
        await until(() => existsSync(BY_INIT) && readFileSync(BY_INIT, 'utf8') === 'word\n');
        const found: number[] = [];
        takeEvents((event) => {
          const { outcome } = enforcedParts(event.number('reserved'));
          if (outcome !== 0 && event.image?.number('pid') === 1) found.push(outcome);
        });
        assert.deepEqual(found, [ENFORCED.PROTECTED]);
      }
    });

    test('What a process is counts also where it shares its directories; where it is not known, the record says so', async () => {
      const facts: ExactClause = { ...opening(SECRET), process: 'candidate' };
      enforce([facts], 'deny');
      assert.deepEqual(read(SECRET), RUNS_ON);
      assert.deepEqual(outcomes(), [ENFORCED.UNDECIDED]);
      // Whatever it is, nothing would have been done about it.
      enforce([facts], 'deny', { hosts: false });
      assert.deepEqual(read(SECRET), RUNS_ON);
      assert.deepEqual(outcomes(), [ENFORCED.HOST]);
      enforce([facts], 'deny');
      const open: Step = ['openat', AT_FDCWD, str(SECRET), O.RDONLY];
      /** What the call returned, and the outcomes. */
      const opened = async (...before: readonly Step[]): Promise<[number | undefined, number[]]> => {
        const started = startAct([...before, ['@wait'], open]);
        await started.place();
        makeCandidates();
        started.goOn();
        return [(await started.end()).at(-1)?.result, outcomes()];
      };
      const refused = [-1, [ENFORCED.LSM_REFUSED]];
      assert.deepEqual(await opened(), refused);
      assert.deepEqual(await opened(['@share']), refused);
      assert.deepEqual(await opened(['@thread']), refused);
      // Changed since by who shares them: the rule may be about that.
      const moved = startAct([['@share'], ['@wait'], ['@switch'], ['chdir', str('/tmp')], ['@switch'], open]);
      await moved.place();
      makeCandidates();
      moved.goOn();
      assert.ok(((await moved.end()).at(-1)?.result ?? -1) >= 0);
      assert.deepEqual(outcomes(), [ENFORCED.UNDECIDED]);
    });

    // After these the capture knows of requests that it has not kept, until its end.
    test('A request that there was no room to keep is refused, also at the end of a call that opens another file', async () => {
      const ends = ['opening', ...(process.arch === 'x64' ? ['creating'] : [])];
      const ways = ['', '+person'].flatMap((who) => ['late', ...ends].map((end) => `ring+crowd${who}+${end}`));
      const opened = async (path: string): Promise<number[]> => {
        const results: number[] = [];
        // One at a time: what is pending ends with its process.
        for (const way of ways)
          for (const { result } of await act([[`${way}:openat`, AT_FDCWD, str(path), O.RDONLY]])) results.push(result);
        return results;
      };
      enforce([{ ...opening(SECRET), types: ['open', 'openat', 'openat2'] }], 'deny');
      assert.deepEqual(
        await opened(SECRET),
        ways.map(() => -1),
      );
      // The crowd never begins. Of the file in memory that is opened before the request there is no path to decide by.
      const decided = events().filter(({ outcome }) => outcome !== ENFORCED.UNDECIDED);
      assert.deepEqual(
        decided,
        ways.map(() => ({ type: 'openat', outcome: ENFORCED.LSM_REFUSED, result: -1n })),
      );
      for (const result of await opened(OTHER)) assert.ok(result >= 0);
    });

    test('A call of a thread that has such requests is still the call that it is', async () => {
      const isX86 = process.arch === 'x64';
      const crowded: Step = ['ring+crowd:openat', AT_FDCWD, str(OTHER), O.RDONLY];
      enforce([{ ...opening(SECRET), types: ['openat', 'openat2'] }], 'deny');
      const [, refused, ...others] = await act([
        crowded,
        ['openat', AT_FDCWD, str(SECRET), O.RDONLY],
        ...(isX86 ? ['', 'int80:'] : []).flatMap((way): Step[] => [
          [`${way}open`, str(SECRET), O.RDONLY],
          [`${way}creat`, str(SECRET), 0o600],
        ]),
      ]);
      assert.equal(refused?.result, -1);
      for (const { call, result } of others) assert.ok(result >= 0, call);
      assert.deepEqual(events(), [{ type: 'openat', outcome: ENFORCED.LSM_REFUSED, result: -1n }]);
      capture.enforce(undefined);
      writeFileSync(SECRET, 'secret\n');
    });

    test('A rule that is taken away is not enforced any more, and nothing stays attached', () => {
      capture.enforce(undefined);
      enforce([opening(SECRET)], 'deny');
      assert.deepEqual(read(SECRET), REFUSED);
      assert.ok(capture.loadedPrograms().includes('enforce_file_open'));
      assert.ok(!capture.loadedPrograms().includes('enforce_program'));
      capture.enforce(undefined);
      assert.deepEqual(read(SECRET), RUNS_ON);
      assert.ok(!capture.loadedPrograms().some((name) => name.startsWith('enforce')));
    });
  });

  /** Runs a script of the shell in a process that is not a descendant of this one, which is the agent; nothing before the agent's rules are in use. */
  function runApart(script: string): void {
    const go = `${directory}/go`;
    rmSync(go, { force: true });
    spawnSync('/bin/sh', ['-c', `( while [ ! -e ${go} ]; do sleep 0.05; done; ${script} ) > /dev/null 2>&1 &`]);
    writeFileSync(go, '');
  }

  describe('an agent on a kernel with BPF LSM', () => {
    test('raises the alert of a call that was refused, once, and it says so', async () => {
      const responses = await responseSet([responseOf({ name: 'refuse', action: 'deny', where: 'kernel' })]);
      await using built = await startBuiltAgent([MODULE], {
        ...{ source: 'bpf', hooks: testHooks(), sizes: DEFAULT_SIZES },
        responses,
      });
      await until(() => built.agent.summary().enforcement !== undefined);
      const { enforcement } = built.agent.summary();
      assert.deepEqual(enforcement?.missing, []);
      assert.equal(enforcement?.rules.length, 3);
      for (const { means } of enforcement?.rules ?? []) assert.match(means.join(), /^refused by BPF LSM before/);
      rmSync(MARKER, { force: true });
      const done = `${directory}/done`;
      const apart = [actProgram(), ...actWords(APART.steps)].map((word) => `'${word}'`).join(' ');
      runApart(`read line < ${SECRET}; ${PROGRAM} -c ': > ${MARKER}'; ${apart}; : > ${done}`);
      // They may come from two processors.
      const lines = (await built.waitForLines(3)).map((line) => line.slice(line.indexOf(' ')));
      const [other, program, secret] = lines.sort();
      await until(() => existsSync(done));
      assert.ok(!existsSync(MARKER));
      assert.deepEqual(readdirSync(APART.place).sort(), ['left', basename(APART.program)]);
      const says = /wasprey\.response=refuse: refused \(LSM\): stopped before its effect/;
      assert.match(secret ?? '', new RegExp(`Critical secret ${SECRET}: EPERM .*${says.source}`));
      assert.match(program ?? '', new RegExp(`Critical program: EPERM .*${says.source}`));
      assert.match(other ?? '', new RegExp(`Critical apart: EPERM .*${says.source}`));
      await built.agent.stop();
      assert.equal(built.lines().length, 3);
      // All rules match what the calls would have done.
      const { engine } = built.agent.summary();
      assert.deepEqual([engine?.enforcedUnmatched, engine?.enforcedUnchecked], [0, 0]);
    });
  });
}
