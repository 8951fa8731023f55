// rules/00-falco-names.yaml has the meaning of Falco's stock rules, of the first of the files that has a name.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import yaml from 'js-yaml';
import type { Check, Expression } from '../../host/compiler/conditions/ast.ts';
import { parseCondition } from '../../host/compiler/conditions/parser.ts';
import { printCanonical, printOperand } from '../../host/compiler/conditions/print.ts';
import { PROJECT } from '../../host/setup/paths.mjs';
import { describeWithFalco } from '../support/falco-data.ts';
import { STOCK_FILES, stockRules } from '../support/stock-rules.ts';

interface Item {
  readonly macro?: string;
  readonly list?: string;
  readonly condition?: string;
  readonly items?: readonly unknown[];
}

function read(text: string): Item[] {
  return (yaml.load(text) as Item[]).filter(({ macro, list }) => macro ?? list);
}

/** What an item means, apart from the order of its parts and from how it is written. */
function meaning({ condition, items }: Item): string {
  return condition === undefined ? (items ?? []).map(String).sort().join(' ') : plain(parseCondition(condition));
}

function plain(expression: Expression): string {
  switch (expression.kind) {
    case 'and':
    case 'or': {
      const { kind } = expression;
      return `(${parts(expression, kind).sort().join(` ${kind} `)})`;
    }
    case 'not':
      return `not ${plain(expression.child)}`;
    case 'macro':
      return expression.name;
    case 'check': {
      const options = equalities(expression);
      return options.length > 1 ? `(${options.sort().join(' or ')})` : options.join();
    }
  }
}

/** The parts of a chain of `and` or `or`, also of such a chain within it. */
function parts(expression: Expression, kind: 'and' | 'or'): string[] {
  if (expression.kind === kind) return expression.children.flatMap((child) => parts(child, kind));
  return expression.kind === 'check' && kind === 'or' ? equalities(expression) : [plain(expression)];
}

/** `in` as the equalities that it is short for. */
function equalities(check: Check): string[] {
  const { left, operator, right } = check;
  if (operator === 'in' && right.kind === 'values') {
    return right.values.map(({ text }) => `${printOperand(left)} = ${text}`);
  }
  return right.kind === 'value' ? [`${printOperand(left)} ${operator} ${right.value.text}`] : [printCanonical(check)];
}

describeWithFalco(STOCK_FILES, () => {
  const stock = STOCK_FILES.map((name) => read(stockRules(name)));
  for (const own of read(readFileSync(join(PROJECT, 'rules/00-falco-names.yaml'), 'utf8'))) {
    const name = own.macro ?? own.list ?? '';
    test(`${name} means what it means in Falco's stock rules`, () => {
      const same = ({ macro, list }: Item) => macro === own.macro && list === own.list;
      const theirs = stock.map((items) => items.find(same)).find((item) => item !== undefined);
      assert.ok(theirs, 'none of the stock rule files has it');
      assert.equal(meaning(own), meaning(theirs));
    });
  }
});
