// Rules that are tried on a history: each match with its rule and its process, from a time on.

import { NANOSECONDS_PER_MS } from '../../fields/time.ts';
import type { Trial } from './evaluate.ts';
import { type OriginatedMatch, Origins } from './origin.ts';
import { laneRules, type TriedRule, type TriedRules } from './tried-rules.ts';

/**
 * @param since earlier matches do not count, in ms since the epoch
 * @param onMatch its record is valid during the call
 */
export function trialSince(
  rules: TriedRules,
  since: number | undefined,
  onMatch: (rule: TriedRule, match: OriginatedMatch) => void,
): Trial {
  const sinceNs = BigInt(Math.floor(since ?? 0)) * NANOSECONDS_PER_MS;
  const origins = new Origins();
  return {
    rules: laneRules(rules),
    onMatch(found) {
      const match = origins.of(found);
      const rule = rules.modules[found.module]?.rules[found.rule];
      if (match && rule && match.record.time >= sinceNs) onMatch(rule, match);
    },
  };
}
