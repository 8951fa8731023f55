// The audit events that a journal has, as rules on them are tuned by them.

import type { SourceRules } from '../agent/sources/other-source.ts';
import { AUDIT_ASPECTS } from '../journal/tuning/aspects.ts';
import type { TunedHistory } from '../journal/tuning/tune.ts';
import { type AuditReadingOptions, type AuditReport, evaluateAuditHistory } from './audit-history.ts';

/** @param paths in order of time */
export function tunedAudit(
  paths: readonly string[],
  options: Omit<AuditReadingOptions, 'onBlock'>,
): TunedHistory<SourceRules, AuditReport> {
  return {
    aspects: AUDIT_ASPECTS,
    evaluate: (sets, onAlert, onBlock) =>
      evaluateAuditHistory(
        paths,
        sets,
        (set, { compared, texts }) => onAlert(set, { ...compared, values: () => texts }),
        { ...options, onBlock: (block) => onBlock(block, 0) },
      ),
  };
}
