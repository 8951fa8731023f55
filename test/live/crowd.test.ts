// Thousands of processes of one user are there when the agent starts, each with texts of its own that are as long as may be. All are known,
// and so are processes of others that come after them.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { directoryForTests } from '../support/directory.ts';
import { assertFields } from '../support/live/alert-line.ts';
import { act, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { AT_FDCWD, O } from '../support/live/live-numbers.ts';
import { probe } from '../support/live/probe.ts';
import { cProgram } from '../support/programs/c-program.ts';

/** Their records are 42 MB, where the ring has 8; whole, they would take 80 MB of the table's 64. */
const PROCESSES = 5_000;
const LONG = 'x'.repeat(4_000);
const NOBODY = 65_534;

const directory = directoryForTests();
chmodSync(directory, 0o755);
// Where any user may run it.
const program = join(directory, 'sleepers');
copyFileSync(cProgram(join(import.meta.dirname, '../support/programs/sleepers.c')), program);
const [theirs, others] = ['theirs', 'others'].map((name) => join(directory, name)) as [string, string];
for (const path of [theirs, others]) writeFileSync(path, '');

let sleepers: ChildProcess | undefined;

// Before the agent starts.
before(async () => {
  const env = { SLEEPERS_TEXT: LONG, SLEEPERS_OPEN: theirs };
  sleepers = spawn(program, [String(PROCESSES), LONG], {
    uid: NOBODY,
    gid: NOBODY,
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  assert.ok(sleepers.stdout);
  const [ready] = await Promise.race([once(sleepers.stdout, 'data'), once(sleepers, 'exit')]);
  assert.equal(String(ready), 'ready\n');
});
after(async () => {
  if (sleepers?.exitCode !== null) return;
  sleepers.stdin?.end();
  await once(sleepers, 'exit');
});

const OPENS = probe(
  ['openat'],
  ['fd.name', 'proc.name', 'proc.exepath', 'proc.args', 'proc.pname', 'user.uid'],
  `fd.name startswith ${directory}/`,
);
const agent = LiveAgent.forTests([OPENS.rule]);

test('none is lost at the start, and the table has room for them', () => {
  const { imagesLost, imagesCut, images } = agent.counters.capture;
  assert.equal(imagesLost, 0);
  assert.ok(images > PROCESSES, `${images} images`);
  assert.ok(imagesCut > 0 && imagesCut < PROCESSES, `${imagesCut} cut`);
});

test('a process of another user is known', async () => {
  await act([['openat', AT_FDCWD, str(others), O.RDONLY]]);
  assertFields(await agent.only(OPENS.name, { 'fd.name': others }), { 'proc.name': 'act', 'user.uid': 0 });
});

test('the last of them is known, its arguments as far as there was room', async () => {
  const pid = sleepers?.pid;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  assert.equal(children.length, PROCESSES);
  // The kernel lists processes by their number, children by their start: the two differ where numbers began anew.
  const last = Math.max(...children);
  process.kill(last, 'SIGUSR1');
  const alert = await agent.eventually(OPENS.name, { 'fd.name': theirs });
  assertFields(alert, {
    'proc.name': 'sleepers',
    'proc.exepath': program,
    'proc.pname': 'sleepers',
    'user.uid': NOBODY,
  });
  assert.match(
    String(alert.output_fields['proc.args']),
    new RegExp(`^${PROCESSES} ${children.indexOf(last)}-x{20,130}$`),
  );
});
