// The summary that `wasprey replay` of an audit log prints at its end.

import type { RefusalKind } from '../../audit/event-stream.ts';
import type { AuditReplayReport } from '../../audit/replay.ts';
import { ruleLines } from '../../daemon/summary.ts';
import { count, number } from '../../diagnostics/numbers.ts';

const REFUSED: Readonly<Record<RefusalKind, string>> = {
  'not-json': 'not JSON',
  'not-gzip': 'not compressed as they should be',
  'not-an-event': 'not audit events',
  'no-time': 'without a valid stageTimestamp',
  'too-large': 'too large',
  'out-of-fuel': 'not evaluated: the rules took too long',
  'too-slow': 'not evaluated: the rules took too long for many events',
  failed: 'not evaluated: the agent failed',
  trap: 'not evaluated: the rules failed',
  'stack-overflow': 'not evaluated: the rules overflowed the stack',
  'foreign-match': 'not evaluated: the rules reported an invalid match',
};

export function renderAuditReplay({ evaluated, refused, alerts, seconds, isWhole }: AuditReplayReport): string {
  const totals = `${count(evaluated, 'event')}: ${count(alerts.alerts, 'alert')}`;
  const rate = number(Math.round(evaluated / Math.max(seconds, 0.001)));
  const first = isWhole
    ? `Replayed ${totals}, in ${seconds.toFixed(2)} s (${rate} events/s).`
    : `Replayed ${totals}; stopped before the end.`;
  const lines = [...refused].map(([kind, times]) => `  left out ${number(times)} ${REFUSED[kind]}`);
  return `${[first, ...lines, ...ruleLines(alerts.byRule)].join('\n')}\n`;
}
