// A condition on fields of one kind that a manifest has as text: evaluated outside of the module, on values that the caller reads.
// load-conditions.ts loads this file where there is one.

import type { Expression } from '../compiler/conditions/ast.ts';
import { checksOf, fieldsOf } from '../compiler/conditions/fields-of.ts';
import { parseCondition } from '../compiler/conditions/parser.ts';
import { type SessionSource, sessionSourceOf } from '../compiler/conditions/session-checks.ts';
import { checkTypes } from '../compiler/conditions/typecheck.ts';
import { SessionConstants } from '../compiler/lower/session-constants.ts';
import type { Absent, FieldValue } from '../fields/value.ts';
import { fieldKey } from '../outputs/transform.ts';
import { checkHolds } from './check-verdict.ts';

/** Reads those of a module, which are limited together. */
export class ModuleConditions {
  readonly #constants = new SessionConstants();

  /**
   * @param text as the manifest has it, which is not trusted
   * @param source of all its fields
   * @throws {Error} if it is not a condition on only these fields, or is too large
   */
  read(text: string, source: SessionSource): StoredCondition {
    return new StoredCondition(text, source, this.#constants);
  }
}

export class StoredCondition {
  readonly text: string;
  /** The fields that it reads. */
  readonly keys: readonly string[];
  readonly #condition: Expression;

  /** See ModuleConditions.read(). @param constants of all conditions of the module */
  constructor(text: string, source: SessionSource, constants: SessionConstants) {
    const condition = parseCondition(text);
    const checks = checksOf(condition);
    checkTypes(condition);
    const fields = checks.flatMap(fieldsOf);
    const isAlone = fields.every((field) => sessionSourceOf(field) === source);
    if (!isAlone || checks.some((check) => fieldsOf(check).length === 0)) {
      throw new Error('a condition on the session reads something else');
    }
    constants.prepare(condition);
    this.text = text;
    this.#condition = condition;
    this.keys = [...new Set(fields.map(fieldKey))];
  }

  /** @param values by the fields' keys; what is missing is absent */
  holds(values: ReadonlyMap<string, FieldValue | Absent>): boolean {
    return isTrue(this.#condition, values);
  }
}

function isTrue(condition: Expression, values: ReadonlyMap<string, FieldValue | Absent>): boolean {
  switch (condition.kind) {
    case 'and':
      return condition.children.every((child) => isTrue(child, values));
    case 'or':
      return condition.children.some((child) => isTrue(child, values));
    case 'not':
      return !isTrue(condition.child, values);
    case 'check':
      return checkHolds(condition, values);
    case 'macro':
      throw new Error(`macro ${condition.name} was not expanded`);
  }
}
