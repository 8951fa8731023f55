// Programs that the kernel starts by itself: who sets them is reported, and so are those that it starts.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { directoryForTests } from '../support/directory.ts';
import { act, type Step, str } from '../support/live/live-act.ts';
import { AT_FDCWD, CLONE_NEWNS, MS_PRIVATE, MS_REC, O } from '../support/live/live-numbers.ts';
import { RuleScene } from '../support/live/live-rules.ts';
import { until } from '../support/until.ts';

const directory = directoryForTests();
const scene = RuleScene.forTests();
const { agent } = scene;
const SETS = 'Program set for the kernel to start';
const STARTS = 'Unexpected program started by the kernel';
const CORE_PATTERN = '/proc/sys/kernel/core_pattern';

/** Opened and not written: what it says is the whole machine's. */
const openForWriting = (path: string): Step => ['openat', AT_FDCWD, str(path), O.WRONLY];
const mount = (type: string, place: string): Step => ['mount', str(type), str(place), str(type), 0, 'null'];
const OWN_MOUNTS: readonly Step[] = [
  ['unshare', CLONE_NEWNS],
  ['mount', 'null', str('/'), 'null', MS_REC | MS_PRIVATE, 'null'],
];

describe(SETS, () => {
  const link = `${directory}/link`;
  const places = { proc: `${directory}/mounted`, binfmt_misc: `${directory}/binfmt_misc` };
  before(() => {
    symlinkSync(CORE_PATTERN, link);
    for (const place of Object.values(places)) mkdirSync(place);
  });

  const elsewhere = `${places.proc}/sys/kernel/core_pattern`;
  const registry = `${places.binfmt_misc}/register`;
  for (const [what, file, steps] of [
    ['core dumps', CORE_PATTERN, [openForWriting(CORE_PATTERN)]],
    ['core dumps, by a link', CORE_PATTERN, [openForWriting(link)]],
    [
      'core dumps, in a /proc of its own',
      elsewhere,
      [...OWN_MOUNTS, mount('proc', places.proc), openForWriting(elsewhere)],
    ],
    ['formats', registry, [...OWN_MOUNTS, mount('binfmt_misc', places.binfmt_misc), openForWriting(registry)]],
    ['turning off', '/proc/sys/kernel/poweroff_cmd', [openForWriting('/proc/sys/kernel/poweroff_cmd')]],
  ] as const) {
    test(`for ${what}`, async () => {
      const mark = `kernel-${what.replaceAll(/\W+/g, '-')}`;
      await act([['@mark', mark], ...steps]);
      await agent.settled();
      const alerts = agent.alerts(SETS).filter(({ line }) => line.includes(mark));
      assert.deepEqual(
        alerts.map(({ output_fields: fields }) => fields['fd.name']),
        [file],
      );
    });
  }

  test('not: reading it, and other settings of the kernel', async () => {
    const mark = 'kernel-others';
    await act([
      ['@mark', mark],
      ['openat', AT_FDCWD, str(CORE_PATTERN), O.RDONLY],
      openForWriting('/proc/sys/kernel/hostname'),
    ]);
    await agent.settled();
    assert.deepEqual(
      agent.alerts(SETS).filter(({ line }) => line.includes(mark)),
      [],
    );
  });
});

describe(STARTS, () => {
  const name = `wasprey-${process.pid}`;
  const place = `${directory}/groups`;
  before(() => {
    mkdirSync(place);
    execFileSync('mount', ['-t', 'cgroup', '-o', `none,name=${name}`, 'none', place]);
  });
  after(() => {
    if (statSync(`${place}/${name}`, { throwIfNoEntry: false })) rmdirSync(`${place}/${name}`);
    execFileSync('umount', [place]);
  });

  test('for a control group that nothing is left in: it is set, and started', async () => {
    // A hierarchy of its own, so that nobody else's groups have it. The kernel looks for it at the root of its first process.
    writeFileSync(`${place}/release_agent`, '/bin/true');
    mkdirSync(`${place}/${name}`);
    writeFileSync(`${place}/${name}/notify_on_release`, '1');
    await act([
      ['openat', AT_FDCWD, str(`${place}/${name}/cgroup.procs`), O.WRONLY],
      ['write', 'r', str('0'), 1],
    ]);
    const started = await until(async () => {
      await agent.settled();
      return agent.alerts(STARTS).find(({ line }) => line.includes(`true /${name}`));
    });
    assert.equal(started.output_fields['container.id'], 'host');
    assert.match(String(started.output_fields['proc.pname']), /^kworker/);
    await agent.only(SETS, { 'fd.name': `${place}/release_agent` });
  });
});
