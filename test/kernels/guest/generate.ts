// `wasprey generate --verify`, with an agent of its own, by all rules: the shipped ones, and Falco's where they are.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { HooksSetting } from '../../../host/capture/hooks.ts';
import { RUNTIME_OPTIONS } from '../../../host/setup/runtime.mjs';
import { testHooks } from '../../support/live/hooks.ts';
import { falcoRules } from '../falco-rules.ts';
import { type StartedAgent, startAgent } from './agent.ts';
import { runCommand } from './command.ts';

const FALCO = falcoRules();

/** Of one alert: it has to pass through an agent that is emulated. */
const TIMEOUT_SECONDS = 60;

interface Line {
  readonly action: string;
  readonly result: string;
  readonly rules?: readonly string[];
  readonly why?: string;
}

const words = ['--verify', '--json', '--timeout', String(TIMEOUT_SECONDS), '-r', 'rules'];
const rules = FALCO.flatMap((path) => ['-r', path]);

const ALERTS = '/tmp/wasprey-generate.json';
/** Of an event all rules raise their alert, as the command's own agent has it. */
const OUTPUT = ['rule_matching=all', 'json_output=true', 'file_output.enabled=true', `file_output.filename=${ALERTS}`];

/** The command's own agent uses the hooks that `auto` chooses. For others there is one beside it. */
async function startBeside(hooks: HooksSetting): Promise<StartedAgent | undefined> {
  if (hooks !== 'fexit') return undefined;
  writeFileSync(ALERTS, '');
  const settings = [`engine.wasprey.hooks=${hooks}`, ...OUTPUT].flatMap((setting) => ['-o', setting]);
  return await startAgent([
    process.execPath,
    ...RUNTIME_OPTIONS,
    'host/cli/main.ts',
    'run',
    ...settings,
    'rules',
    ...FALCO,
  ]);
}

const beside = await startBeside(testHooks());
const alerts = beside ? ['--alerts', ALERTS] : [];
const { stdout, stderr, status } = await runCommand('generate', [...words, ...alerts, ...rules]).finally(() =>
  beside?.stop(),
);
const messages = stderr + (beside?.messages() ?? '');
const lines = stdout
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Line);

/** Others are for containers, or none of their rules is evaluated: on every kernel. */
const performed = lines.filter(({ result }) => result !== 'skipped');

test('with all rules', (context) => {
  const verified = performed.filter(({ result }) => result === 'verified').length;
  context.diagnostic(`${verified} verified of ${performed.length}${FALCO.length > 0 ? ", with Falco's rules" : ''}`);
  assert.equal(FALCO.length, Number(process.env.FALCO_FILES), "files of Falco's rules that the test machine has");
  assert.doesNotMatch(messages, /no longer evaluated/);
  assert.equal(status, 0, messages);
  assert.ok(verified > 0, messages);
});

/** Why an action is skipped on any kernel: a guest has no container, and no rule of these files is about some actions. */
const SKIPPED_ANYWHERE = /^(it needs a container|none of its rules is evaluated \(.*\))$/;

test('no action is skipped for want of something here', () => {
  const skipped = lines.filter(({ result, why }) => result === 'skipped' && !SKIPPED_ANYWHERE.test(why ?? ''));
  assert.deepEqual(skipped, []);
});

for (const { action, result, rules, why } of performed) {
  test(action, () => {
    assert.equal(result, 'verified', `${rules?.join(', ')}: ${why ?? 'no alert'}`);
  });
}
