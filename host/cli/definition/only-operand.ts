// The operand of a command that takes exactly one.

import { UsageError } from '../../diagnostics/arguments.ts';

/**
 * @param name what the operand is: `module`
 * @param usage the command with its operand, as a hint
 * @throws {UsageError} if there is none, or more than one
 */
export function onlyOperand(operands: readonly string[], name: string, usage: string): string {
  const [only, ...more] = operands;
  if (only === undefined) throw new UsageError(`missing ${name}`, usage);
  if (more.length > 0) throw new UsageError(`unexpected argument ${more[0]}`, usage);
  return only;
}
