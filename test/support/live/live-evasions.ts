// Runs of act that try to get round a rule, and the alerts that come of them all the same.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { describeWithFalco, missingFalco } from '../falco-data.ts';
import { type StockFile, stockRules } from '../stock-rules.ts';
import type { AlertLine } from './alert-line.ts';
import { act, type Step, str } from './live-act.ts';
import type { LiveAgent } from './live-agent.ts';
import { AT_FDCWD, O } from './live-numbers.ts';
import { shippedRules } from './live-rules.ts';

export const SHADOW = '/etc/shadow';

/** The rules that evasions are held against, by what they report. */
export interface EvadedRules {
  /** A read of SHADOW. */
  readonly read: string;
  /** The field by which that rule names the file. */
  readonly path: 'fd.name' | 'fd.realpath';
  /** A program that the container's image does not hold. */
  readonly dropped: string;
  /** A program without a file. */
  readonly fileless: string;
  /** Whether a program is trusted by its name alone, wherever it lies. */
  readonly trustsNames: boolean;
}

const SHIPPED: EvadedRules = {
  read: 'Sensitive file read',
  path: 'fd.realpath',
  dropped: 'Dropped program run in container',
  fileless: 'Program run from memory',
  trustsNames: false,
};

const FALCOS: EvadedRules = {
  read: 'Read sensitive file untrusted',
  path: 'fd.name',
  dropped: 'Drop and execute new binary in container',
  fileless: 'Fileless execution via memfd_create',
  trustsNames: true,
};

const FALCO_FILES: readonly StockFile[] = ['falco_rules.yaml', 'falco-incubating_rules.yaml'];

/** Texts of the shipped rule files, and of Falco's where they are at hand. */
export function evadedRules(): string[] {
  return [...shippedRules(), ...(missingFalco(...FALCO_FILES) ? [] : FALCO_FILES.map(stockRules))];
}

/** Defines tests for the shipped rules, and again for Falco's, which are skipped where those are missing. */
export function forEachRuleSet(define: (rules: EvadedRules) => void): void {
  describe('By the shipped rules', () => define(SHIPPED));
  describeWithFalco(FALCO_FILES, () => describe("By Falco's rules", () => define(FALCOS)));
}

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
  rule: string,
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
  rule: string,
  run: Run = act,
): Promise<AlertLine> {
  const [alert, ...more] = await alertsOf(agent, steps, rule, run);
  assert.ok(alert, `no alert of "${rule}"`);
  assert.equal(more.length, 0, 'the same event matched twice');
  return alert;
}
