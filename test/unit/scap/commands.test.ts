// wasprey export and wasprey replay on savefiles: what they print, and their exit status.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { waspreyIn } from '../../support/command-line.ts';
import { process as processImage, shadowRead } from '../../support/records/built-agent.ts';
import { Folder, logEntry, payloadOf, writeBlocks } from '../../support/records/recordings.ts';

const RULE = `
- rule: Shadow
  desc: d
  condition: evt.type = openat and fd.name = /etc/shadow
  output: "%proc.name read %fd.name"
  priority: INFO
`;

function wasprey(...words: string[]) {
  return waspreyIn({ timeoutMs: 120_000 }, ...words);
}

function written(folder: Folder): { recording: string; rules: string; savefile: string } {
  const { bytes } = writeBlocks([
    { payload: payloadOf([logEntry(processImage(1, {}))], [shadowRead(1, { tid: 1001 })]), events: 1 },
  ]);
  const [recording, rules] = [folder.file('a.wsp'), folder.file('rules.yaml')];
  writeFileSync(recording, bytes);
  writeFileSync(rules, RULE);
  return { recording, rules, savefile: folder.file('a.scap') };
}

test('a recording is exported, and the capture raises its alert', () => {
  using folder = new Folder();
  const { recording, rules, savefile } = written(folder);
  const exported = wasprey('export', recording, '-o', savefile);
  assert.equal(exported.status, 0, exported.stderr);
  assert.match(exported.stderr, /^Exported 1 event of 1 recording: 0\.00 MB in .*a\.scap\.\n$/m);
  const replayed = wasprey('replay', savefile, '-r', rules);
  assert.equal(replayed.status, 0, replayed.stderr);
  assert.match(replayed.stdout, /test read \/etc\/shadow/);
  assert.match(replayed.stderr, /Replayed 1 event: 1 alert/);
});

