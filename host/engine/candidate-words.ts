// How the candidate words of a process image are shared out among the modules that are evaluated at a time.

import { CANDIDATE_WORDS } from '../schema/image.ts';
import { EngineError } from './engine-error.ts';

/**
 * Of each module the first of its words. One module alone may have any number of rules: those behind the words are tried on every
 * process (host/compiler/plan/plan.ts).
 * @param ruleCounts of the modules in their order
 * @throws {EngineError} when several have more rules than there are bits
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
      `${ruleCounts.length} modules have ${rules} rules; together they may have ${CANDIDATE_WORDS * 64}, counted in 64s for each. ` +
      'Compile them to one module.',
  });
}
