// Ways to /etc/shadow by a name that is as good as that: hard links, bind mounts, another root. What makes the name is seen, and the file
// is matched by where it is besides, as far as the kernel knows.

import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { directoryOnRootForTests } from '../support/directory.ts';
import { assertFields } from '../support/live/alert-line.ts';
import { act, type Step, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { Container } from '../support/live/live-container.ts';
import {
  alerted,
  alertsOf,
  evadedRules,
  forEachRuleSet,
  type Run,
  read,
  SHADOW,
} from '../support/live/live-evasions.ts';
import {
  AT_FDCWD,
  CLONE_NEWNS,
  CLONE_NEWPID,
  MNT_DETACH,
  MS_BIND,
  MS_PRIVATE,
  MS_REC,
  O,
} from '../support/live/live-numbers.ts';
import { probe } from '../support/live/probe.ts';

const MANY_LINKS = 100;
const HARD_LINK = 'Hard link to the file';
const SECRET = 'Secret read';
const MOUNTS = probe(['mount'], ['evt.arg.dev', 'evt.arg.dir', 'evt.arg.flags']);

const directory = directoryOnRootForTests();
const secret = `${directory}/over/secret`;
const SECRET_RULE = `
- rule: ${SECRET}
  desc: reads one file
  condition: evt.type in (open, openat, openat2) and fd.name = ${secret} and fd.num >= 0
  output: '%proc.cmdline %fd.name'
  priority: WARNING
`;
const CHANGED_RULE = `
- rule: Below a folder
  desc: what changes a folder
  condition: >
    evt.type in (mkdir, mkdirat, rmdir, rename, renameat, link, symlink, symlinkat, unlink, unlinkat, chmod, fchmod, fchmodat,
      chown, fchown, fchownat, truncate, ftruncate)
    and (fs.path.name startswith ${directory}/real/ or fs.path.source startswith ${directory}/real/
      or fs.path.target startswith ${directory}/real/)
  output: '%proc.cmdline %evt.type %fs.path.name %fs.path.source %fs.path.target'
  priority: WARNING
`;
const HARD_LINK_RULE = `
- rule: ${HARD_LINK}
  desc: another name for it
  condition: evt.type in (link, linkat) and evt.arg.oldpath = ${SHADOW} and evt.rawres = 0
  output: '%proc.cmdline %evt.arg.newpath'
  priority: WARNING
`;

/** A mount namespace of its own. */
const APART: readonly Step[] = [
  ['unshare', CLONE_NEWNS],
  ['mount', 'null', str('/'), 'null', MS_REC | MS_PRIVATE, 'null'],
];

/** Shows the folder at `over`. */
function overlay(lower: string): Step {
  const layers = `lowerdir=${lower},upperdir=${directory}/upper,workdir=${directory}/work`;
  return ['mount', str('overlay'), str(`${directory}/over`), str('overlay'), 0, str(layers)];
}

before(() => {
  for (const name of ['bound', 'over', 'lower', 'upper', 'work']) mkdirSync(`${directory}/${name}`);
  symlinkSync(`${directory}/bound`, `${directory}/to-bound`);
  writeFileSync(`${directory}/upper/secret`, '');
});
const rules = [...evadedRules(), MOUNTS.rule, SECRET_RULE, HARD_LINK_RULE, CHANGED_RULE];
const agent = LiveAgent.forTests(rules, { warnings: 'accepted', ruleMatching: 'all' });

forEachRuleSet(({ read: rule }) => {
  test('hard links: the making of one is seen, and the file is matched by the name that was linked', async () => {
    const container = new Container();
    const run: Run = (steps) => container.act(steps);
    try {
      const untouched = await alerted(agent, [read(SHADOW)], rule, run);
      assert.equal(untouched.output_fields['fd.openpath'], undefined, 'it has one name');
      const made = await alerted(agent, [['link', str(SHADOW), str('/innocent')]], HARD_LINK, run);
      assert.equal(made.output_fields['evt.arg.newpath'], '/innocent');
      const byLink = await alerted(agent, [read('/innocent')], rule, run);
      assertFields(byLink, { 'fd.name': SHADOW, 'fd.openpath': '/innocent', 'fd.realpath': '/innocent' });
      const more: Step[] = ['a', 'b', 'c'].map((name) => ['link', str('/innocent'), str(`/${name}`)]);
      const byAnother = await alerted(agent, [...more, read('/b')], rule, run);
      assertFields(byAnother, { 'fd.name': SHADOW, 'fd.openpath': '/b', 'fd.realpath': '/b' });
      const behind = await alerted(agent, [['symlink', str('/a'), str('/soft')], read('/soft')], rule, run);
      const many = Array.from({ length: MANY_LINKS }, (_, index): Step => ['link', str('/a'), str(`/many-${index}`)]);
      const byNewest = await alerted(agent, [...many, read(`/many-${MANY_LINKS - 1}`)], rule, run);
      assert.equal(byNewest.output_fields['fd.name'], SHADOW);
      assertFields(behind, { 'fd.name': SHADOW, 'fd.openpath': '/soft', 'fd.realpath': '/a' });
      const byItself = await alerted(agent, [read(SHADOW)], rule, run);
      assert.equal(byItself.output_fields['fd.name'], SHADOW);
    } finally {
      container.stop();
    }
  });

  test('a bind mount: the mount is seen, and the file is matched by where it is without it', async () => {
    const place = `${directory}/bound`;
    const mounts: readonly Step[] = [...APART, ['mount', str('/etc'), str(place), 'null', MS_BIND, 'null']];
    const [, mount] = await agent.observe(MOUNTS, mounts);
    assertFields(mount?.alert ?? assert.fail(), {
      'evt.arg.dev': '/etc',
      'evt.arg.dir': place,
      'evt.arg.flags': 'BIND',
    });
    const name = `${place}/shadow`;
    const direct = await alerted(agent, [...mounts, read(name)], rule);
    assertFields(direct, { 'fd.name': SHADOW, 'fd.openpath': name, 'fd.realpath': name });
    const link = `${directory}/to-bound/shadow`;
    const behind = await alerted(agent, [...mounts, read(link)], rule);
    assertFields(behind, { 'fd.name': SHADOW, 'fd.openpath': link, 'fd.realpath': name });
  });

  test('another root: the file is matched by where it is without it, too', async () => {
    const inFolder = await alerted(agent, [['chroot', str('/etc')], read('/shadow')], rule);
    assertFields(inFolder, { 'fd.name': SHADOW, 'fd.openpath': '/shadow', 'fd.realpath': '/shadow' });
    const place = `${directory}/bound`;
    const mount: Step = ['mount', str('/'), str(place), 'null', MS_BIND, 'null'];
    const inMount = await alerted(agent, [...APART, mount, ['chroot', str(`${place}/etc`)], read('/shadow')], rule);
    assertFields(inMount, { 'fd.name': SHADOW, 'fd.openpath': '/shadow', 'fd.realpath': '/shadow' });
  });

  const bound = `${directory}/bound`;
  const bind = (from: string, to: string): Step => ['mount', str(from), str(to), 'null', MS_BIND, 'null'];
  const NESTED = 12;
  /** Each way ends where the folder /etc is the root. */
  const ways: Readonly<Record<string, readonly Step[]>> = {
    'in a mount over another mount': [bind('/etc', bound), bind('/etc', bound), ['chroot', str(bound)]],
    'below many mounts in each other': [
      ...Array.from({ length: NESTED }, (_, depth) => bind('/', bound.repeat(depth + 1))),
      ['chroot', str(`${bound.repeat(NESTED)}/etc`)],
    ],
    'in a mount over the root': [bind('/etc', '/'), ['chdir', str('/..')], ['chroot', str('.')]],
    'after pivot_root': [
      bind('/etc', bound),
      ['chdir', str(bound)],
      ['pivot_root', str('.'), str('.')],
      ['umount2', str('.'), MNT_DETACH],
    ],
    'in an overlay': [overlay('/etc'), ['chroot', str(`${directory}/over`)]],
    'in an overlay, after pivot_root': [
      overlay('/etc'),
      ['chdir', str(`${directory}/over`)],
      ['pivot_root', str('.'), str('.')],
      ['umount2', str('.'), MNT_DETACH],
    ],
  };
  for (const [way, steps] of Object.entries(ways)) {
    test(`another root ${way}: the file is matched by where it is without it`, async () => {
      const run: Run = async (all) => {
        const calls = await act(all);
        for (const { call, result } of calls) assert.ok(result >= 0, `${call}: ${result}`);
      };
      const alert = await alerted(agent, [...APART, ...steps, read('/shadow')], rule, run);
      assertFields(alert, { 'fd.name': SHADOW, 'fd.openpath': '/shadow', 'fd.realpath': '/shadow' });
    });
  }

  test('another root for the first process of a PID namespace: taken for a container, with names of its own; what makes it is seen', async () => {
    const steps: readonly Step[] = [
      ['unshare', CLONE_NEWPID],
      ['@fork'],
      ...APART,
      bind('/etc', bound),
      ['chdir', str(bound)],
      ['pivot_root', str('.'), str('.')],
      ['umount2', str('.'), MNT_DETACH],
    ];
    const run: Run = async (all) => {
      const calls = await act(all);
      for (const { call, result } of calls) assert.ok(result >= 0, `${call}: ${result}`);
    };
    assert.deepEqual(await alertsOf(agent, [...steps, read('/shadow')], rule, run), []);
    const mounts = await agent.observe(MOUNTS, steps);
    assert.deepEqual(
      mounts.map(({ alert }) => alert.output_fields['evt.arg.dir']),
      ['/', bound],
    );
  });

  test('a detached tree, and a root in it: the file is matched by where it is without it', async () => {
    const OPEN_TREE_CLONE = 1;
    const tree: Step = ['open_tree', AT_FDCWD, str('/etc'), OPEN_TREE_CLONE];
    const inTree: Step = ['openat', 'r', str('shadow'), O.RDONLY];
    const byDescriptor = await alerted(agent, [tree, inTree], rule);
    assertFields(byDescriptor, { 'fd.name': SHADOW, 'fd.openpath': '/shadow' });
    const asRoot = await alerted(agent, [tree, ['fchdir', 'r'], ['chroot', str('.')], read('/shadow')], rule);
    assertFields(asRoot, { 'fd.name': SHADOW, 'fd.openpath': '/shadow', 'fd.realpath': '/shadow' });
  });

  test('an overlay: the file is matched by where it is without it', async () => {
    const name = `${directory}/over/shadow`;
    const alert = await alerted(agent, [...APART, overlay('/etc'), read(name)], rule);
    assertFields(alert, { 'fd.name': SHADOW, 'fd.openpath': name, 'fd.realpath': name });
  });
});

describe('Calls on paths, by another root or mount', () => {
  const real = `${directory}/real`;
  const file = `${real}/file`;
  const bound = `${directory}/bound`;
  const below = `${real}/`;
  const CHANGED = 'Below a folder';
  before(() => {
    mkdirSync(`${real}/sub/deep`, { recursive: true });
    writeFileSync(file, '');
  });
  const bindReal: readonly Step[] = [...APART, ['mount', str(real), str(bound), 'null', MS_BIND, 'null']];

  /** The calls on the file and a second one, by the names that they have for the process. */
  function changes(place: string): readonly Step[] {
    return [
      ['chmod', str(`${place}file`), 0o600],
      ['chown', str(`${place}file`), 0, 0],
      ['truncate', str(`${place}file`), 0],
      ['link', str(`${place}file`), str(`${place}other`)],
      ['rename', str(`${place}other`), str(`${place}moved`)],
      ['symlink', str('anything'), str(`${place}soft`)],
      ['unlink', str(`${place}soft`)],
      ['mkdir', str(`${place}made`), 0o700],
      ['rmdir', str(`${place}made`)],
      ['unlink', str(`${place}moved`)],
      ['unlink', str(`${place}missing`)],
    ];
  }

  async function check(first: readonly Step[], calls: readonly Step[]): Promise<void> {
    const alerts = await alertsOf(agent, [...first, ...calls], CHANGED);
    assert.deepEqual(
      alerts.map(({ output_fields: fields }) => fields['evt.type']),
      calls.filter((call) => !String(call.at(-1)).endsWith('missing')).map(([call]) => call),
    );
    for (const { output_fields: fields } of alerts) {
      const names = ['name', 'source', 'target'].map((name) => String(fields[`fs.path.${name}`]));
      assert.ok(
        names.some((name) => name.startsWith(below)),
        String([fields['evt.type'], ...names]),
      );
    }
  }

  const RELATIVE = changes('');
  test('by chroot: absolute, relative, above the root', async () => {
    await check([['chroot', str(real)]], changes('/'));
    await check(
      [
        ['chdir', str(real)],
        ['chroot', str('.')],
      ],
      RELATIVE,
    );
    await check(
      [
        ['chroot', str(real)],
        ['chdir', str('/sub/deep')],
      ],
      changes('../../../../'),
    );
    await check(
      [
        ['chroot', str(directory)],
        ['chdir', str('/real/sub')],
      ],
      changes('../'),
    );
  });

  test('by a directory outside of the root', async () => {
    await check(
      [
        ['openat', AT_FDCWD, str(real), O.DIRECTORY],
        ['chroot', str(`${real}/sub`)],
      ],
      [
        ['fchmodat', 'r0', str('file'), 0o600],
        ['mkdirat', 'r0', str('made'), 0o700],
        ['renameat', 'r0', str('made'), 'r0', str('moved')],
        ['unlinkat', 'r0', str('moved'), 0x200],
        ['symlinkat', str('anything'), 'r0', str('soft')],
        ['unlinkat', 'r0', str('soft'), 0],
      ],
    );
  });

  test('in a detached tree', async () => {
    const byDescriptor = [
      ['fchmodat', 'r0', str('file'), 0o600],
      ['fchownat', 'r0', str('../file'), 0, 0, 0],
      ['unlinkat', 'r0', str('missing'), 0],
    ] satisfies Step[];
    const tree: Step = ['open_tree', AT_FDCWD, str(real), 1];
    const found = await alertsOf(agent, [tree, ...byDescriptor], CHANGED);
    assert.deepEqual(
      found.map(({ output_fields: fields }) => fields['fs.path.name']),
      [file, file],
    );
    await check([tree, ['fchdir', 'r0']], RELATIVE);
    await check([tree, ['fchdir', 'r0'], ['chroot', str('.')]], changes('/'));
  });

  test('in a bind mount that the process has entered', async () => {
    await check([...bindReal, ['chdir', str(bound)]], RELATIVE);
    await check([...bindReal, ['chdir', str(`${bound}/sub`)]], changes('../'));
  });

  test('after pivot_root', async () => {
    const steps: readonly Step[] = [
      ['chdir', str(bound)],
      ['pivot_root', str('.'), str('.')],
      ['umount2', str('.'), MNT_DETACH],
    ];
    await check([...bindReal, ...steps], changes('/'));
  });

  test('by an open file', async () => {
    const byDescriptor: readonly Step[] = [
      ['fchmod', 3, 0o600],
      ['fchown', 3, 0, 0],
      ['ftruncate', 3, 0],
    ];
    await check(
      [
        ['chroot', str(real)],
        ['openat', AT_FDCWD, str('/file'), O.RDWR],
      ],
      byDescriptor,
    );
    await check([...bindReal, ['openat', AT_FDCWD, str(`${bound}/file`), O.RDWR]], byDescriptor);
  });
});

test('a hard link to a file whose other name the kernel has forgotten, until somebody uses that', async () => {
  const over = `${directory}/over`;
  const mount = overlay(`${directory}/lower`);
  const before: readonly Step[] = [
    ...APART,
    mount,
    ['link', str(secret), str(`${over}/innocent`)],
    ['umount2', str(over), 0],
    mount,
  ];
  assert.deepEqual(await alertsOf(agent, [...before, read(`${over}/innocent`)], SECRET), []);
  // The link is there already the second time.
  const again = [...before, read(secret), read(`${over}/innocent`)];
  const [byItself, byLink, ...others] = await alertsOf(agent, again, SECRET);
  // It has two names even so: that in the overlay, and that in the overlay's upper layer.
  assertFields(byItself ?? assert.fail(), { 'fd.name': secret, 'fd.openpath': secret });
  assertFields(byLink ?? assert.fail(), { 'fd.name': secret, 'fd.openpath': `${over}/innocent` });
  assert.equal(others.length, 0);
});
