// Allocates the candidate words of a process image to the modules in use.

import { CANDIDATE_WORDS } from '../../schema/image.ts';
import { EngineError } from '../messages/engine-error.ts';

/**
 * The first word of each module. A single module may have any number of rules: those beyond the words are evaluated for every
 * process (host/compiler/plan/plan.ts).
 * @param ruleCounts of the modules in their order
 * @throws {EngineError} when several modules have more rules than there are bits
 */
export function firstWords(ruleCounts: readonly number[]): readonly number[] {
  let next = 0;
  const first = ruleCounts.map((count) => {
    const own = next;
    next += Math.min(Math.ceil(count / 64), CANDIDATE_WORDS);
    return own;
  });
  if (next <= CANDIDATE_WORDS) return first;
  const rules = ruleCounts.reduce((sum, count) => sum + count, 0);
  throw new EngineError({
    code: 'ENGINE_TOO_MANY_RULES',
    message:
      `${ruleCounts.length} modules have ${rules} rules; together they may have ${CANDIDATE_WORDS * 64}, and each counts in steps of 64. ` +
      'Compile them to one module.',
  });
}
