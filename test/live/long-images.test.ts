// A program whose cgroup, path, directory, arguments and environment are all about as long as the kernel lets them be: its process is
// known.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { directoryForTests } from '../support/directory.ts';
import { assertFields } from '../support/live/alert-line.ts';
import { copyAct, startAct, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { AT_FDCWD, O } from '../support/live/live-numbers.ts';
import { probe } from '../support/live/probe.ts';

/** A record has room for 4,095 bytes of each. */
const LONGEST = 4095;
/** The longest name that a file may have. */
const NAME = 255;
const NAMES = 15;
const FILL = 'x'.repeat(LONGEST - 100);

/** Makes directories in each other; the path of the innermost. */
function deep(top: string): string {
  const path = join(top, ...Array<string>(NAMES).fill('d'.repeat(NAME)));
  mkdirSync(path, { recursive: true });
  return path;
}

const OPENED = probe(
  ['openat'],
  [
    'fd.name',
    'proc.name',
    'proc.exepath',
    'proc.cwd',
    'proc.cmdline',
    'proc.env[LAST]',
    'thread.cgroups',
    'proc.pname',
  ],
  'fd.name contains marked-long',
);

const HIERARCHY = existsSync('/sys/fs/cgroup/pids/cgroup.procs') ? '/sys/fs/cgroup/pids' : '/sys/fs/cgroup';
const cgroups = join(HIERARCHY, `wasprey-long-${process.pid}`);
after(() => {
  for (let path = cgroup; path.length >= cgroups.length; path = dirname(path)) rmdirSync(path);
});
const cgroup = deep(cgroups);
const directory = deep(directoryForTests());
const marked = '/marked-long';
const agent = LiveAgent.forTests([OPENED.rule]);

test('it is known, with all of them', async () => {
  const program = copyAct(directory, 'long');
  const opened = ['openat', AT_FDCWD, str(marked), O.RDONLY] as const;
  const running = startAct([['@wait'], ['@exec', program, 'long'], opened, ['@mark', FILL], ['@fork'], opened], {
    cwd: directory,
    env: { FILL, LAST: 'last' },
  });
  const { pid } = await running.place();
  writeFileSync(join(cgroup, 'cgroup.procs'), String(pid));
  running.goOn();
  await running.end();
  await agent.settled();
  const alerts = agent.alerts(OPENED.name);
  assert.equal(alerts.length, 2);
  for (const alert of alerts) {
    assertFields(alert, {
      'proc.name': 'long',
      'proc.exepath': program,
      'proc.cwd': `${directory}/`,
      'proc.env[LAST]': 'last',
    });
    assert.ok(String(alert.output_fields['proc.cmdline']).includes(FILL));
    assert.ok(String(alert.output_fields['thread.cgroups']).includes(cgroup.slice(HIERARCHY.length)));
  }
  assertFields(alerts[1] as never, { 'proc.pname': 'long' });
  const { malformed, imagesLost } = agent.counters.capture;
  assert.deepEqual({ malformed, imagesLost }, { malformed: 0, imagesLost: 0 });
});
