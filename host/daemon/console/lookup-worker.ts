// The thread of lookup.ts.

import { parentPort } from 'node:worker_threads';
import { describeFailure } from '../../diagnostics/failure.ts';
import { journalAround } from './journal-around.ts';
import { litRule } from './lit-rule.ts';
import type { Answer, Question } from './lookup.ts';

parentPort?.on('message', (question: Question) => parentPort?.postMessage(answerTo(question)));

function answerTo(question: Question): Answer {
  try {
    return question.kind === 'rule' ? litRule(question) : journalAround(question);
  } catch (error) {
    const known = describeFailure(error)?.message;
    return { kind: 'none', reason: known ?? (error instanceof Error ? error.message : String(error)) };
  }
}
