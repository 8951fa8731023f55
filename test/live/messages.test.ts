// The agent's own messages hold nothing of an event at the level info, not even where alerts go astray; alerts do.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { directoryForTest } from '../support/directory.ts';
import { startRunAsNpm } from '../support/live/run-process.ts';
import { freePort } from '../support/servers/free-port.ts';

/** The outputs' failures, each of which a message tells. */
const FAILURES = [/\bno space left on device\b/i, /\bECONNREFUSED\b/, /\bprogram\b.*\b(7|status)\b/i];

/** Runs an agent all of whose outputs but stdout fail; gives what it said, and its alerts. */
async function runAmidFailures(t: TestContext, format: 'text' | 'json', secret: string) {
  const directory = directoryForTest(t);
  const [rules, config] = [join(directory, 'rules.yaml'), join(directory, 'wasprey.yaml')];
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
  await using agent = startRunAsNpm('-c', config);
  await agent.watches();
  for (let time = 0; time < 5; time++) spawnSync('cat', [`/nonexistent/whispered-${secret}-${time}`]);
  for (const failure of FAILURES) await agent.says(failure);
  agent.kill('SIGTERM');
  await agent.ended;
  return { messages: agent.stderr(), alerts: agent.stdout() };
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
