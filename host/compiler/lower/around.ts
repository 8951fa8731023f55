// evt.around[T] = D: the event's time is within D milliseconds of T, in ns since the epoch. `evt.around[5000000] = 1` compiles to
// `headerTime(event) <= 0x5b8d80 && headerTime(event) >= 0x3d0900`.

import type { EventType } from '../../schema/events/index.ts';
import type { Check } from '../conditions/ast.ts';
import { constantsOf } from '../conditions/fields-of.ts';
import { all, any, type Condition, FALSE, holds } from '../ir/condition.ts';
import { compare, hexadecimal, ofEvent } from '../ir/value.ts';
import { knownField } from './field.ts';
import { integerOf } from './number-check.ts';

const MILLISECOND = 1_000_000n;
const TIME = ofEvent('header', 'time');

export function aroundCheck(check: Check, type: EventType): Condition {
  const { left, operator } = check;
  if (left.kind !== 'field') return FALSE;
  const { argument = '0' } = knownField(left.name, left.argument, type);
  if (operator === 'exists') return FALSE;
  return any(
    constantsOf(check).map((value) => {
      const middle = BigInt(argument);
      const distance = BigInt.asIntN(64, integerOf(value.text)) * MILLISECOND;
      const first = middle > distance ? middle - distance : 0n;
      const last = BigInt.asUintN(64, middle + distance);
      return all([
        holds(compare(TIME, '>=', hexadecimal(first)), 'event'),
        holds(compare(TIME, '<=', hexadecimal(last)), 'event'),
      ]);
    }),
  );
}
