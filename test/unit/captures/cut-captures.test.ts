// A capture that was cut off (a full disk, a copy that was not completed) or damaged: what is there is shown, and what is missing is reported with its
// place, by the report in all its forms and by the list.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { readCaptures } from '../../../host/captures/list-captures.ts';
import { noteBytes, whyNoAlert } from '../../../host/captures/notes/capture-notes.ts';
import { readNotes } from '../../../host/captures/notes/read-notes.ts';
import { reportHtml } from '../../../host/captures/report/html.ts';
import { reportJson } from '../../../host/captures/report/json.ts';
import { type Report, reportOf } from '../../../host/captures/report/report.ts';
import { reportText } from '../../../host/captures/report/text.ts';
import type { State } from '../../../host/captures/state/state.ts';
import { SecretMask } from '../../../host/journal/secrets/mask-secrets.ts';
import { BLOCK_HEAD_BYTES, BLOCK_KIND } from '../../../host/recording/format.ts';
import { RecordingReader } from '../../../host/recording/reader.ts';
import { wasprey } from '../../support/command-line.ts';
import { process as processImage, shadowRead } from '../../support/records/built-agent.ts';
import { Folder, logEntry, payloadOf, sourceOf, writeBlocks } from '../../support/records/recordings.ts';

const ALERT = {
  rule: 'Shadow read',
  priority: 'Warning',
  time: 1_795_528_388_365_763_965n,
  message: 'read',
  tags: [],
  fields: {},
  pid: 501,
  container: 'host',
};
const STATE: State = {
  ...{ taken: 1, milliseconds: 1, processes: [], mounts: [], listening: [], missing: [] },
};
const IMAGES = {
  payload: payloadOf([logEntry(processImage(1, { kind: 5, pid: 501, comm_bytes: 'cat' }))], []),
  events: 0,
};
const EVENTS = { payload: payloadOf([], [shadowRead(1), shadowRead(1)]), events: 2 };
const NOTE = { kind: BLOCK_KIND.ALERT, payload: noteBytes({ alert: ALERT }), events: 0 };
const BLOCKS = [
  IMAGES,
  EVENTS,
  NOTE,
  { kind: BLOCK_KIND.STATE, payload: noteBytes(STATE), events: 0 },
  EVENTS,
  NOTE,
  EVENTS,
];
const [ALERT_AT, STATE_AT, AFTER_AT] = [2, 3, 4];
const { bytes, starts } = writeBlocks(BLOCKS);
const startOf = (block: number): number => starts[block] ?? assert.fail();

const folder = new Folder();
after(() => folder[Symbol.dispose]());
const MASK = new SecretMask();

interface Shown {
  readonly report: Report;
  readonly noAlert: string | undefined;
  readonly texts: readonly string[];
}

function shown(content: Uint8Array): Shown {
  const path = folder.file('cut.wsp');
  writeFileSync(path, content);
  const notes = readNotes(path);
  const report = reportOf(path, notes);
  const text = reportText(report, { width: 1000, bold: (title) => title, mask: MASK });
  return { report, noAlert: whyNoAlert(notes), texts: [text, reportJson(report, MASK), reportHtml(report, MASK)] };
}

/** The list's message of the file that was shown last. */
function listed(): string | undefined {
  let said: string | undefined;
  const found = readCaptures([folder.file('cut.wsp')], (_, reason) => {
    said = reason;
  });
  return found.length === 1 ? undefined : (said ?? assert.fail('it is passed over'));
}

/** All that a file which ends there has to say. */
function checkCut(end: number): void {
  const { report, noAlert, texts } = shown(bytes.subarray(0, end));
  const inBlock = starts.findLastIndex((start) => start <= end);
  assert.ok(inBlock >= 0);
  const broken = startOf(inBlock);
  const [damage, ...others] = report.damage;
  assert.deepEqual([damage?.at, damage?.isCutOff, others], [broken, true, []], `cut at ${end}`);
  assert.deepEqual(
    [report.alerts.length, report.state !== undefined],
    [BLOCKS.slice(0, inBlock).filter((block) => block === NOTE).length, inBlock > STATE_AT],
    `cut at ${end}`,
  );
  const where = `Cut off at byte ${broken}: the file ends ${end === broken ? 'before' : `at byte ${end}, within`}`;
  for (const text of [texts[0], texts[2]]) assert.ok(text?.includes(where), `cut at ${end}: ${text}`);
  assert.ok(texts[0]?.includes('without an end (it is being written, or was cut off): see "Missing"'));
  const json = JSON.parse(texts[1] ?? '');
  assert.deepEqual([json.damage[0].at, json.damage[0].isCutOff], [broken, true]);
  const missing = report.missing.join('\n');
  const expected = `it ends at byte ${end}, before an alert: it is being written, or was cut off`;
  assert.equal(noAlert, inBlock > ALERT_AT ? undefined : expected);
  assert.equal(listed(), noAlert);
  assert.equal(missing.includes(`The alert is missing: ${expected}.`), inBlock <= ALERT_AT);
  assert.equal(missing.includes('The state is missing: the file is cut off or damaged before it'), inBlock <= STATE_AT);
  assert.ok(!missing.includes('was not taken.') || inBlock <= STATE_AT, missing);
}

