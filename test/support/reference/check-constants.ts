// The constants of a check, as bytes.

import type { Check, Literal } from '../../../host/compiler/conditions/ast.ts';
import { literalBytes } from '../../../host/compiler/conditions/literal-bytes.ts';

export function literal(value: Literal): string {
  return Buffer.from(literalBytes(value.text)).toString('latin1');
}

export function literals({ right }: Check): readonly string[] {
  if (right.kind === 'value') return [literal(right.value)];
  return right.kind === 'values' ? right.values.map(literal) : [];
}
