// A glob such as /etc/*.conf is lowered to three tests (lower/text-check.ts): how the text begins, how it ends, and that it is long enough for
// both. Beside the other two the third only excludes the few texts in which beginning and end overlap.

import type { Condition, Test } from '../../ir/condition.ts';
import { sameValue } from '../../ir/print-value.ts';
import type { Value } from '../../ir/value.ts';

type TextTest = Extract<Test, { test: 'text' }>;

/**
 * A test that can stand in place of one of a length, and is true where that is false; undefined if it is not the length of such a glob.
 * @param part of a conjunction, or, negated, of the disjunction that its negation is
 */
export function overlapTest(part: Condition, siblings: readonly Condition[]): TextTest | undefined {
  const isNegated = part.kind === 'not';
  const test = isNegated ? part.child : part;
  if (test.kind !== 'test' || test.test !== 'value' || test.value.node !== 'comparison') return undefined;
  const { left, operator, right } = test.value;
  if (left.node !== 'call' || left.operator !== 'lengthOf' || operator !== '>=' || right.node !== 'integer')
    return undefined;
  const [text] = left.arguments;
  if (!text) return undefined;
  const tests = siblings.flatMap((sibling) => {
    if ((sibling.kind === 'not') !== isNegated) return [];
    const one = sibling.kind === 'not' ? sibling.child : sibling;
    return one.kind === 'test' && one.test === 'text' && isEnd(one, text) ? one : [];
  });
  for (const begins of tests) {
    for (const ends of tests) {
      if (begins.match.op !== 'startswith' || ends.match.op !== 'endswith') continue;
      const [head, tail] = [begins.match.value, ends.match.value];
      if (BigInt(head.length + tail.length) === right.value)
        return { ...begins, match: { op: 'equals', values: overlaps(head, tail) } };
    }
  }
  return undefined;
}

function isEnd({ text, match }: TextTest, value: Value): boolean {
  const isPlain = (match.op === 'startswith' || match.op === 'endswith') && !match.ignoreCase;
  return isPlain && text.case === undefined && sameValue(text.value, value);
}

/** The texts that begin and end so, and are shorter than both together. */
function overlaps(head: string, tail: string): readonly string[] {
  const most = Math.min(head.length, tail.length);
  return Array.from({ length: most }, (_, index) => index + 1)
    .filter((length) => head.endsWith(tail.slice(0, length)))
    .map((length) => head + tail.slice(length));
}
