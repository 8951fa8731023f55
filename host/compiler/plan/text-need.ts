// The texts that a condition needs: equality, a beginning or a substring. Rules are looked up by these instead of being evaluated one by one.

import type { Condition, Test } from '../ir/condition.ts';
import { printValue, sameValue } from '../ir/print-value.ts';
import type { Bytes, Scope } from '../ir/text.ts';
import type { Value } from '../ir/value.ts';

export interface TextConstant {
  readonly bytes: Bytes;
  /** The text is exactly this; otherwise it begins with it, or has it anywhere. */
  readonly whole: boolean;
}

/** The condition is false unless the text matches one of the constants. No constant is empty. */
export interface TextNeed {
  /** The text. Where it is absent or empty, the condition is false. */
  readonly value: Value;
  readonly scope: Scope;
  /** The constants may stand anywhere in the text; otherwise at its beginning. */
  readonly anywhere: boolean;
  readonly constants: readonly TextConstant[];
  /** The condition is true if the text matches: nothing else is asked for. */
  readonly decides: boolean;
}

/** Only this many bytes of a constant are looked up. */
const LONGEST = 200;

/** The shortest constant that is searched for anywhere: the search looks at three bytes of each. */
export const SHORTEST_ANYWHERE = 3;

/** What the condition needs, one entry for each text and place. */
export function textNeeds(condition: Condition): readonly TextNeed[] {
  switch (condition.kind) {
    case 'constant':
    case 'not':
      return [];
    case 'test':
      return needOfTest(condition);
    case 'all':
      return narrowest(condition.children.flatMap(textNeeds)).map((need) => ({ ...need, decides: false }));
    case 'any':
      return eitherOfAll(condition.children.map(textNeeds));
  }
}

/** The members of a conjunction that a need leaves to be tested where the text matches. */
export function undecided(conjuncts: readonly Condition[], need: TextNeed): readonly Condition[] {
  const key = needKey(need);
  return conjuncts.filter((part) => !textNeeds(part).some((own) => own.decides && needKey(own) === key));
}

function needKey(need: TextNeed): string {
  return JSON.stringify([textKey(need), need.constants]);
}

function needOfTest(test: Test): readonly TextNeed[] {
  if (test.test !== 'text' || test.text.case !== undefined) return [];
  const { match, text } = test;
  let constants: readonly TextConstant[] = [];
  if (match.op === 'equals') constants = match.values.map((bytes) => ({ bytes, whole: true }));
  else if (match.op !== 'automaton' && match.op !== 'endswith' && !match.ignoreCase)
    constants = [{ bytes: match.value, whole: false }];
  const anywhere = match.op === 'contains';
  const least = anywhere ? SHORTEST_ANYWHERE : 1;
  if (constants.length === 0 || constants.some(({ bytes }) => bytes.length < least)) return [];
  const decides = constants.every(({ bytes }) => bytes.length <= LONGEST);
  return [{ value: plain(text.value), scope: text.scope, anywhere, constants: constants.map(shortened), decides }];
}

/** An absent text matches no more beginnings than an empty one, so `orEmpty` makes no difference. */
function plain(value: Value): Value {
  return value.node === 'call' && value.operator === 'orEmpty' ? (value.arguments[0] ?? value) : value;
}

function shortened({ bytes, whole }: TextConstant): TextConstant {
  return bytes.length > LONGEST ? { bytes: bytes.slice(0, LONGEST), whole: false } : { bytes, whole };
}

/** Joins needs by halves: of many conditions, the constants are then copied a few times each and not once for each of them. */
function eitherOfAll(needs: readonly (readonly TextNeed[])[]): readonly TextNeed[] {
  const [only = []] = needs;
  if (needs.length <= 1) return only;
  const half = needs.length >> 1;
  return eitherOf(eitherOfAll(needs.slice(0, half)), eitherOfAll(needs.slice(half)));
}

/** The need of two conditions of which one holds. A text's beginning is also a substring of it. */
function eitherOf(some: readonly TextNeed[], others: readonly TextNeed[]): readonly TextNeed[] {
  return some.flatMap((need) => {
    const other = others.find(({ value, anywhere }) => anywhere === need.anywhere && sameValue(value, need.value));
    if (other) return [joined(need, other)];
    const elsewhere = others.find(({ value }) => sameValue(value, need.value));
    const [a, b] = [withinText(need), elsewhere && withinText(elsewhere)];
    return a && b ? [joined(a, b)] : [];
  });
}

function joined(a: TextNeed, b: TextNeed): TextNeed {
  return { ...a, constants: [...a.constants, ...b.constants], decides: a.decides && b.decides };
}

function withinText(need: TextNeed): TextNeed | undefined {
  if (need.anywhere) return need;
  if (need.constants.some(({ bytes }) => bytes.length < SHORTEST_ANYWHERE)) return undefined;
  const constants = need.constants.map(({ bytes }) => ({ bytes, whole: false }));
  return { ...need, anywhere: true, constants, decides: false };
}

/** The narrowest of several needs of one text: the one with the longest constants. */
function narrowest(needs: readonly TextNeed[]): readonly TextNeed[] {
  const least = ({ constants }: TextNeed): number => Math.min(...constants.map(({ bytes }) => bytes.length));
  const byText = new Map<string, TextNeed>();
  for (const need of needs) {
    const text = textKey(need);
    const known = byText.get(text);
    if (!known || least(need) > least(known)) byText.set(text, need);
  }
  return [...byText.values()];
}

/** What is looked up together: needs of one text at one place. */
export function textKey({ value, anywhere }: TextNeed): string {
  return `${anywhere ? 'within' : 'at'} ${printValue(value)}`;
}
