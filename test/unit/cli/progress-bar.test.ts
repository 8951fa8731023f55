// The bar of commands that read much: on a terminal alone, and gone when they are done.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, describe, it } from 'node:test';
import { crc32, zstdCompressSync } from 'node:zlib';
import { ProgressBar } from '../../../host/cli/reports/progress-bar.ts';
import { BLOCK_KIND, encodeBlockHead, encodeFileHead } from '../../../host/recording/format.ts';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { process as processImage, shadowRead } from '../../support/records/built-agent.ts';
import { FACTS, Folder, logEntry, payloadOf } from '../../support/records/recordings.ts';

class Screen {
  readonly isTTY: boolean;
  written = '';
  time = 0;
  readonly bar: ProgressBar;

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
    this.bar = new ProgressBar(this, () => this.time);
  }

  write(characters: string): void {
    this.written += characters;
  }

  /** What is written at that time. */
  at(time: number, share: number, events: number): string {
    const before = this.written.length;
    this.time = time;
    this.bar.update(share, events);
    return this.written.slice(before);
  }
}

const GONE = '\r\x1b[K';

describe('progress bar', () => {
  it('is drawn after half a second, ten times a second, and taken away', () => {
    const screen = new Screen(true);
    assert.equal(screen.at(499, 0.1, 1_000), '');
    assert.equal(screen.at(500, 0.1, 1_000), `\r[###...........................]  10 %  1,000 events, 5 s left \x1b[K`);
    assert.equal(screen.at(599, 0.2, 2_000), '');
    assert.equal(screen.at(600, 0.5, 3_000), `\r[###############...............]  50 %  3,000 events, 1 s left \x1b[K`);
    screen.bar[Symbol.dispose]();
    screen.bar[Symbol.dispose]();
    assert.ok(screen.written.endsWith(`left \x1b[K${GONE}`));
  });

  it('makes room for other lines', () => {
    const screen = new Screen(true);
    screen.at(500, 0.1, 1);
    screen.bar.hide();
    assert.ok(screen.written.endsWith(GONE));
    assert.equal(screen.at(699, 0.1, 1), '');
    assert.notEqual(screen.at(800, 0.1, 1), '');
  });

  it('leaves quick work, and output other than a terminal, alone', () => {
    const quick = new Screen(true);
    quick.at(400, 0.9, 1);
    quick.bar[Symbol.dispose]();
    assert.equal(quick.written, '');
    const file = new Screen(false);
    file.at(5_000, 0.5, 1);
    file.bar.hide();
    file.bar[Symbol.dispose]();
    assert.equal(file.written, '');
  });
});

describe('progress of commands', () => {
  const folder = new Folder();
  after(() => folder[Symbol.dispose]());
  const rules = folder.file('rules.yaml');
  writeFileSync(
    rules,
    '- {rule: A, desc: d, condition: evt.type = openat and proc.name = less, output: o, priority: INFO}\n',
  );
  const main = join(PROJECT, 'host/cli/main.ts');

  /** Command line of wasprey for a recording, and blocks of what takes far longer than half a second. */
  const commands = [
    ['backtest', 4_000, (recording: string) => ['backtest', rules, '--on', recording]],
    ['replay', 1_500, (recording: string) => ['replay', recording, '-r', rules]],
    ['export', 20, (recording: string) => ['export', recording, '-o', folder.file('node.scap')]],
  ] as const;
  const lineOf = (index: number): string => {
    const [name, blocks, words] = commands[index] ?? assert.fail();
    const recording = folder.file(`${name}.wsp`);
    writeFileSync(recording, repeated(blocks));
    return [process.execPath, main, ...words(recording)].join(' ');
  };

  for (const [index, [name]] of commands.entries()) {
    it(`${name} draws one on a terminal`, async () => {
      const shown = await onTerminal(lineOf(index));
      assert.match(shown, /\[#*\.*\] {1,3}\d+ % {2}[\d,]+ events, \d+ s left /);
    });
  }

  it('a pipe gets none', async () => {
    const piped = await onTerminal(`${lineOf(2)} 2>&1 | cat`);
    const words = piped.split('\r\n').map((line) => line.split(' ')[0]);
    assert.deepEqual(words, ['wasprey:', 'Exported', ''], JSON.stringify(piped));
  });
});

/** What a shell's command line writes to a terminal. */
async function onTerminal(line: string): Promise<string> {
  const child = spawn('script', ['-qec', line, '/dev/null'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [written] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return written;
}

/** A recording with the same block again and again, which is packed once. */
function repeated(blocks: number): Buffer {
  const image = logEntry(processImage(1, { comm_bytes: 'cat' }));
  const events = Array.from({ length: 4_000 }, (_, sequence) => shadowRead(1, { sequence }));
  const [first, other] = [payloadOf([image], events), payloadOf([], events)].map((payload) => ({
    stored: zstdCompressSync(payload),
    payloadLength: payload.length,
  }));
  assert.ok(first && other);
  const pieces = [encodeFileHead(FACTS)];
  for (let number = 0; number < blocks; number++) {
    const { stored, payloadLength } = number === 0 ? first : other;
    const head = { kind: BLOCK_KIND.DATA, storedLength: stored.length, eventsAt: 0, payloadLength };
    const count = { number, eventsBefore: number * events.length };
    pieces.push(encodeBlockHead({ ...head, checksum: crc32(stored), ...count }), stored);
  }
  return Buffer.concat(pieces);
}
