// Answers the questions of a Lookup as the rule's name says: at once, never, or by its own end.

import type { RuleQuestion } from '../../../host/daemon/console/lookup.ts';

let answered = 0;
process.on('disconnect', () => process.exit());
process.on('message', ({ rule }: RuleQuestion) => {
  if (rule === 'crash') process.kill(process.pid, 'SIGKILL');
  if (rule === 'hang') return;
  answered++;
  process.send?.({ kind: 'none', reason: `${rule} ${answered}` });
});
