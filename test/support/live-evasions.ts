// Runs of act that try to get round a rule, and the alerts that come of them all the same.

import assert from 'node:assert/strict';
import { act, type Step, str } from './live-act.ts';
import type { AlertLine, LiveAgent } from './live-agent.ts';
import { AT_FDCWD, O } from './live-numbers.ts';

export const SHADOW = '/etc/shadow';
/** Falco's rule on that file. */
export const READ = 'Read sensitive file untrusted';

/** Where another program goes on: puts what alertsOf() knows the run by into its command line too. */
export const MARK: Step = ['@mark'];

export function read(path: string): Step {
  return ['openat', AT_FDCWD, str(path), O.RDONLY];
}

export type Run = (steps: readonly Step[]) => Promise<unknown>;

let runs = 0;

/** Does the steps, and gives the alerts of that rule that come of them; its output must have proc.cmdline. */
export async function alertsOf(
  agent: LiveAgent,
  steps: readonly Step[],
  rule = READ,
  run: Run = act,
): Promise<AlertLine[]> {
  const name = `evasion${process.pid}-${++runs}-`;
  await run([MARK, ...steps].map((step) => (step === MARK ? ['@mark', name] : step)));
  await agent.settled();
  return agent.alerts(rule).filter((each) => String(each.output_fields['proc.cmdline']).includes(name));
}

/** The only one. */
export async function alerted(
  agent: LiveAgent,
  steps: readonly Step[],
  rule = READ,
  run: Run = act,
): Promise<AlertLine> {
  const [alert, ...more] = await alertsOf(agent, steps, rule, run);
  assert.ok(alert, `no alert of "${rule}"`);
  assert.equal(more.length, 0, 'the same event matched twice');
  return alert;
}
