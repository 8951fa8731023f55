// parse.json: which conditions are in the grammar, where the others break, and Falco's print of the tree.

import { ConditionSyntaxError } from '../../host/compiler/conditions/lexer.ts';
import { parseCondition } from '../../host/compiler/conditions/parser.ts';
import { printCanonical } from '../../host/compiler/conditions/print.ts';
import { attempt, type CaseResult, casesOf, type Suite } from './suite.ts';

interface ParseCase {
  readonly id: string;
  readonly condition: string;
  readonly ast?: string;
  readonly expect: { readonly ok: true } | { readonly ok: false; readonly offset: number };
}

export const PARSE_SUITE: Suite = {
  file: 'parse.json',
  *run(corpus) {
    for (const parseCase of casesOf<ParseCase>(corpus)) yield attempt(parseCase.id, () => judge(parseCase));
  },
};

function judge({ id, condition, ast, expect }: ParseCase): CaseResult {
  const expected = expect.ok ? (ast ?? 'accepted') : `rejected at ${expect.offset}`;
  const actual = verdict(condition, ast === undefined);
  return actual === expected ? { id } : { id, failure: `expected ${expected}\n     got ${actual}` };
}

function verdict(condition: string, withoutTree: boolean): string {
  try {
    const tree = parseCondition(condition);
    return withoutTree ? 'accepted' : printCanonical(tree);
  } catch (error) {
    if (!(error instanceof ConditionSyntaxError)) throw error;
    return `rejected at ${error.offset}`;
  }
}