test('what is at the place of the capture stays where it can not be written', () => {
  using folder = new Folder();
  const { recording, savefile } = written(folder);
  const into = wasprey('export', recording, '-o', folder.path);
  assert.equal(into.status, 1);
  assert.match(into.stderr, /^wasprey: can't write .*: it is a folder$/m);
  const pipe = folder.file('pipe');
  spawnSync('mkfifo', [pipe]);
  const unread = wasprey('export', recording, '-o', pipe);
  assert.equal(unread.status, 1);
  assert.match(unread.stderr, /^wasprey: can't write .*pipe: it is a pipe that nobody reads$/m);
  assert.ok(existsSync(pipe));
  writeFileSync(savefile, 'of yesterday');
  const note = folder.file('note.txt');
  writeFileSync(note, 'not a recording');
  const failed = wasprey('export', recording, note, '-o', savefile);
  assert.equal(failed.status, 1);
  assert.match(failed.stderr, /^wasprey: can't read .*note\.txt: it is not a recording of `wasprey capture`$/m);
  assert.equal(readFileSync(savefile, 'utf8'), 'of yesterday');
  assert.deepEqual(readdirSync(folder.path).sort(), ['a.scap', 'a.wsp', 'note.txt', 'pipe', 'rules.yaml']);
});

test('a link at the place of the capture is replaced, and what it leads to stays', () => {
  using folder = new Folder();
  const { recording, savefile } = written(folder);
  const other = folder.file('other');
  writeFileSync(other, 'of others');
  symlinkSync(other, savefile);
  assert.equal(wasprey('export', recording, '-o', savefile).status, 0);
  assert.ok(lstatSync(savefile).isFile());
  assert.equal(readFileSync(other, 'utf8'), 'of others');
});

test('several recordings are one capture', () => {
  using folder = new Folder();
  const { recording, rules, savefile } = written(folder);
  const second = folder.file('b.wsp');
  writeFileSync(second, readFileSync(recording));
  assert.equal(wasprey('export', recording, second, '-o', savefile).status, 0);
  assert.match(wasprey('replay', savefile, '-r', rules).stderr, /Replayed 2 events: 2 alerts/);
});

test('a recording that is still written is exported as far as it is there; damage is a failure', () => {
  using folder = new Folder();
  const { recording, savefile } = written(folder);
  const bytes = readFileSync(recording);
  const end = bytes.lastIndexOf('WBLK');
  for (const size of [end, end + 20, bytes.length - 1]) {
    writeFileSync(recording, bytes.subarray(0, size));
    const { status, stderr } = wasprey('export', recording, '-o', savefile);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /^wasprey: .*a\.wsp has no end yet, or was cut off: what is in it was exported$/m);
    assert.match(stderr, /^Exported 1 event of 1 recording/m);
  }
  const damaged = Buffer.from(bytes);
  damaged[end - 1] = (damaged[end - 1] ?? 0) ^ 1;
  for (const size of [bytes.length, end]) {
    writeFileSync(recording, damaged.subarray(0, size));
    const { status, stderr } = wasprey('export', recording, '-o', savefile);
    assert.equal(status, 1, stderr);
    assert.match(stderr, /^wasprey: .*a\.wsp is damaged at byte \d+: the checksum of block 0 is wrong$/m);
  }
});

test('without recordings, the journal of the configuration is exported', () => {
  using folder = new Folder();
  const { recording, savefile } = written(folder);
  const [journal, config] = [folder.file('journal'), folder.file('falco.yaml')];
  mkdirSync(journal);
  writeFileSync(join(journal, 'one.wsp'), readFileSync(recording));
  writeFileSync(config, `journal:\n  folder: ${journal}\n`);
  assert.match(wasprey('export', '-c', config, '-o', savefile).stderr, /^Exported 1 event of 1 recording:/m);
  writeFileSync(config, `journal:\n  folder: ${folder.file('nowhere')}\n`);
  assert.match(wasprey('export', '-c', config, '-o', savefile).stderr, /this machine has no journal in .*nowhere/);
});

test('a capture that is cut off is evaluated as far as it is whole', () => {
  using folder = new Folder();
  const { recording, rules, savefile } = written(folder);
  wasprey('export', recording, recording, '-o', savefile);
  const whole = gunzipSync(readFileSync(savefile));
  writeFileSync(savefile, Buffer.concat([whole, whole.subarray(0, 100)]));
  const { status, stdout, stderr } = wasprey('replay', savefile, '-r', rules);
  assert.equal(status, 1);
  assert.match(stdout, /test read/);
  assert.match(stderr, /damaged {2}at byte \d+: the file ends within the block at byte \d+ \[SCAP_CUT_OFF\]/);
});

test('a file that is not a capture is refused with its code', () => {
  using folder = new Folder();
  const { rules, savefile } = written(folder);
  for (const [bytes, code] of [
    [Buffer.from('0a0d0d0a1c0000004d3c2b1a', 'hex'), 'SCAP_CUT_OFF'],
    [Buffer.from('0a0d0d0a1c0000001a2b3c4d01000200ffffffffffffffff1c000000', 'hex'), 'SCAP_OTHER_VERSION'],
    [Buffer.from('0a0d0d0a1c0000004d3c2b1a01000200ffffffffffffffff1c000000', 'hex'), 'SCAP_NO_EVENTS'],
    [Buffer.from('1f8b0000', 'hex'), 'SCAP_GZIP'],
  ] as const) {
    writeFileSync(savefile, bytes);
    const { status, stderr } = wasprey('replay', savefile, '-r', rules);
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`can't replay .*a\\.scap: .* \\[${code}\\]`));
  }
});

test('invalid uses of export are refused, and write nothing', () => {
  using folder = new Folder();
  const { recording, savefile } = written(folder);
  assert.match(wasprey('export', recording).stderr, /missing file for the capture/);
  assert.match(wasprey('export', recording, '-o', recording).stderr, /would replace its recording/);
  assert.match(wasprey('export', folder.file('none'), '-o', savefile).stderr, /can't read .*none/);
  writeFileSync(folder.file('text'), 'no recording');
  assert.match(wasprey('export', folder.file('text'), '-o', savefile).stderr, /can't read .*text/);
  assert.equal(existsSync(savefile), false);
  assert.match(wasprey('export', recording, '-o', folder.file('none/a.scap')).stderr, /can't write .*a\.scap/);
});
