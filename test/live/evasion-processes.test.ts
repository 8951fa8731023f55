// Ways round rules that name processes: each reads /etc/shadow under a name that rules trust, or hides what it is.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { CONTAINER_RULE } from '../../host/agent/watches/container-watch.ts';
import { directoryOnRootForTests, makeDirectory } from '../support/directory.ts';
import { type AlertLine, assertFields } from '../support/live/alert-line.ts';
import { CGROUPS } from '../support/live/cgroup-place.ts';
import { act, actProgram, callOf, copyAct, type Step, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { Container } from '../support/live/live-container.ts';
import { type EvadedRules, evadedRules, forEachRuleSet } from '../support/live/live-evasions.ts';
import { AT_EMPTY_PATH, AT_FDCWD, CLONE_NEWNS, MS_BIND, MS_PRIVATE, MS_REC, O } from '../support/live/live-numbers.ts';
import { probe } from '../support/live/probe.ts';

const IMPOSTOR = 'Trusted name on another program';
const DESCENDANT = 'Read below a program';
/** One that both rule sets let read /etc/shadow; ours where the system keeps its programs. */
const TRUSTED = 'sshd';
const READ_SHADOW: Step = ['openat', AT_FDCWD, str('/etc/shadow'), O.RDONLY];

const directory = directoryOnRootForTests();
/** A program that is trusted by its path. */
const COVERED = `${directory}/covered/${TRUSTED}`;
const MOUNTS = probe(['mount'], ['evt.arg.dev', 'evt.arg.dir', 'evt.arg.flags']);

const RULES = `
- rule: ${IMPOSTOR}
  desc: how to trust a program, and not whatever is called so
  condition: >
    evt.type in (open, openat, openat2) and fd.name = /etc/shadow and proc.name = ${TRUSTED}
    and not proc.exepath in (/usr/sbin/sshd, /usr/lib/openssh/sshd-session, ${COVERED})
  output: '%proc.cmdline %proc.name %proc.exepath'
  priority: WARNING
- rule: ${DESCENDANT}
  desc: reads by what a program has started
  condition: evt.type in (open, openat, openat2) and fd.name = /etc/shadow and proc.aname = elder
  output: '%proc.cmdline %proc.name %proc.aname'
  priority: WARNING
`;

let runs = 0;

const AWAY = probe(
  ['rmdir'],
  ['container.id', 'evt.arg.path'],
  'proc.name = act and evt.arg.path startswith /nonexistent/',
);

const agent = LiveAgent.forTests([...evadedRules(), RULES, MOUNTS.rule, AWAY.rule], {
  warnings: 'accepted',
  ruleMatching: 'all',
});

function newMark(): string {
  return `evasion${process.pid}-${++runs}-`;
}

async function alertsOf(mark: string, rule: string): Promise<AlertLine[]> {
  await agent.settled();
  return agent.alerts(rule).filter((each) => String(each.output_fields['proc.cmdline']).includes(mark));
}

async function alerted(mark: string, rule: string): Promise<AlertLine> {
  const [alert, ...more] = await alertsOf(mark, rule);
  assert.ok(alert, `no alert of "${rule}"`);
  assert.equal(more.length, 0);
  return alert;
}

/** A read under a trusted name by a program that is not the system's: a rule that asks for the name alone does not report it. */
async function assertReportedUnlessTrusted(mark: string, { read, trustsNames }: EvadedRules): Promise<void> {
  assert.equal((await alertsOf(mark, read)).length, trustsNames ? 0 : 1);
}

forEachRuleSet((rules) => {
  describe('A process is called by its program, whatever it says of itself', () => {
    const ways: readonly (readonly [name: string, argv0: string, steps: readonly Step[]])[] = [
      ['another name by prctl(PR_SET_NAME)', 'act', [['@comm', TRUSTED], READ_SHADOW]],
      ['the same in a child', 'act', [['@comm', TRUSTED], ['@fork'], READ_SHADOW]],
      ['the same in a child of its parent', 'act', [['@fork'], ['@comm', TRUSTED], ['@sibling'], READ_SHADOW]],
      ['the same in a thread', 'act', [['@comm', TRUSTED], ['@thread'], ['@comm', TRUSTED], READ_SHADOW]],
      ['another argv[0]', `/usr/sbin/${TRUSTED}`, [READ_SHADOW]],
    ];
    for (const [name, argv0, steps] of ways) {
      test(name, async () => {
        const mark = newMark();
        await act([['@mark', mark], ...steps], { argv0 });
        assertFields(await alerted(mark, rules.read), { 'proc.name': 'act', 'proc.exepath': actProgram() });
      });
    }
  });

  describe('A program under a trusted name: a rule that trusts the name alone is silent, and the path gives it away', () => {
    const ways: readonly (readonly [name: string, make: (path: string) => string])[] = [
      ['a copy', (path) => copyAct(path, TRUSTED)],
      [
        'a link',
        (path) => {
          symlinkSync(actProgram(), `${path}/${TRUSTED}`);
          return actProgram();
        },
      ],
      [
        'a script',
        (path) => {
          writeFileSync(`${path}/${TRUSTED}`, `#!${actProgram()} @mark\n`, { mode: 0o755 });
          return actProgram();
        },
      ],
    ];
    for (const [name, make] of ways) {
      test(name, async () => {
        const place = makeDirectory();
        try {
          const executable = make(place.path);
          const mark = newMark();
          // A script's words come behind its path: all of them are the interpreter's first step.
          await act([['@mark', mark], READ_SHADOW], { program: `${place.path}/${TRUSTED}` });
          await assertReportedUnlessTrusted(mark, rules);
          const alert = await alerted(mark, IMPOSTOR);
          assertFields(alert, { 'proc.name': TRUSTED, 'proc.exepath': executable });
        } finally {
          place.remove();
        }
      });
    }

    test('bound over a trusted path, in mounts of its own: the path is the one outside of them, and the mount is seen', async () => {
      mkdirSync(`${directory}/covered`, { recursive: true });
      writeFileSync(COVERED, '');
      const mark = newMark();
      const program = copyAct(directory, 'other');
      const [, mount] = await agent.observe(MOUNTS, [
        ['unshare', CLONE_NEWNS],
        ['mount', 'null', str('/'), 'null', MS_REC | MS_PRIVATE, 'null'],
        ['mount', str(program), str(COVERED), 'null', MS_BIND, 'null'],
        ['@exec', COVERED, TRUSTED],
        ['@mark', mark],
        READ_SHADOW,
      ]);
      assertFields(mount?.alert ?? assert.fail(), { 'evt.arg.dev': program, 'evt.arg.dir': COVERED });
      await assertReportedUnlessTrusted(mark, rules);
      assertFields(await alerted(mark, IMPOSTOR), { 'proc.exepath': program });
    });

    test('in a container, that it was dropped there', async () => {
      const container = new Container();
      try {
        const mark = newMark();
        await container.act([['@copy', `/tmp/${TRUSTED}`], ['@mark', mark], READ_SHADOW]);
        await assertReportedUnlessTrusted(mark, rules);
        assertFields(await alerted(mark, rules.dropped), { 'proc.name': TRUSTED, 'proc.exepath': `/tmp/${TRUSTED}` });
      } finally {
        container.stop();
      }
    });
  });

  describe('What is run is reported by the kernel', () => {
    test('by the loader of dynamic programs: it is the program, and what it loads is in the command line', async () => {
      const mark = newMark();
      const loader = '/lib64/ld-linux-x86-64.so.2';
      await act([['@spawn', loader, '/usr/bin/cat', '/etc/shadow', `/nonexistent/${mark}`]]);
      const alert = await alerted(mark, rules.read);
      assertFields(alert, {
        'proc.name': 'ld-linux-x86-64',
        'proc.cmdline': `ld-linux-x86-64 /usr/bin/cat /etc/shadow /nonexistent/${mark}`,
      });
    });

    test('from memory, by a descriptor alone', async () => {
      const mark = newMark();
      const calls = await act([
        ['openat', AT_FDCWD, str(actProgram()), O.RDONLY],
        ['memfd_create', str(TRUSTED), 0],
        ['sendfile', 'r1', 'r0', 'null', 0x7ffff000],
        [
          'execveat',
          'r1',
          str(''),
          `list:${TRUSTED},@mark,${mark},--,openat,-100,s:/etc/shadow,0`,
          'null',
          AT_EMPTY_PATH,
        ],
      ]);
      callOf(calls, 'sendfile');
      const alert = await alerted(mark, rules.fileless);
      assertFields(alert, { 'proc.exepath': `memfd:${TRUSTED}` });
      await alerted(mark, rules.read);
    });

    test('a program that deletes itself', async () => {
      const mark = newMark();
      const program = copyAct(directory, 'deleted');
      await act([['@mark', mark], ['unlink', str(program)], READ_SHADOW], { program });
      assertFields(await alerted(mark, rules.read), { 'proc.name': 'deleted', 'proc.exepath': program });
    });

    test('a process whose parents have ended', async () => {
      const mark = newMark();
      const elder = copyAct(directory, 'elder');
      await act(
        [['@fork'], ['@exec', actProgram(), 'act'], ['@orphan'], ['setsid'], ['@orphan'], ['@mark', mark], READ_SHADOW],
        {
          program: elder,
        },
      );
      const alert = await alerted(mark, DESCENDANT);
      assert.match(String(alert.output_fields['proc.aname']), /elder/);
    });
  });
});

test('a cgroup with the name of a running container: a process in it is where it was, and that is reported', async () => {
  const container = new Container();
  const place = `${CGROUPS}/wasprey-forged-${process.pid}`;
  const forged = `${place}/docker-${container.id}.scope`;
  const remove: Step = ['rmdir', str('/nonexistent/forged')];
  mkdirSync(forged, { recursive: true });
  try {
    const [inside] = await container.act([remove]);
    const calls = await act([
      ['openat', AT_FDCWD, str(`${forged}/cgroup.procs`), O.WRONLY],
      ['write', 'r', str('0'), 1],
      remove,
      ['@fork'],
      remove,
      ['@exec', actProgram(), 'act'],
      remove,
    ]);
    assert.equal(callOf(calls, 'write').result, 1);
    await agent.settled();
    const seen = (pids: readonly number[]) =>
      agent
        .alerts(AWAY.name, { 'evt.arg.path': '/nonexistent/forged' })
        .filter(({ output_fields: fields }) => pids.map(BigInt).includes(BigInt(String(fields['proc.vpid']))))
        .map(({ output_fields: fields }) => fields['container.id']);
    assert.deepEqual(seen(calls.map(({ pid }) => pid)), ['host', 'host', 'host']);
    assert.ok(inside && seen([inside.pid]).includes(container.shortId));
    assert.equal((await agent.eventually(CONTAINER_RULE)).priority, 'Critical');
  } finally {
    rmdirSync(forged);
    rmdirSync(place);
    container.stop();
  }
});

test('cgroups nested so deep that the id of the container is cut off: it is still the container', async () => {
  const id = randomBytes(32).toString('hex');
  const place = `${CGROUPS}/wasprey-deep-${process.pid}`;
  const container = `${place}/docker-${id}.scope`;
  mkdirSync(container, { recursive: true });
  const name = 'x'.repeat(255);
  const depths = Array.from({ length: 17 }, () => name);
  const move = (to: string): Step[] => [
    ['openat', AT_FDCWD, str(`${to}cgroup.procs`), O.WRONLY],
    ['write', 'r', str('0'), 1],
  ];
  const remove: Step = ['rmdir', str('/nonexistent/deep')];
  try {
    const calls = await act(
      [
        ...move(''),
        remove,
        ...depths.flatMap((each): Step[] => [
          ['mkdir', str(each), 0o755],
          ['chdir', str(each)],
        ]),
        ...move(''),
        remove,
        ['@fork'],
        remove,
        ['@exec', actProgram(), 'act'],
        remove,
      ],
      { cwd: container },
    );
    for (const { call, result } of calls.filter((each) => each.call === 'write' || each.call === 'mkdir'))
      assert.ok(result >= 0, `${call}: ${result}`);
    await agent.settled();
    const pids = new Set(calls.map(({ pid }) => BigInt(pid)));
    const seen = agent
      .alerts(AWAY.name)
      .filter(({ output_fields: fields }) => pids.has(BigInt(String(fields['proc.vpid']))));
    assert.deepEqual(
      seen.map(({ output_fields: fields }) => fields['container.id']),
      Array(4).fill(id.slice(0, 12)),
    );
  } finally {
    const leave = depths.flatMap((each): Step[] => [
      ['chdir', str('..')],
      ['rmdir', str(each)],
    ]);
    await act([...depths.map((each): Step => ['chdir', str(each)]), ...leave], { cwd: container });
    rmdirSync(container);
    rmdirSync(place);
  }
});
