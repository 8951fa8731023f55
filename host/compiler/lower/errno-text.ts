// The name of the error that a call returned, as an operand.

import { errnoName } from '../../schema/errno.ts';
import type { Value } from '../value.ts';
import { enumeration, type Operand } from './operand.ts';

/** The kernel returns errors as -1 to -4095. */
const ERRORS = Array.from(
  { length: 4095 },
  (_, index) => [-1 - index, errnoName(BigInt(-1 - index)) ?? ''] as const,
).filter(([, name]) => name !== '');

/** The name of an error, its number where it has none. */
export function errnoText(result: Value): Operand {
  return enumeration(result, 'event', ERRORS);
}
