// The agent's own messages, as lines and as JSON.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { LOG_LEVELS, openLog, withCopy } from '../../../host/diagnostics/log.ts';

for (const format of ['text', 'json'] as const) {
  it(`leaves out what is less severe than the level, which can change (${format})`, async () => {
    const lines: string[] = [];
    const log = await openLog({ level: 'warning', format, write: (text) => lines.push(text) });
    for (const level of LOG_LEVELS) log.say(level, level);
    log.level = 'debug';
    log.say('debug', 'now');
    log.level = 'emergency';
    log.say('alert', 'no more');
    const said = lines.map((line) => (format === 'text' ? line : `wasprey: ${JSON.parse(line).message}\n`));
    assert.deepEqual(
      said,
      ['emergency', 'alert', 'critical', 'error', 'warning', 'now'].map((message) => `wasprey: ${message}\n`),
    );
  });
}

it('is one JSON object a line, with level, time and details, whatever the message holds', async () => {
  const lines: string[] = [];
  const log = await openLog({ level: 'info', format: 'json', write: (text) => lines.push(text) });
  log.say('notice', 'a "b"\n\u001b[31m', { keys: { x: 1 } });
  assert.equal(lines.length, 1);
  const [line = ''] = lines;
  assert.ok(line.endsWith('\n') && !/\p{Cc}/u.test(line.slice(0, -1)));
  const { level, time, message, keys, program } = JSON.parse(line);
  assert.deepEqual(
    { level, message, keys, program },
    { level: 'notice', message: 'a "b"\n\u001b[31m', keys: { x: 1 }, program: 'wasprey' },
  );
  assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000);
});

it('can have a copy, from the same level on', async () => {
  const [own, copied]: [string[], string[]] = [[], []];
  const log = withCopy(
    await openLog({ level: 'info', format: 'text', write: (text) => own.push(text) }),
    (level, message) => copied.push(`${level}: ${message}`),
  );
  log.say('debug', 'no');
  log.say('error', 'yes');
  log.level = 'debug';
  log.say('debug', 'now');
  assert.deepEqual(copied, ['error: yes', 'debug: now']);
  assert.deepEqual(own, ['wasprey: yes\n', 'wasprey: now\n']);
});
