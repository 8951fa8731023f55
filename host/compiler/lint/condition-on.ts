// A condition's intermediate form on events of one type, for tools that report on rules instead of compiling them.

import type { EventType } from '../../schema/events/index.ts';
import type { Expression } from '../conditions/ast.ts';
import { Functions } from '../emit/functions.ts';
import { functionMaker } from '../emit/lowering-functions.ts';
import { type Condition, FALSE } from '../ir/condition.ts';
import { AuditValues } from '../lower/audit-field.ts';
import { lowerExpression } from '../lower/expression.ts';

/** Shared, so that conditions on the same value are the same. */
const AUDIT_VALUES = new AuditValues();

/** Undefined if a part of it can't be compiled; compiling says why. */
export function conditionOn(expression: Expression, type: EventType): Condition | undefined {
  const functions = new Functions();
  let failed = false;
  const condition = lowerExpression(expression, {
    type,
    auditValues: AUDIT_VALUES,
    warn: () => undefined,
    fail: () => {
      failed = true;
      return FALSE;
    },
    ...functionMaker(functions),
  });
  return failed ? undefined : condition;
}
