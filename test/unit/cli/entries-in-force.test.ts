// Which entries a word of people is about, and until when they are in force.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { chosenEntries } from '../../../host/cli/responses/chosen-entries.ts';
import { Ledger, type NewEntry } from '../../../host/responses/ledger/ledger.ts';
import { uptime } from '../../../host/responses/ledger/time-left.ts';
import type { LedgerEntry } from '../../../host/responses/ledger-entry.ts';
import { wasprey } from '../../support/command-line.ts';
import { directoryForTests } from '../../support/directory.ts';

const directory = directoryForTests();

function entry(id: string, more: Partial<LedgerEntry> = {}): LedgerEntry {
  const place = { container: id.padEnd(64, '0'), containerName: 'web', pod: '' };
  return {
    id,
    action: 'pause_container',
    phase: 'in-force',
    response: 'r',
    time: 0,
    boot: 'b',
    kept: {},
    ...place,
    ...more,
  };
}

const idsOf = (word: string, entries: readonly LedgerEntry[]): string[] =>
  chosenEntries(word, entries).map(({ id }) => id);

test('a word is an id, a pod, or one container', () => {
  const entries = [
    entry('aaaaaa', { pod: 'shop/web-0' }),
    entry('bbbbbb', { pod: 'shop/web-0', containerName: 'proxy' }),
    entry('cccccc', { containerName: 'db' }),
  ];
  assert.deepEqual(idsOf('aaaaaa', entries), ['aaaaaa']);
  assert.deepEqual(idsOf('shop/web-0', entries), ['aaaaaa', 'bbbbbb']);
  assert.deepEqual(idsOf('db', entries), ['cccccc']);
  assert.deepEqual(idsOf('cccccc000', entries), ['cccccc']);
  assert.throws(() => chosenEntries('ccc', entries), /no active response matches ccc/);
  assert.throws(() => chosenEntries('', entries), /no active response/);
});

test('two actions on one container go by its name', () => {
  const both = [
    entry('aaaaaa'),
    entry('bbbbbb', { action: 'isolate_container', container: 'a'.repeat(6).padEnd(64, '0') }),
  ];
  assert.deepEqual(idsOf('web', both), ['aaaaaa', 'bbbbbb']);
});

test("nobody has what is in force on his container undone by giving it another's name or id", () => {
  const own = entry('cccccc', { containerName: 'db' });
  for (const containerName of ['db', 'cccccc', 'cccccc000']) {
    const entries = [own, entry('dddddd', { containerName })];
    assert.deepEqual(idsOf('cccccc', entries), ['cccccc'], containerName);
    for (const word of ['db', 'cccccc000']) {
      if (word === containerName)
        assert.throws(() => chosenEntries(word, entries), /several containers match .*cccccc, dddddd/);
      else assert.deepEqual(idsOf(word, entries), ['cccccc'], word);
    }
  }
});

test('the time that is left does not follow the clock of the machine', async () => {
  const folder = `${directory}/responses`;
  const ledger = await Ledger.open(folder);
  after(() => ledger.close());
  // Begun when the clock was an hour ahead.
  const HOUR = 3_600_000;
  const paused: NewEntry = {
    ...{ action: 'pause_container', response: 'r', container: 'c'.repeat(64), containerName: 'web', pod: '' },
    ...{ time: Date.now() + HOUR, undoAt: Date.now() + 3 * HOUR, undoAtUptime: uptime() + HOUR, kept: {} },
  };
  await ledger.begin(paused, []);
  const words = ['responses', 'list', '-o', `responses.folder=${folder}`, '-o', 'control.enabled=false'];
  const { stdout, stderr } = wasprey(...words);
  assert.match(stdout, /in (1h|59m)/, stderr);
});

test('an invalid configuration is reported, and does not keep everything from being undone', async () => {
  const folder = `${directory}/undone`;
  const ledger = await Ledger.open(folder);
  const entry: NewEntry = {
    ...{ action: 'pause_container', response: 'r', container: 'c'.repeat(64), containerName: 'web', pod: '' },
    ...{ time: Date.now(), kept: {} },
  };
  await ledger.begin(entry, []);
  await ledger.close();
  const config = `${directory}/invalid.yaml`;
  writeFileSync(config, 'responses: {mode: acts}\n');
  const options = ['-c', config, '-o', `responses.folder=${folder}`, '-o', `control.socket=${directory}/none.sock`];
  const responses = (...words: string[]) => wasprey('responses', ...words, ...options);
  const one = responses('undo', 'cccccc');
  assert.deepEqual([one.status, one.stdout], [1, '']);
  const all = responses('resume', '--all');
  assert.match(all.stderr, /error\[.*invalid\.yaml:1:/s);
  assert.match(all.stderr, /the configuration is invalid: with the defaults, active responses of the agent at/);
  assert.match(all.stdout, /undone: pause_container of web/);
  assert.equal(all.status, 1);
});