test('a capture that ends at the border of any block, or within one of its heads', () => {
  for (const start of starts) {
    for (const more of [0, 1, BLOCK_HEAD_BYTES - 1, BLOCK_HEAD_BYTES, BLOCK_HEAD_BYTES + 1]) checkCut(start + more);
  }
});

test('a capture that ends at any byte behind the head of the file', () => {
  for (let end = startOf(0); end < bytes.length; end += 1 + Math.floor(Math.random() * 12)) {
    assert.doesNotThrow(() => checkCut(end), `cut at ${end}`);
  }
});

test('a file that ends within its own head is refused', () => {
  for (const end of [24, 25, startOf(0) - 1])
    assert.throws(() => shown(bytes.subarray(0, end)), /the file ends within it/);
});

test('a whole capture lacks nothing, and one whose state was not taken says just that', () => {
  assert.deepEqual(shown(bytes).report.missing, []);
  assert.doesNotMatch(shown(bytes).texts[0] ?? '', /see "Missing"/);
  const stateless = BLOCKS.filter((_, block) => block !== STATE_AT);
  const other = writeBlocks(stateless);
  for (const content of [other.bytes, other.bytes.subarray(0, other.starts[AFTER_AT])]) {
    assert.deepEqual(shown(content).report.missing, ['The state was not taken.']);
  }
});

test('damage at any byte: the places are those that a replay reports, and alerts behind it are found', () => {
  for (let place = startOf(0); place < bytes.length; place += 1 + Math.floor(Math.random() * 6)) {
    const damaged = Buffer.from(bytes);
    damaged[place] = (damaged[place] ?? 0) ^ 0x21;
    const reader = new RecordingReader(sourceOf(damaged));
    for (const _ of reader.payloads());
    const { report, texts } = shown(damaged);
    assert.deepEqual(report.damage, reader.damage, `byte ${place}`);
    assert.ok(report.damage.length > 0, `byte ${place}`);
    const block = starts.findLastIndex((start) => start <= place);
    assert.equal(report.alerts.length, BLOCKS[block] === NOTE ? 1 : 2, `byte ${place}`);
    for (const { at } of report.damage) assert.match(texts[0] ?? '', new RegExp(`(Damaged|Cut off) at byte ${at}: `));
    const isState = block === STATE_AT;
    assert.equal(report.state === undefined, isState, `byte ${place}`);
    assert.equal(
      report.missing.some((sentence) => /the state|The state/.test(sentence)),
      isState,
      `byte ${place}: ${report.missing}`,
    );
  }
});

test('a part that is missing in the middle costs the alert that it had, and is reported', () => {
  const without = Buffer.concat([bytes.subarray(0, startOf(ALERT_AT) + 10), bytes.subarray(startOf(STATE_AT) + 10)]);
  const { report, noAlert } = shown(without);
  assert.deepEqual([report.alerts.length, noAlert, report.damage.length], [1, undefined, 1]);
  const [one] = [writeBlocks(BLOCKS.slice(0, -2))];
  const bare = Buffer.from(one.bytes).fill(0, startOf(ALERT_AT), startOf(ALERT_AT) + 40);
  const said = shown(bare);
  assert.equal(said.noAlert, `it is damaged at byte ${startOf(ALERT_AT)}, and no alert can be read`);
  assert.equal(listed(), said.noAlert);
  const unpacked = Buffer.from(one.bytes).fill(0, startOf(STATE_AT) - 4, startOf(STATE_AT));
  assert.equal(shown(unpacked).noAlert, 'its alert is damaged');
});

test('the command shows what is there, with an exit status that says whether the alert is', () => {
  const command = (...words: string[]) => wasprey('captures', ...words);
  const path = folder.file('capture.wsp');
  for (const [end, status] of [
    [startOf(ALERT_AT) + 60, 1],
    [startOf(AFTER_AT), 0],
  ] as const) {
    writeFileSync(path, bytes.subarray(0, end));
    const { status: found, stdout, stderr } = command('show', path);
    assert.equal(found, status, stderr);
    assert.match(stdout, /\nMissing\n {2}Cut off at byte \d+: the file ends /);
    const listed = command(path, '--json');
    assert.equal(listed.status, status);
    if (status === 0) {
      assert.equal(JSON.parse(listed.stdout).complete, false);
      assert.match(command(path).stdout, /\n {2}1 of them not complete: being written, cut off or damaged\n/);
    }
  }
  writeFileSync(path, bytes);
  assert.equal(JSON.parse(command(path, '--json').stdout).complete, true);
  assert.doesNotMatch(command(path).stdout, /not complete/);
  writeFileSync(path, bytes.subarray(0, startOf(ALERT_AT)));
  const list = command(path);
  assert.match(
    list.stderr,
    /capture\.wsp is left out: it ends at byte \d+, before an alert: it is being written, or was cut off\n/,
  );
});
