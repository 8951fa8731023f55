// The agent's own messages hold nothing of an event at the level info, not even where alerts go astray; alerts do.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROJECT } from '../../host/setup/paths.mjs';
import { freePort } from '../support/free-port.ts';

const PATIENCE_MS = 20_000;

/** The outputs' failures, each of which a message tells. */
const FAILURES = [/\bno space left on device\b/i, /\bECONNREFUSED\b/, /\bprogram\b.*\b(7|status)\b/i];

/** Runs an agent all of whose outputs but stdout fail; gives what it said, and its alerts. */
async function runAmidFailures(t: TestContext, format: 'text' | 'json', secret: string) {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-messages-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [rules, config] = [join(folder, 'rules.yaml'), join(folder, 'wasprey.yaml')];
  writeFileSync(
    rules,
    `
- rule: Whispered
  desc: for a test
  condition: evt.type in (open, openat) and fd.name startswith /nonexistent/whispered-
  output: "%proc.cmdline of %proc.pname reads %fd.name"
  priority: WARNING
`,
  );
  // JSON is YAML.
  writeFileSync(
    config,
    JSON.stringify({
      rules_files: [rules],
      log_level: 'info',
      log_format: format,
      stdout_output: { enabled: true },
      file_output: { enabled: true, filename: '/dev/full' },
      program_output: { enabled: true, program: 'exit 7' },
      http_output: { enabled: true, url: `http://127.0.0.1:${await freePort()}` },
      webserver: { enabled: false },
    }),
  );
  const child = spawn(
    process.execPath,
    ['host/setup/bootstrap.mjs', '--needs=capture', 'host/cli/main.ts', 'run', '-c', config],
    { cwd: PROJECT, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  t.after(() => child.kill('SIGKILL'));
  const heard = { messages: '', alerts: '' };
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    heard.messages += text;
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    heard.alerts += text;
  });
  const until = async (what: string, condition: () => boolean): Promise<void> => {
    const deadline = performance.now() + PATIENCE_MS;
    for (; !condition(); await sleep(50)) {
      assert.ok(performance.now() < deadline, `not within ${PATIENCE_MS / 1000} s: ${what}\n${heard.messages}`);
    }
  };
  await until('it watches', () => /watching by/.test(heard.messages));
  for (let time = 0; time < 5; time++) spawnSync('cat', [`/nonexistent/whispered-${secret}-${time}`]);
  for (const failure of FAILURES) await until(`told: ${failure}`, () => failure.test(heard.messages));
  const ended = once(child, 'close');
  child.kill('SIGTERM');
  await ended;
  return heard;
}

for (const format of ['text', 'json'] as const) {
  test(`no message holds anything of an event where all goes wrong (${format})`, async (t) => {
    const secret = randomBytes(8).toString('hex');
    const { messages, alerts } = await runAmidFailures(t, format, secret);
    assert.equal(alerts.split('\n').filter((line) => line.includes(`-${secret}-`)).length, 5, alerts);
    assert.ok(!messages.includes(secret) && !messages.includes('whispered'), messages);
    if (format === 'text') return;
    for (const line of messages.trimEnd().split('\n')) assert.equal(JSON.parse(line).program, 'wasprey');
  });
}
