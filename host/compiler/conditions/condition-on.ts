// A condition's intermediate form on events of one type, for tools that tell of rules instead of compiling them.

import type { EventType } from '../../schema/events.ts';
import { Functions } from '../emit/functions.ts';
import { emitItemEquals, emitItemTest } from '../emit/item.ts';
import { constantBytes, emitLength } from '../emit/side.ts';
import { emitTextMatch } from '../emit/text-match.ts';
import { type Condition, FALSE } from '../ir.ts';
import { lowerExpression } from '../lower/expression.ts';
import type { Expression } from './ast.ts';

/** Undefined if a part of it can't be compiled; compiling says why. */
export function conditionOn(expression: Expression, type: EventType): Condition | undefined {
  const functions = new Functions();
  let failed = false;
  const condition = lowerExpression(expression, {
    type,
    warn: () => undefined,
    fail: () => {
      failed = true;
      return FALSE;
    },
    define: (name, source) => functions.define(`named:${name}`, name, () => source),
    textTest: (match, value) => emitTextMatch({ value, scope: 'event' }, match, functions),
    itemTest: (match, item) => emitItemTest(match, item, functions),
    itemEquals: (item, text) => emitItemEquals(item, text, functions),
    constantBytes: (bytes) => constantBytes(bytes, functions),
    textLength: (pieces) => emitLength(pieces, functions),
  });
  return failed ? undefined : condition;
}
