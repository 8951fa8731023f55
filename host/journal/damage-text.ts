// Damage of a recording as text for people: where it is, and what it costs.

import { count } from '../diagnostics/numbers.ts';
import type { Damage } from '../recording/source.ts';

/** Goes on behind the word for what it is: `damaged`, `cut off`. */
export function damageText({ at, reason, resumed, eventsLost }: Damage): string {
  const after = resumed === undefined ? 'nothing after it could be read' : `the recording continues at byte ${resumed}`;
  const lost = eventsLost === undefined ? 'the number of lost events is unknown' : `${count(eventsLost, 'event')} lost`;
  return `at byte ${at}: ${reason}; ${after}; ${lost}`;
}
