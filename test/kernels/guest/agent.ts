// `wasprey run`, started once with all rules: the shipped ones, Falco's where they are, and those of hooks.yaml. It starts; an alert comes
// of each family of hooks; and `wasprey generate --verify` finds the alerts of all actions.
//
// Where the README's two commands were run it is started by the second of them, `npm start`, with what that machine has: its own Node
// and npm.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { RUNTIME_OPTIONS } from '../../../host/setup/runtime.mjs';
import { guestNamed } from '../guests.ts';
import { AGENT_RULES } from '../steps.ts';
import { testActions } from './actions.ts';
import { prepareHooks, testHooks } from './hooks.ts';
import { type StartedAgent, startAgent } from './started-agent.ts';

const ALERTS = '/tmp/wasprey-alerts.json';
const COMMAND =
  guestNamed(process.env.GUEST ?? '').root === 'set-up'
    ? ['npm', 'start', '--']
    : [process.execPath, ...RUNTIME_OPTIONS, 'host/cli/main.ts', 'run'];

let agent: StartedAgent | undefined;
before(async () => {
  prepareHooks();
  // Of all rules that match, so that none hides another.
  agent = await startAgent([...COMMAND, '--json', '--rule-matching', 'all', ...AGENT_RULES], ALERTS);
});
after(() => agent?.stop());

function alert(rule: string): Promise<string> {
  return agent?.alert(rule) ?? assert.fail('the agent was not started');
}

test(`starts, and alerts: ${COMMAND.includes('npm') ? 'npm start' : 'wasprey run'}`, async (context) => {
  context.diagnostic(`start-up ${agent?.startMs} ms`);
  readFileSync('/etc/shadow');
  assert.match(await alert('Sensitive file read'), /\/etc\/shadow/);
});

testHooks(alert);
testActions(AGENT_RULES, ALERTS);
