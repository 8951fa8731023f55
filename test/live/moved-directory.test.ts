// The current directory, or one above it, gets another name by another process: what its process opens, runs and changes by relative
// names afterwards is judged by the directory's new path.

import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { shortDirectoryForTests } from '../support/directory.ts';
import { type Step, startAct, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { AT_FDCWD, O } from '../support/live/live-numbers.ts';
import { rename, symlink, unlink } from '../support/live/old-calls.ts';

/** By then no change of the process is so recent that its image may be out of date for that. */
const SETTLED_MS = 100;

const directory = shortDirectoryForTests();
const WANTED = `${directory}/in`;
const ruleOf = (name: string, types: string, condition: string) => `
- rule: ${name}
  desc: by the path that the current directory has now
  condition: evt.type in (${types}) and proc.name = act and ${condition}
  output: '%proc.vpid %evt.type %fs.path.name %fs.path.source %fd.name %evt.arg.filename'
  priority: WARNING
`;
const CHANGED = 'Changed below the new name';
const OPENED = 'Opened below the new name';
const RUN = 'Run below the new name';
const RULES = [CHANGED, OPENED, RUN];
const agent = LiveAgent.forTests(
  [
    ruleOf(
      CHANGED,
      'mkdirat, fchmodat, rename, renameat, symlink, symlinkat, unlink, unlinkat',
      `(fs.path.name startswith ${WANTED}/ or fs.path.source startswith ${WANTED}/)`,
    ),
    ruleOf(OPENED, 'openat', `fd.name startswith ${WANTED}/`),
    ruleOf(RUN, 'execve, execveat', `evt.failed = true and evt.arg.filename startswith ${WANTED}/`),
  ],
  { ruleMatching: 'all' },
);

const CALLS: readonly Step[] = [
  ['mkdirat', AT_FDCWD, str('sub'), 0o755],
  ['fchmodat', AT_FDCWD, str('file'), 0o700],
  rename(str('file'), str('other')),
  symlink(str('other'), str('link')),
  unlink(str('link')),
  ['unlinkat', AT_FDCWD, str('/proc/self/cwd/other'), 0],
  ['openat', AT_FDCWD, str('made'), O.CREAT | O.WRONLY, 0o600],
  ['openat', AT_FDCWD, str('missing'), O.RDONLY],
  ['openat', AT_FDCWD, str('./missing'), O.RDONLY],
  ['execve', str('missing'), 'list:act', 'null'],
];

interface Move {
  readonly from: string;
  readonly to: string;
  /** Below both. */
  readonly below: string;
}

/** Types of the calls that have alerts: each is made after the directory has its other name. */
async function alertsAfter({ from, to, below }: Move): Promise<string[]> {
  for (const name of ['in', 'ou']) rmSync(`${directory}/${name}`, { recursive: true, force: true });
  mkdirSync(`${directory}/${from}${below}`, { recursive: true });
  writeFileSync(`${directory}/${from}${below}/file`, '');
  // An event before it has the process known to the kernel filter.
  const steps: Step[] = [['openat', AT_FDCWD, str('file'), O.RDONLY], ['@wait'], ...CALLS];
  const running = startAct(steps, { cwd: `${directory}/${from}${below}` });
  await running.place();
  await agent.settled();
  await delay(SETTLED_MS);
  const before = RULES.map((rule) => agent.alerts(rule).length);
  renameSync(`${directory}/${from}`, `${directory}/${to}`);
  running.goOn();
  const reports = await running.end();
  assert.equal(reports.length, 1 + CALLS.length);
  assert.equal(reports.filter(({ result }) => result < 0).length, 3, 'the last three calls fail');
  await agent.settled();
  return RULES.flatMap((rule, index) => agent.alerts(rule).slice(before[index])).map((alert) =>
    String(alert.output_fields['evt.type']),
  );
}

const ALL = CALLS.map(([call]) => call).sort();

test('the directory itself is renamed', async () => {
  assert.deepEqual((await alertsAfter({ from: 'ou', to: 'in', below: '' })).sort(), ALL);
});

test('a directory above it is renamed', async () => {
  assert.deepEqual((await alertsAfter({ from: 'ou', to: 'in', below: '/deep/er' })).sort(), ALL);
});

test('near miss: it has left the name that is wanted', async () => {
  for (const below of ['', '/deep/er']) assert.deepEqual(await alertsAfter({ from: 'in', to: 'ou', below }), []);
});
