// Ways round rules that name files: each reaches /etc/shadow by another path, or none, and is held against the shipped rules and Falco's own.

import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { directoryForTests } from '../support/directory.ts';
import { type AlertLine, assertFields } from '../support/live/alert-line.ts';
import { act, callOf, copyAct, type Step, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import {
  alerted,
  alertsOf,
  evadedRules,
  forEachRuleSet,
  MARK,
  type Run,
  read,
  SHADOW,
} from '../support/live/live-evasions.ts';
import { AF_UNIX, AT_FDCWD, O, SOCK_STREAM } from '../support/live/live-numbers.ts';
import { probe } from '../support/live/probe.ts';

const BY_HANDLE = probe(
  ['open_by_handle_at'],
  ['fd.name', 'fd.num', 'fd.typechar', 'evt.is_open_read', 'evt.arg.path', 'evt.arg.mountfd', 'evt.arg.flags'],
);
const PATHS = probe(
  ['mkdir', 'chmod', 'rename', 'link', 'symlink', 'unlink', 'rmdir'],
  ['evt.arg.path', 'evt.arg.filename', 'evt.arg.newpath', 'evt.arg.linkpath', 'evt.arg.target'],
);

const RESOLVE_IN_ROOT = 0x10;

const directory = directoryForTests();
const BELOW = 'Below a folder';
const BELOW_RULE = `
- rule: ${BELOW}
  desc: what changes a folder
  condition: >
    evt.type in (mkdir, rmdir, rename, link, symlink, unlink, chmod) and (fs.path.name startswith ${directory}/real/
    or fs.path.source startswith ${directory}/real/ or fs.path.target startswith ${directory}/real/)
  output: '%proc.cmdline'
  priority: WARNING
`;

before(() => {
  mkdirSync(`${directory}/real`);
  writeFileSync(`${directory}/plain`, '');
  symlinkSync('real', `${directory}/to-real`);
  symlinkSync('/etc', `${directory}/folder`);
  symlinkSync('/usr/bin', `${directory}/programs`);
  symlinkSync(SHADOW, `${directory}/file`);
});
const rules = [...evadedRules(), BY_HANDLE.rule, PATHS.rule, BELOW_RULE];
const agent = LiveAgent.forTests(rules, { warnings: 'accepted', ruleMatching: 'all' });

forEachRuleSet(({ read: rule, path, trustsNames }) => {
  describe('A file is matched by the name it was opened by and by the name it resolves to', () => {
    const ways: readonly (readonly [name: string, steps: readonly Step[], openPath: string])[] = [
      ['through a symbolic link', [read(`${directory}/file`)], `${directory}/file`],
      ['through a directory that is a link', [read(`${directory}/folder/shadow`)], `${directory}/folder/shadow`],
      [
        'with `..` behind a link',
        [read(`${directory}/programs/../../etc/shadow`)],
        `${directory.replace(/\/[^/]*$/, '')}/etc/shadow`,
      ],
      ['through /proc/self/root', [read('/proc/self/root/etc/shadow')], '/proc/self/root/etc/shadow'],
      ['through /proc/self/cwd', [['chdir', str('/')], read('/proc/self/cwd/etc/shadow')], '/proc/self/cwd/etc/shadow'],
      [
        'relative to the descriptor of a directory that is a link',
        [
          ['openat', AT_FDCWD, str(`${directory}/`), O.PATH],
          ['openat', 'r0', str('folder/shadow'), O.RDONLY],
        ],
        `${directory}/folder/shadow`,
      ],
      [
        'below a root for this call alone (RESOLVE_IN_ROOT)',
        [
          ['openat', AT_FDCWD, str('/etc'), O.PATH],
          ['openat2', 'r0', str('/../shadow'), `how:${O.RDONLY},0,${RESOLVE_IN_ROOT}`, 'len'],
        ],
        '/shadow',
      ],
    ];
    for (const [name, steps, openPath] of ways) {
      test(name, async () => {
        const alert = await alerted(agent, steps, rule);
        assert.equal(alert.output_fields[path], SHADOW);
        assert.equal(alert.output_fields['fd.openpath'], openPath);
        assert.equal(alert.output_fields['fd.realpath'], SHADOW);
        // What the rule's output does not print itself is put behind it.
        const added = ` fd.openpath=${openPath}${path === 'fd.realpath' ? '' : ` fd.realpath=${SHADOW}`}`;
        assert.ok(alert.output.endsWith(added), alert.output);
      });
    }
  });

  describe('A file is matched by its name, however that is put together', () => {
    const ways: readonly (readonly [name: string, steps: readonly Step[]])[] = [
      ['with `..`, `.` and empty components', [read('/usr/../etc/.//shadow')]],
      ['relative to the current directory', [['chdir', str('/etc')], read('shadow')]],
      [
        'relative to the descriptor of a directory',
        [
          ['openat', AT_FDCWD, str('/etc'), O.PATH],
          ['openat', 'r0', str('shadow'), O.RDONLY],
        ],
      ],
    ];
    for (const [name, steps] of ways) {
      test(name, async () => {
        const alert = await alerted(agent, steps, rule);
        assert.equal(alert.output_fields['fd.name'], SHADOW);
        assert.equal(alert.output_fields['fd.openpath'], undefined, 'it has one name');
      });
    }
  });

  describe('A file that is opened again, by what stands for it, is matched by its name', () => {
    test('by its handle: as the event that Falco has for that, and as the open that it stands for', async () => {
      const steps: readonly Step[] = [
        ['openat', AT_FDCWD, str('/etc'), O.DIRECTORY],
        ['name_to_handle_at', AT_FDCWD, str(SHADOW), 'handle', 'out', 0],
        ['open_by_handle_at', 'r0', 'handle', O.RDONLY],
      ];
      for (const way of ['', 'int80:']) {
        const call: Step = [`${way}open_by_handle_at`, 'r0', 'handle', O.RDONLY];
        const alert = await alerted(agent, [...steps.slice(0, 2), call], rule);
        assert.equal(alert.output_fields['fd.name'], SHADOW);
        // Our rule does not print the type: its condition has it.
        assert.equal(alert.output_fields['evt.type'] ?? 'openat', 'openat');
        assert.equal(alert.output_fields['fd.openpath'], undefined, 'it has one name');
      }
      const [observed] = await agent.observe(BY_HANDLE, steps);
      assert.ok(observed);
      assertFields(observed.alert, {
        'evt.rawres': observed.call.result,
        'fd.num': observed.call.result,
        'fd.name': SHADOW,
        'fd.typechar': 'f',
        'evt.is_open_read': true,
        'evt.arg.path': SHADOW,
        'evt.arg.mountfd': '<d>/etc',
        'evt.arg.flags': 'O_RDONLY',
      });
    });

    test('through /proc/self/fd, where the descriptor was not an open file (O_PATH)', async () => {
      const alerts = await alertsOf(
        agent,
        [
          ['openat', AT_FDCWD, str(SHADOW), O.PATH],
          ['openat', AT_FDCWD, str('/proc/self/fd/3'), O.RDONLY],
        ],
        rule,
      );
      assert.deepEqual(
        alerts.map(({ output_fields: fields }) => [fields[path], fields['fd.openpath']]),
        [
          [SHADOW, undefined],
          [SHADOW, '/proc/self/fd/3'],
        ],
      );
    });

    test('a descriptor passed over a socket: its opening is seen, its arrival is not, and opening it again is', async () => {
      const trusted = copyAct(directory, 'sshd');
      const pass = (...then: Step[]): readonly Step[] => [
        ['socketpair', AF_UNIX, SOCK_STREAM, 0, 'out'],
        read(SHADOW),
        ['sendmsg', 3, 'rights:r1', 0],
        ['close', 'r1'],
        ['@fork'],
        ['@exec', '/proc/self/exe', 'receiver'],
        MARK,
        ['recvmsg', 4, 'rights:', 0],
        ...then,
      ];
      assert.equal((await alertsOf(agent, pass(), rule)).length, 1, 'of the process that opened it');
      const run: Run = (steps) => act(steps, { program: trusted });
      const ofOpener = trustsNames ? 0 : 1;
      assert.equal((await alertsOf(agent, pass(), rule, run)).length, ofOpener, 'the receiver opens nothing');
      const alerts = await alertsOf(agent, pass(read('/proc/self/fd/5')), rule, run);
      assert.equal(alerts.length, ofOpener + 1);
      const ofReceiver = { [path]: SHADOW, 'fd.openpath': '/proc/self/fd/5', 'proc.name': 'exe' };
      assertFields(alerts.at(-1) ?? assert.fail(), ofReceiver);
    });
  });

  test('reading without read(2): the opening is seen', async () => {
    const ways: Readonly<Record<string, readonly Step[]>> = {
      sendfile: [
        ['memfd_create', str('copy'), 0],
        ['sendfile', 'r', 'r0', 'null', 4096],
      ],
      splice: [
        ['pipe2', 'out', 0],
        ['splice', 'r0', 'null', 5, 'null', 4096, 0],
      ],
    };
    for (const [call, steps] of Object.entries(ways)) {
      const run: Run = async (all) => {
        const calls = await act(all);
        assert.ok(callOf(calls, call).result > 0, `${call} has read nothing`);
      };
      const alert = await alerted(agent, [read(SHADOW), ...steps], rule, run);
      assert.equal(alert.output_fields['fd.name'], SHADOW);
    }
  });
});

describe('Calls on paths that leave no open file', () => {
  const calls = (place: string): readonly (readonly [step: Step, field: string, name: string])[] => [
    [['mkdir', str(`${place}made`), 0o755], 'evt.arg.path', 'made'],
    [['rename', str(`${place}made`), str(`${place}moved`)], 'evt.arg.newpath', 'moved'],
    [['rmdir', str(`${place}moved`)], 'evt.arg.path', 'moved'],
    [['symlink', str(SHADOW), str(`${place}soft`)], 'evt.arg.linkpath', 'soft'],
    [['link', str(`${directory}/plain`), str(`${place}hard`)], 'evt.arg.newpath', 'hard'],
    [['chmod', str(`${place}hard`), 0o600], 'evt.arg.filename', 'hard'],
    [['unlink', str(`${place}hard`)], 'evt.arg.path', 'hard'],
    [['unlink', str(`${place}soft`)], 'evt.arg.path', 'soft'],
  ];

  /** Makes the calls, and asserts below which directory they are reported. Gives the alerts of what came first. */
  async function check(first: readonly Step[], place: string, told: string): Promise<AlertLine[]> {
    const table = calls(place);
    const observed = await agent.observe(PATHS, [...first, ...table.map(([step]) => step)]);
    const ofTable = observed.slice(-table.length);
    for (const [index, { call, alert }] of ofTable.entries()) {
      const [, field, name] = table[index] ?? assert.fail();
      assert.equal(call.result, 0);
      assertFields(alert, { 'evt.rawres': 0, [field]: `${told}/${name}` });
    }
    return observed.slice(0, -table.length).map(({ alert }) => alert);
  }

  test('in a directory that the process has entered by a link: the resolved names', async () => {
    await check([['chdir', str(`${directory}/to-real`)]], '', `${directory}/real`);
  });

  test('through a link to its own root or directory, or to the root of another process: the names behind it match too, and both are in the alert', async () => {
    const ofOthers = [`/proc/${process.pid}/root`, `/proc/${process.pid}/task/${process.pid}/root`];
    for (const link of ['/proc/self/root', '/proc/thread-self/root', '/proc/self/cwd', ...ofOthers]) {
      const place = `${link}${directory}/real/`;
      const table = calls(place);
      const alerts = await alertsOf(agent, [['chdir', str('/')], ...table.map(([step]) => step)], BELOW);
      assert.equal(alerts.length, table.length);
      for (const [index, { output_fields: fields }] of alerts.entries()) {
        const [, , name] = table[index] ?? assert.fail();
        const told = JSON.stringify([fields['fs.path.name'], fields['fs.path.source'], fields['fs.path.target']]);
        const passed = JSON.stringify([
          fields['fs.path.nameraw'],
          fields['fs.path.sourceraw'],
          fields['fs.path.targetraw'],
        ]);
        assert.ok(told.includes(`"${directory}/real/${name}"`), told);
        assert.ok(passed.includes(`"${place}${name}"`), passed);
      }
    }
  });

  test('through a link in the path: the names that were passed, and the making of the link', async () => {
    const link = `${directory}/new-link`;
    const [made] = await check([['symlink', str(`${directory}/real`), str(link)]], `${link}/`, link);
    assertFields(made ?? assert.fail(), { 'evt.arg.target': `${directory}/real`, 'evt.arg.linkpath': link });
  });
});
