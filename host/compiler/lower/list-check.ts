// Checks of lists: `in` holds if all elements are among the values, also if there are no elements; `intersects` if any is.
// `container.env_names intersects (A, B)` compiles to
//
//   function anyAmong_721ed915eb60(event: u32, image: u32): bool {
//     const list = containerEnvNames(imageContainerAddress(image));
//     for (let item = firstItem(list); item != 0; item = itemAfter(list, item)) {
//       if (oneOf_A_B(item)) return true;
//     }
//     return false;
//   }

import type { Check } from '../conditions/ast.ts';
import { all, type Condition, holds } from '../ir/condition.ts';
import { contentHash } from '../ir/content-hash.ts';
import { type Bytes, joinScopes, type Piece } from '../ir/text.ts';
import {
  call,
  callFunction,
  choose,
  compare,
  EVENT_ADDRESS,
  IMAGE_ADDRESS,
  ITEM_INDEX,
  ITEM_TEXT,
  NEVER,
  truth,
  type Value,
} from '../ir/value.ts';
import { ITEM, type LoweringContext, type Operand } from './operand.ts';

/** A list of which only the event knows how long it is. */
export type Texts = Extract<Operand, { kind: 'texts' }>;

export function checkTextsValues(
  texts: Texts,
  operator: Check['operator'],
  values: readonly Bytes[],
  context: LoweringContext,
): Condition {
  const sorted = [...values].sort();
  const test = sorted.length === 0 ? NEVER : context.itemTest({ op: 'equals', values: sorted }, texts.each);
  return checkEach(texts, operator === 'in', test, (bytes) => truth(sorted.includes(bytes)), context);
}

/** Compares texts with the one value that the pieces are: they are there. */
export function checkTextsAgainst(
  texts: Texts,
  operator: Check['operator'],
  pieces: readonly Piece[],
  context: LoweringContext,
): Condition {
  const test = context.itemEquals(texts.each, pieces);
  const ofMark = (bytes: Bytes): Value => context.itemEquals({ kind: 'bytes', bytes }, pieces);
  return checkEach(texts, operator === 'in', test, ofMark, context);
}

/** Whether the test holds for every element, or for any. `ofMark`: the test of a text that lies nowhere. */
export function checkEach(
  { there, item, marks, scope }: Texts,
  every: boolean,
  test: Value,
  ofMark: (bytes: Bytes) => Value,
  context: LoweringContext,
): Condition {
  const ofItem = marks.reduceRight<Value>(
    (rest, [mark, bytes]) => choose(compare(ITEM_TEXT, '==', mark), ofMark(bytes), rest),
    test,
  );
  const [read, whole] = [context.print(item), context.print(ofItem)];
  const name = `${every ? 'all' : 'any'}Among_${contentHash([read, whole]).slice(0, 12)}`;
  context.define(
    name,
    `function ${name}(event: u32, image: u32): bool {
${loopOver(item, context).join('\n')}
    if (${every ? `!(${whole})` : whole}) return ${!every};
  }
  return ${every};
}`,
    listOf(item) ? ['firstItem', 'itemAfter'] : [],
  );
  return all([there, holds(callFunction(name, EVENT_ADDRESS, IMAGE_ADDRESS), scope, 20)]);
}

/** Whether all elements of a list are in another one, or any is; undefined if one of them is not a list in memory. */
export function compareLists(texts: Texts, every: boolean, other: Texts): Condition | undefined {
  const [left, right] = [listInMemory(texts), listInMemory(other)];
  if (!left || !right) return undefined;
  const scope = joinScopes([texts.scope, other.scope]);
  return all([texts.there, other.there, holds(call(every ? 'isWithin' : 'meets', left, right), scope, 60)]);
}

/** The list whose elements are read as they are. */
function listInMemory({ item, marks, each }: Texts): Value | undefined {
  const list = listOf(item);
  return marks.length === 0 && each === ITEM ? list : undefined;
}

function listOf(item: Value): Value | undefined {
  const [list, index] = item.node === 'call' && item.operator === 'itemOf' ? item.arguments : [];
  return index === ITEM_INDEX ? list : undefined;
}

/** The head of a loop over the elements. One of a list that lies in memory takes time in proportion to it, however long an event makes it. */
function loopOver(item: Value, context: LoweringContext): readonly string[] {
  const list = listOf(item);
  if (list) {
    return [
      `  const list = ${context.print(list)};`,
      '  for (let item = firstItem(list); item != 0; item = itemAfter(list, item)) {',
    ];
  }
  return [
    '  for (let index: u32 = 0; index < 65536; ++index) {',
    `    const item = ${context.print(item)};`,
    '    if (item == 0) break;',
  ];
}
