// `wasprey generate --verify`, by the alerts of an agent with all rules: the shipped ones, and Falco's where they are.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { falcoRules } from '../falco-rules.ts';
import { runCommand } from './command.ts';

/** Of one alert: it has to pass through an agent that is emulated. */
const TIMEOUT_SECONDS = 60;

interface Line {
  readonly action: string;
  readonly result: string;
  readonly rules?: readonly string[];
  readonly why?: string;
}

/** @param rules what the agent has @param alertsFile gets its alerts, of all rules that match */
export function testActions(rules: readonly string[], alertsFile: string): void {
  test('generate --verify', async (context) => {
    const words = ['--verify', '--json', '--timeout', String(TIMEOUT_SECONDS), '--alerts', alertsFile];
    const { status, stdout, stderr } = await runCommand('generate', [
      ...words,
      ...rules.flatMap((path) => ['-r', path]),
    ]);
    const lines = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line);
    // Others are for containers, or none of their rules is evaluated: on every kernel.
    const performed = lines.filter(({ result }) => result !== 'skipped');
    const verified = performed.filter(({ result }) => result === 'verified').length;
    const falco = falcoRules().length;
    context.diagnostic(`${verified} verified of ${performed.length}${falco > 0 ? ", with Falco's rules" : ''}`);
    for (const { action, result, rules, why } of performed) {
      await context.test(action, () => {
        assert.equal(result, 'verified', `${rules?.join(', ')}: ${why ?? 'no alert'}`);
      });
    }
    assert.equal(falco, Number(process.env.FALCO_FILES), "files of Falco's rules that the test machine has");
    assert.equal(status, 0, stderr);
    assert.ok(verified > 0, stderr);
  });
}
