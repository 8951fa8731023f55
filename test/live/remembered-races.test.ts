// What the kernel filter remembers of names, while another thread changes which name leads to a file: each open that can be told to have
// been before or after a change has the alert that its name asks for, and no other.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { shortDirectoryForTests } from '../support/directory.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { TIME_FACTOR } from '../support/live/time-factor.ts';
import { cProgram } from '../support/programs/c-program.ts';

/** All stay open. */
const OPENS = 4 * Math.ceil(1_000 / TIME_FACTOR);

/** Of each way that names change. */
const directories = new Map(
  ['file', 'folder', 'mount', 'root', 'unlink'].map((way) => [way, shortDirectoryForTests()]),
);
const directoryOf = (way: string): string => directories.get(way) ?? assert.fail();
const RULE = 'Opened where it is wanted';
const agent = LiveAgent.forTests([
  `
- rule: ${RULE}
  desc: a file by where it is now
  condition: >
    evt.type in (open, openat) and fd.num >= 0 and proc.name = moved-names and
    (fd.name endswith /wanted or fd.name startswith ${directoryOf('folder')}/in/ or fd.name startswith ${directoryOf('mount')}/in/ or
     fd.name = /plain)
  output: '%fd.name %fd.num'
  priority: WARNING
`,
]);

interface Opened {
  readonly descriptor: number;
  readonly certain: boolean;
  readonly inode: number;
  readonly name: string;
}

/** In a folder of its own, which has the files. */
async function openWhileMoved(way: string, files: readonly string[], opens = OPENS): Promise<Opened[]> {
  const program = cProgram(join(import.meta.dirname, '../support/programs/moved-names.c'));
  const { stdout } = await promisify(execFile)(program, [way, folderOf(way, files), String(opens)], {
    maxBuffer: 1 << 24,
  });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [descriptor, certain, inode, name = ''] = line.split(' ');
      return { descriptor: Number(descriptor), certain: certain === '1', inode: Number(inode), name };
    });
}

function folderOf(way: string, files: readonly string[]): string {
  const folder = directoryOf(way);
  for (const file of files) {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), '');
  }
  return folder;
}

/** Expects alerts of those opens whose file is where a rule wants it. */
async function expectAlerts(opens: readonly Opened[], isWanted: (opened: Opened) => boolean): Promise<void> {
  await agent.settled();
  const alerts = agent.alerts(RULE).slice(seen);
  seen += alerts.length;
  const reported = new Set(alerts.map(({ output_fields: fields }) => Number(fields['fd.num'])));
  assert.equal(reported.size, alerts.length, 'no open has two alerts');
  const certain = opens.filter((opened) => opened.certain && opened.descriptor >= 0);
  const wrong = certain.filter((opened) => reported.has(opened.descriptor) !== isWanted(opened));
  assert.deepEqual(wrong, [], `${wrong.length} of ${certain.length}`);
  const wanted = certain.filter(isWanted).length;
  // Few on a busy machine: who makes a change is preempted under way.
  const least = opens.length / 100;
  const counts = `${wanted} of ${certain.length} that are certain, of ${opens.length}`;
  assert.ok(wanted > least && certain.length - wanted > least, counts);
  assert.equal(opens.filter(({ descriptor }) => descriptor < 0).length, 0);
}
let seen = 0;

test('it is renamed', async () => {
  await expectAlerts(await openWhileMoved('file', ['unused']), ({ name }) => name.endsWith('/wanted'));
});

test('a folder above it is renamed', async () => {
  const opens = await openWhileMoved('folder', ['ou/deep/plain']);
  await expectAlerts(opens, ({ name }) => name.startsWith(`${directoryOf('folder')}/in/`));
});

test('a folder is mounted over that of another file of its name', async () => {
  const opens = await openWhileMoved('mount', ['in/plain', 'view/plain']);
  const { ino } = statSync(`${directoryOf('mount')}/in/plain`);
  await expectAlerts(opens, ({ inode }) => inode === ino);
});

test('its process gets another root', async () => {
  await expectAlerts(await openWhileMoved('root', ['root/plain'], OPENS / 4), ({ name }) => name === '/plain');
});

test('it is unlinked, and another is made', async () => {
  folderOf('unlink', ['unused']);
  symlinkSync('unused', `${directoryOf('unlink')}/link`);
  await expectAlerts(await openWhileMoved('unlink', []), ({ name }) => name.endsWith('/wanted'));
});
