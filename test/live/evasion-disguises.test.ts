// Ways round rules by what the kernel lets a process do with its own arguments and memory, with files that others open, and with programs
// that have no name of their own.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { directoryForTests } from '../support/directory.ts';
import { type AlertLine, assertFields } from '../support/live/alert-line.ts';
import { act, actProgram, copyAct, type Step, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import {
  alerted,
  alertsOf,
  evadedRules,
  forEachRuleSet,
  type Run,
  read,
  SHADOW,
} from '../support/live/live-evasions.ts';
import { AT_EMPTY_PATH, AT_FDCWD, O } from '../support/live/live-numbers.ts';
import { probe } from '../support/live/probe.ts';
import { cProgram } from '../support/programs/c-program.ts';

const execute = promisify(execFile);
const AT_SYMLINK_FOLLOW = 0x400;
/** Since Linux 6.14. */
const AT_EXECVE_CHECK = 0x10000;
const INNOCENT = '/etc/hostname';
const SHARED_MEMORY = '/dev/shm';
/** Of Debian, where rules trust it. */
const TRUSTED = '/usr/bin/dpkg';

const directory = directoryForTests();
const RUNS = probe(
  ['execve', 'execveat'],
  ['proc.name', 'proc.exepath', 'proc.cmdline', 'proc.exe', 'evt.res'],
  `proc.name != runc and (proc.exepath startswith ${directory} or proc.exepath startswith ${SHARED_MEMORY})`,
);
/** Of another process, which is that of the tests. */
const MEMORY = `/proc/${process.pid}/mem`;
const OPENS = probe(
  ['openat'],
  ['proc.exepath', 'proc.exe_ino', 'fd.name', 'evt.is_open_write'],
  `((proc.name = disguise and fd.name = ${SHADOW}) or fd.name = ${MEMORY})`,
);
const agent = LiveAgent.forTests([...evadedRules(), RUNS.rule, OPENS.rule], {
  warnings: 'accepted',
  ruleMatching: 'all',
});

let program = '';
before(() => {
  program = cProgram(join(import.meta.dirname, '../support/programs/disguise.c'));
});

/** What alertsOf() has put in the place of its first step. */
function markOf(steps: readonly Step[]): string {
  return String(steps[0]?.[1]);
}

/** Runs the C program, with the mark behind its arguments. */
function disguised(way: string, ...words: readonly string[]): Run {
  return (steps) => execute(program, [way, ...words, markOf(steps)]);
}

forEachRuleSet(({ read: rule, path, fileless }) => {
  const assertNames = (alert: AlertLine | undefined, openPath: RegExp): void => {
    const fields = alert?.output_fields ?? assert.fail('no alert');
    assert.equal(fields[path], SHADOW);
    assert.match(String(fields['fd.openpath']), openPath);
  };

  describe('A process is what was run, whatever its memory says', () => {
    const ways: readonly (readonly [name: string, way: string])[] = [
      ['arguments that were moved (PR_SET_MM)', 'moved-arguments'],
      ['arguments overwritten by /proc/self/mem', 'overwritten-arguments'],
      ['a child that shares the memory (CLONE_VM)', 'shared-memory'],
    ];
    for (const [name, way] of ways) {
      test(name, async () => {
        const { output_fields: fields } = await alerted(agent, [], rule, disguised(way, SHADOW));
        assertFields({ output_fields: fields } as AlertLine, { 'proc.name': 'disguise' });
        assert.match(String(fields['proc.cmdline']), new RegExp(`^disguise ${way} ${SHADOW} evasion`));
      });
    }
  });

  describe('A file that is opened again is matched by its name', () => {
    test('by its mapping (/proc/self/map_files)', async () => {
      const [first, again, ...more] = await alertsOf(agent, [], rule, disguised('mapped', SHADOW));
      assert.equal(first?.output_fields['fd.openpath'], undefined);
      assertNames(again, /^\/proc\/self\/map_files\//);
      assert.equal(more.length, 0);
    });

    test('by a descriptor that fanotify gave when another process opened it', async () => {
      const [first, again, ...more] = await alertsOf(agent, [], rule, disguised('notified', SHADOW));
      assert.equal(first?.output_fields['fd.openpath'], undefined);
      assertNames(again, /^\/proc\/self\/fd\/\d+$/);
      assert.equal(more.length, 0);
    });
  });

  test('an open that another process answers (seccomp): by the file that it gets, beside the name that it passed', async () => {
    const [ofSupervisor, ofTarget, ...more] = await alertsOf(
      agent,
      [],
      rule,
      disguised('supervised', SHADOW, INNOCENT),
    );
    assert.equal(ofSupervisor?.output_fields['fd.openpath'], undefined);
    assertNames(ofTarget, new RegExp(`^${INNOCENT}$`));
    assert.equal(more.length, 0);
  });

  test('a link of a file system in user space, which leads elsewhere the second time: by what it led to then', async () => {
    const place = mkdtempSync(`${directory}/answered`);
    const [opened, ...more] = await alertsOf(agent, [], rule, disguised('changing-link', SHADOW, INNOCENT, place));
    assertNames(opened, new RegExp(`^${place}/name$`));
    assert.equal(more.length, 0);
  });

  for (const [memory, way, name] of [
    ['memory that processes share (mmap)', 'run-mapped', /^dev\/zero$/],
    ['a segment of shared memory (shmget)', 'run-segment', /^SYSV00000000$/],
  ] as const) {
    test(`a program in ${memory}, by its mapping: it has no file, as in a memfd`, async () => {
      const { output_fields: fields } = await alerted(agent, [], fileless, disguised(way, actProgram()));
      assert.match(String(fields['proc.exepath']), name);
    });
  }

  test('a script that is the interpreter of a script', async () => {
    const interpreter = copyAct(directory, 'interpreter');
    writeFileSync(`${directory}/inner`, `#!${interpreter} @mark\n`, { mode: 0o755 });
    writeFileSync(`${directory}/outer`, `#!${directory}/inner\n`, { mode: 0o755 });
    const run: Run = (steps) => act(steps, { program: `${directory}/outer` });
    const { output_fields: fields } = await alerted(agent, [read(SHADOW)], rule, run);
    assertFields({ output_fields: fields } as AlertLine, { 'proc.name': 'outer' });
    assert.ok(String(fields['proc.cmdline']).includes(`@mark ${directory}/inner ${directory}/outer`));
  });

  test('a script in memory, by a descriptor: its interpreter, and the script by the name that the kernel gives it', async () => {
    const text = `#!${actProgram()} @mark\n`;
    const steps: readonly Step[] = [
      ['memfd_create', str('script'), 0],
      ['write', 'r0', str(text), text.length],
    ];
    const run: Run = (all) => {
      const list = `list:script,${markOf(all)},--,openat,-100,s:${SHADOW},0`;
      return act([...steps, ['execveat', 'r0', str(''), list, 'null', AT_EMPTY_PATH]]);
    };
    const { output_fields: fields } = await alerted(agent, steps, rule, run);
    assert.match(String(fields['proc.cmdline']), /@mark \/dev\/fd\/\d+ evasion/);
  });
});

test('a shell on a connection that another process has put at its standard input (seccomp)', async () => {
  const run = disguised('given-input', copyAct(directory, 'sh'));
  const { output_fields: fields } = await alerted(agent, [], 'Shell started on a connection', run);
  assert.match(String(fields['proc.stdio.connection']), /^127\.0\.0\.1:\d+->127\.0\.0\.1:9$/);
});

test('a child that is made in the control group of a container (CLONE_INTO_CGROUP) is in that container', async () => {
  const id = randomBytes(32).toString('hex');
  const place = `${directory}/groups`;
  mkdirSync(place);
  await execute(program, ['in-group', SHADOW, place, `docker-${id}.scope`]);
  await agent.eventually(OPENS.name, { 'container.id': id.slice(0, 12) });
});

test("another process's memory is opened for writing: by its name", async () => {
  const [opened] = await agent.observe(OPENS, [['openat', AT_FDCWD, str(MEMORY), O.RDWR]]);
  assertFields(opened?.alert ?? assert.fail('no alert'), { 'fd.name': MEMORY, 'evt.is_open_write': true });
});

describe('A program is the file that runs', () => {
  test('though it names another one to the kernel (PR_SET_MM_MAP), in it and in its child', async () => {
    await execute(program, ['replaced-executable', SHADOW, TRUSTED]);
    await agent.settled();
    const alerts = agent.alerts(OPENS.name).slice(-2);
    assert.equal(alerts.length, 2);
    const { ino } = statSync(program);
    for (const alert of alerts) assertFields(alert, { 'proc.exepath': program, 'proc.exe_ino': ino });
  });

  const ran = async (steps: readonly Step[]): Promise<AlertLine> => {
    await act(steps);
    await agent.settled();
    return agent.alerts(RUNS.name).at(-1) ?? assert.fail('no run was reported');
  };

  test('which a check alone does not run (AT_EXECVE_CHECK)', async () => {
    const checker = copyAct(directory, 'checker');
    const steps: readonly Step[] = [
      ['execveat', AT_FDCWD, str(actProgram()), 'list:innocent', 'null', AT_EXECVE_CHECK],
    ];
    await act(steps, { program: checker });
    await agent.settled();
    const successes = agent.alerts(RUNS.name).filter(({ output_fields: fields }) => fields['evt.res'] === 'SUCCESS');
    assert.deepEqual(
      successes.map(({ output_fields: fields }) => fields['proc.exepath']).filter((path) => path === checker),
      [checker],
      'that of the checker itself',
    );
  });

  test('by an interpreter that a user namespace has registered for its name (binfmt_misc)', async () => {
    const interpreter = copyAct(directory, 'registered');
    const file = `${directory}/innocent.disguise`;
    const place = `${directory}/registry`;
    writeFileSync(file, '', { mode: 0o755 });
    mkdirSync(place);
    // The interpreter knows no call of the file's name.
    await assert.rejects(execute(program, ['registered', file, interpreter, place]), /innocent\.disguise/);
    const alert = await agent.only(RUNS.name, { 'proc.exepath': interpreter });
    assert.ok(String(alert.output_fields['proc.cmdline']).endsWith(` ${file}`));
  });

  test('without any argument', async () => {
    const silent = copyAct(directory, 'silent');
    await execute(program, ['no-arguments', silent]);
    const alert = await agent.only(RUNS.name, { 'proc.exepath': silent });
    assertFields(alert, { 'proc.name': 'silent', 'proc.exepath': silent });
  });

  test('by a descriptor (fexecve), also one without access (O_PATH)', async () => {
    for (const [name, access] of Object.entries({ described: O.RDONLY, pointed: O.PATH })) {
      const alert = await ran([
        ['openat', AT_FDCWD, str(copyAct(directory, name)), access],
        ['execveat', 'r0', str(''), 'list:innocent,@mark,x', 'null', AT_EMPTY_PATH],
      ]);
      assertFields(alert, { 'proc.exepath': `${directory}/${name}` });
    }
  });

  const copy: readonly Step[] = [
    ['openat', AT_FDCWD, str(actProgram()), O.RDONLY],
    ['openat', AT_FDCWD, str(SHARED_MEMORY), O.TMPFILE | O.RDWR, 0o700],
    ['sendfile', 'r1', 'r0', 'null', 0x7ffff000],
  ];

  test('below /dev/shm, linked there when it was written', async () => {
    const place = `${SHARED_MEMORY}/wasprey-live-${process.pid}`;
    try {
      const alert = await ran([
        ...copy,
        ['linkat', AT_FDCWD, str('/proc/self/fd/4'), AT_FDCWD, str(place), AT_SYMLINK_FOLLOW],
        ['close', 'r1'],
        ['symlink', str(place), str(`${directory}/innocent`)],
        ['execve', str(`${directory}/innocent`), 'list:innocent,@mark,x', 'null'],
      ]);
      assertFields(alert, { 'proc.name': 'innocent', 'proc.exepath': place });
    } finally {
      rmSync(place, { force: true });
    }
  });

  test('below /dev/shm, without a name', async () => {
    const alert = await ran([
      ...copy,
      ['openat', AT_FDCWD, str('/proc/self/fd/4'), O.RDONLY],
      ['close', 'r1'],
      ['execveat', 'r3', str(''), 'list:innocent,@mark,x', 'null', AT_EMPTY_PATH],
    ]);
    assert.match(String(alert.output_fields['proc.exepath']), new RegExp(`^${SHARED_MEMORY}/#\\d+`));
  });
});
