// The functions that lowering needs: those that its values call, and the tests within them. `proc.env[PATH] = /bin` has one of each:
//
//   function contains_PATH(text: u64): bool { ... }    by textTest()
//
//   function valueOf_PATH_b81f84046e95(list: u64): u64 {    by define()
//     if (!contains_PATH(list)) return 0;
//     ...
//   }

import type { FunctionMaker } from '../lower/operand.ts';
import type { Functions } from './functions.ts';
import { emitItemEquals, emitItemTest } from './item.ts';
import { constantBytes, emitLength } from './side.ts';
import { emitTextMatch } from './text-match.ts';

/** Collects them in `functions`. */
export function functionMaker(functions: Functions): FunctionMaker {
  return {
    define: (name, source, names = []) => {
      functions.names(...names);
      functions.define(`named:${name}`, name, () => source);
    },
    print: (value) => functions.print(value),
    textTest: (match, value) => emitTextMatch({ value, scope: 'event' }, match, functions),
    itemTest: (match, item) => emitItemTest(match, item, functions),
    itemEquals: (item, text) => emitItemEquals(item, text, functions),
    constantBytes: (bytes) => constantBytes(bytes, functions),
    textLength: (pieces) => emitLength(pieces, functions),
  };
}
