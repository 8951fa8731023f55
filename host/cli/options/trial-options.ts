// Options of the commands that try rules on what happened: backtest and tune.

import { ALERT_OPTIONS } from '../../daemon/alert-options.ts';
import { SELECTION_OPTIONS } from '../../daemon/rules/rule-selection.ts';
import type { RuleMatching } from '../../engine/messages/protocol.ts';

export const TRIAL_OPTIONS = {
  'rule-matching': ALERT_OPTIONS['rule-matching'],
  json: { kind: 'flag', short: 'j', description: 'Print one JSON object.' },
  ...SELECTION_OPTIONS,
} as const;

export function ruleMatchingOf(options: { readonly 'rule-matching'?: string | undefined }): RuleMatching {
  return options['rule-matching'] === 'all' ? 'all' : 'first';
}

/** Aborted when the user ends the command. */
export function untilSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
  return stop.signal;
}
