// The mount calls of Linux 5.2 and later: fsopen, fsconfig, fsmount, fspick, open_tree, move_mount, mount_setattr, open_tree_attr. Those that
// change the tree of mounts are a mount to rules as well.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { before, test } from 'node:test';
import { directoryForTests } from '../support/directory.ts';
import { assertFields, type ExpectedFields } from '../support/live/alert-line.ts';
import { act, type Call, type Step, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { AT_FDCWD, CLONE_NEWNS, MS_PRIVATE, MS_REC } from '../support/live/live-numbers.ts';
import { probe } from '../support/live/probe.ts';

const STEPS = probe(
  ['fsopen', 'fsconfig', 'fsmount', 'fspick', 'open_tree', 'move_mount', 'mount_setattr'],
  [
    ...['evt.res', 'evt.args', 'evt.arg.type', 'evt.arg.cmd', 'evt.arg.key', 'evt.arg.value_charbuf', 'evt.arg.aux'],
    ...['evt.arg.path', 'evt.arg.flags', 'evt.arg.oldpath', 'evt.arg.newpath', 'fd.num', 'fs.path.name'],
  ],
);
/** Events that are mounts only to this rule, and those of mount(2). */
const MOUNTS = 'Mounted';
const MOUNTS_RULE = `
- rule: ${MOUNTS}
  desc: what changes the tree of mounts
  condition: evt.type = mount and proc.name = act
  output: '%proc.vpid %evt.type %evt.rawres %evt.arg.dev %evt.arg.dir %evt.arg.type %evt.arg.flags %fs.path.source %fs.path.target'
  priority: DEBUG
`;
const FSCONFIG_SET_STRING = 1;
const FSCONFIG_CMD_CREATE = 6;
const MOVE_MOUNT_F_EMPTY_PATH = 4;
const OPEN_TREE_CLONE = 1;
const ATTRIBUTES_SIZE = 32;

const directory = directoryForTests();
const place = `${directory}/place`;
const other = `${directory}/other`;
before(() => {
  mkdirSync(place);
  mkdirSync(other);
});
const agent = LiveAgent.forTests([STEPS.rule, MOUNTS_RULE], { ruleMatching: 'all' });

const APART: readonly Step[] = [
  ['unshare', CLONE_NEWNS],
  ['mount', 'null', str('/'), 'null', MS_REC | MS_PRIVATE, 'null'],
];

/** struct mount_attr, little-endian words. */
function attributes(set: number, clear: number, propagation: number): string {
  const words = new DataView(new ArrayBuffer(ATTRIBUTES_SIZE));
  for (const [index, word] of [set, clear, propagation].entries()) words.setUint32(8 * index, word, true);
  return str(String.fromCharCode(...new Uint8Array(words.buffer)));
}

/** Makes the calls in a namespace of their own; expects what they are as mounts, besides that of APART. */
async function check(
  steps: readonly Step[],
  expected: readonly (ExpectedFields | undefined)[],
  mounts: readonly ExpectedFields[],
): Promise<void> {
  let pid = 0;
  const run = async (all: readonly Step[]): Promise<Call[]> => {
    const calls = await act(all);
    pid = calls[0]?.pid ?? 0;
    return calls;
  };
  const observed = await agent.observe(STEPS, [...APART, ...steps], run);
  assert.equal(observed.length, expected.length);
  for (const [index, { call, alert }] of observed.entries()) {
    assertFields(alert, { 'evt.rawres': call.result, ...expected[index] });
  }
  const alerts = agent.alerts(MOUNTS, { 'proc.vpid': BigInt(pid) }).slice(1);
  assert.equal(alerts.length, mounts.length);
  for (const [index, alert] of alerts.entries()) assertFields(alert, { 'evt.type': 'mount', ...mounts[index] });
}

for (const way of process.arch === 'x64' ? ['', 'int80:'] : ['']) {
  test(`${way || 'native '}fsopen, fsconfig, fsmount, move_mount: a new mount`, async () => {
    await check(
      [
        [`${way}fsopen`, str('tmpfs'), 0],
        [`${way}fsconfig`, 'r2', FSCONFIG_SET_STRING, str('source'), str('the source'), 0],
        [`${way}fsconfig`, 'r2', FSCONFIG_CMD_CREATE, 'null', 'null', 0],
        [`${way}fsmount`, 'r2', 0, 0],
        ['chdir', str(directory)],
        [`${way}move_mount`, 'r5', str(''), AT_FDCWD, str('./place'), MOVE_MOUNT_F_EMPTY_PATH],
        [`${way}fspick`, AT_FDCWD, str(place), 0],
      ],
      [
        { 'evt.arg.type': 'tmpfs', 'fd.num': 3 },
        { 'evt.arg.cmd': 'FSCONFIG_SET_STRING', 'evt.arg.key': 'source', 'evt.arg.value_charbuf': 'the source' },
        { 'evt.arg.cmd': 'FSCONFIG_CMD_CREATE', 'evt.arg.key': null, 'evt.arg.value_charbuf': null },
        { 'fd.num': 4 },
        { 'evt.arg.newpath': place, 'evt.res': 'SUCCESS' },
        { 'evt.arg.path': place, 'fs.path.name': place },
      ],
      [
        {
          'evt.rawres': 0,
          'evt.arg.dev': 'the source',
          'evt.arg.dir': place,
          'evt.arg.type': 'tmpfs',
          'evt.arg.flags': '0',
          'fs.path.target': place,
        },
      ],
    );
  });

  test(`${way || 'native '}open_tree, move_mount: a bind mount, moved`, async () => {
    await check(
      [
        [`${way}open_tree`, AT_FDCWD, str('/etc'), OPEN_TREE_CLONE],
        [`${way}move_mount`, 'r2', str(''), AT_FDCWD, str(place), MOVE_MOUNT_F_EMPTY_PATH],
        [`${way}move_mount`, AT_FDCWD, str(place), AT_FDCWD, str(other), 0],
        [`${way}move_mount`, AT_FDCWD, str(place), AT_FDCWD, str(`${directory}/none`), 0],
      ],
      [
        { 'evt.arg.path': '/etc', 'evt.arg.flags': 'OPEN_TREE_CLONE', 'fs.path.name': '/etc' },
        { 'evt.arg.newpath': place },
        { 'evt.arg.oldpath': place, 'evt.arg.newpath': other },
        { 'evt.arg.newpath': `${directory}/none`, 'evt.res': 'ENOENT' },
      ],
      [
        {
          'evt.rawres': 0,
          'evt.arg.dev': '/etc',
          'evt.arg.dir': place,
          'evt.arg.flags': 'BIND',
          'fs.path.source': '/etc',
        },
        { 'evt.rawres': 0, 'evt.arg.dev': place, 'evt.arg.dir': other, 'evt.arg.flags': 'MOVE' },
        { 'evt.arg.dir': `${directory}/none`, 'evt.arg.flags': 'MOVE' },
      ],
    );
  });

  test(`${way || 'native '}mount_setattr, open_tree_attr: a mount made anew, and its propagation`, async () => {
    const MOUNT_ATTR_RDONLY = 1;
    const MOUNT_ATTR_NOSUID = 2;
    const AT_RECURSIVE = 0x8000;
    await check(
      [
        [
          `${way}mount_setattr`,
          AT_FDCWD,
          str('/'),
          0,
          attributes(MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, 0),
          ATTRIBUTES_SIZE,
        ],
        [`${way}mount_setattr`, AT_FDCWD, str('/'), AT_RECURSIVE, attributes(0, 0, MS_PRIVATE), ATTRIBUTES_SIZE],
        [`${way}mount_setattr`, AT_FDCWD, str(place), 0, attributes(MOUNT_ATTR_RDONLY, 0, 0), ATTRIBUTES_SIZE],
        // Without OPEN_TREE_CLONE it changes the mount itself.
        [`${way}open_tree_attr`, AT_FDCWD, str('/'), 0, attributes(MOUNT_ATTR_NOSUID, 0, 0), ATTRIBUTES_SIZE],
      ],
      [{ 'evt.arg.path': '/' }, { 'evt.arg.path': '/' }, { 'evt.arg.path': place, 'evt.res': 'EINVAL' }],
      [
        { 'evt.arg.dir': '/', 'evt.arg.flags': 'RDONLY|REMOUNT|BIND', 'evt.rawres': 0 },
        { 'evt.arg.dir': '/', 'evt.arg.flags': 'REC|PRIVATE', 'evt.rawres': 0 },
        { 'evt.arg.dir': place, 'evt.arg.flags': 'RDONLY|REMOUNT|BIND' },
        { 'evt.arg.dir': '/', 'evt.arg.flags': 'NOSUID|REMOUNT|BIND' },
      ],
    );
  });
}
