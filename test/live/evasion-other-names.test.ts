// Ways to /etc/shadow by a name that is as good as that: hard links, bind mounts, another root. What makes the name is seen, and the file
// is matched by where it is besides, as far as the kernel knows.

import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { assertFields } from '../support/alert-line.ts';
import { directoryForTests } from '../support/directory.ts';
import { type Step, str } from '../support/live-act.ts';
import { LiveAgent } from '../support/live-agent.ts';
import { Container } from '../support/live-container.ts';
import { alerted, alertsOf, evadedRules, forEachRuleSet, type Run, read, SHADOW } from '../support/live-evasions.ts';
import { CLONE_NEWNS, MS_BIND, MS_PRIVATE, MS_REC } from '../support/live-numbers.ts';
import { probe } from '../support/probe.ts';

const HARD_LINK = 'Hard link to the file';
const SECRET = 'Secret read';
const MOUNTS = probe(['mount'], ['evt.arg.dev', 'evt.arg.dir', 'evt.arg.flags']);

const directory = directoryForTests();
const secret = `${directory}/over/secret`;
const SECRET_RULE = `
- rule: ${SECRET}
  desc: reads one file
  condition: evt.type in (open, openat, openat2) and fd.name = ${secret} and fd.num >= 0
  output: '%proc.cmdline %fd.name'
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

before(() => {
  for (const name of ['bound', 'over', 'lower', 'upper', 'work']) mkdirSync(`${directory}/${name}`);
  symlinkSync(`${directory}/bound`, `${directory}/to-bound`);
  writeFileSync(`${directory}/upper/secret`, '');
});
const rules = [...evadedRules(), MOUNTS.rule, SECRET_RULE, HARD_LINK_RULE];
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
});

test('a hard link to a file whose other name the kernel has forgotten, until somebody uses that', async () => {
  const layers = `lowerdir=${directory}/lower,upperdir=${directory}/upper,workdir=${directory}/work`;
  const over = `${directory}/over`;
  const mount: Step = ['mount', str('overlay'), str(over), str('overlay'), 0, str(layers)];
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
  assert.equal(byItself?.output_fields['fd.openpath'], undefined);
  assertFields(byLink ?? assert.fail(), { 'fd.name': secret, 'fd.openpath': `${over}/innocent` });
  assert.equal(others.length, 0);
});
