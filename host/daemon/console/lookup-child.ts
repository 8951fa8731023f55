// The process of lookup.ts. It ends when the agent does.

import { writeFileSync } from 'node:fs';
import { describeFailure } from '../../diagnostics/failure.ts';
import { sessionTree, type TreeQuestion } from './activity/session-tree.ts';
import { type ActivityQuestion, shownActivity } from './activity/shown-activity.ts';
import { shownCaptures } from './captures/capture-rows.ts';
import { shownCapture } from './captures/shown-capture.ts';
import { tryRule } from './captures/try-rule.ts';
import { examinedMachine } from './examined-machine.ts';
import { explainedRule } from './explained-rule.ts';
import { journalAround } from './journal-around.ts';
import { litRule } from './lit-rule.ts';
import type { Answer, Question } from './lookup.ts';
import { holdBack } from './tuning/hold-back.ts';

// If the machine's memory is short, the kernel kills this process rather than the agent. At the limit of a cgroup with memory.oom.group it kills both.
try {
  writeFileSync('/proc/self/oom_score_adj', '1000');
} catch {
  // Not everywhere is there one.
}
process.on('disconnect', () => process.exit());
process.on('message', (question: Question) => void answerTo(question).then((answer) => process.send?.(answer)));

async function answerTo(question: Question): Promise<Answer> {
  try {
    return await answered(question);
  } catch (error) {
    const known = describeFailure(error)?.message;
    return { kind: 'none', reason: known ?? (error instanceof Error ? error.message : String(error)) };
  }
}

function answered(question: Question): Answer | Promise<Answer> {
  switch (question.kind) {
    case 'rule':
      return litRule(question);
    case 'journal':
      return journalAround(question);
    case 'explain':
      return explainedRule(question);
    case 'examine':
      return examinedMachine(question);
    case 'captures':
      return shownCaptures(question);
    case 'capture':
      return shownCapture(question);
    case 'try-rule':
      return tryRule(question);
    case 'hold-back':
      return holdBack(question);
    case 'activity':
      return activityOf(question);
    case 'session-tree':
      return treeOf(question);
  }
}

async function activityOf(question: ActivityQuestion): Promise<Answer> {
  return (await shownActivity(question)) ?? { kind: 'none', reason: 'the journal has no such session in that time' };
}

async function treeOf(question: TreeQuestion): Promise<Answer> {
  return (await sessionTree(question)) ?? { kind: 'none', reason: 'the journal has no session with this process' };
}
