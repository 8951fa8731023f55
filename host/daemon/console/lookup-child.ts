// The process of lookup.ts. It ends when the agent does.

import { writeFileSync } from 'node:fs';
import { describeFailure } from '../../diagnostics/failure.ts';
import { journalAround } from './journal-around.ts';
import { litRule } from './lit-rule.ts';
import type { Answer, Question } from './lookup.ts';

// If the machine's memory is short, the kernel kills this process rather than the agent. At the limit of a cgroup with memory.oom.group it kills both.
try {
  writeFileSync('/proc/self/oom_score_adj', '1000');
} catch {
  // Not everywhere is there one.
}
process.on('disconnect', () => process.exit());
process.on('message', (question: Question) => process.send?.(answerTo(question)));

function answerTo(question: Question): Answer {
  try {
    return question.kind === 'rule' ? litRule(question) : journalAround(question);
  } catch (error) {
    const known = describeFailure(error)?.message;
    return { kind: 'none', reason: known ?? (error instanceof Error ? error.message : String(error)) };
  }
}
