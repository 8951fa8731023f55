// What a condition needs a text to be or to begin with: what rules can be looked up by instead of being tried one by one.

import type { Bytes, Condition, Scope, Test } from '../ir.ts';

export interface TextConstant {
  readonly bytes: Bytes;
  /** The text is exactly this; otherwise it begins with it. */
  readonly whole: boolean;
}

/** The condition is false unless the text matches one of the constants, of which none is empty. */
export interface TextNeed {
  /** Code of the text (rules-wasm/text.ts). Where it is absent or empty, the condition is false. */
  readonly code: string;
  readonly scope: Scope;
  readonly constants: readonly TextConstant[];
}

/** The longest constant that is looked up; of longer ones the beginning. */
const LONGEST = 200;

/** What the condition needs, one entry for each text. */
export function textNeeds(condition: Condition): readonly TextNeed[] {
  switch (condition.kind) {
    case 'constant':
    case 'not':
      return [];
    case 'test':
      return needOfTest(condition);
    case 'all':
      return narrowest(condition.children.flatMap(textNeeds));
    case 'any': {
      const [first = [], ...others] = condition.children.map(textNeeds);
      return first.flatMap((need) => {
        const same = others.map((needs) => needs.find(({ code }) => code === need.code));
        const constants = [need, ...same].flatMap((each) => each?.constants ?? []);
        return same.includes(undefined) ? [] : [{ ...need, constants }];
      });
    }
  }
}

function needOfTest(test: Test): readonly TextNeed[] {
  if (test.test !== 'text' || test.text.case !== undefined) return [];
  const { match, text } = test;
  let constants: readonly TextConstant[] = [];
  if (match.op === 'equals') constants = match.values.map((bytes) => ({ bytes, whole: true }));
  else if (match.op === 'startswith' && !match.ignoreCase) constants = [{ bytes: match.value, whole: false }];
  if (constants.length === 0 || constants.some(({ bytes }) => bytes === '')) return [];
  return [{ code: plainCode(text.code), scope: text.scope, constants: constants.map(shortened) }];
}

/** An absent text begins with nothing that an empty one doesn't begin with: `orEmpty` makes no difference. */
function plainCode(code: string): string {
  return /^orEmpty\((\w+\(\w+\))\)$/.exec(code)?.[1] ?? code;
}

function shortened({ bytes, whole }: TextConstant): TextConstant {
  return bytes.length > LONGEST ? { bytes: bytes.slice(0, LONGEST), whole: false } : { bytes, whole };
}

/** Of several needs of one text, the one with the longest constants. */
function narrowest(needs: readonly TextNeed[]): readonly TextNeed[] {
  const least = ({ constants }: TextNeed): number => Math.min(...constants.map(({ bytes }) => bytes.length));
  const byCode = new Map<string, TextNeed>();
  for (const need of needs) {
    const known = byCode.get(need.code);
    if (!known || least(need) > least(known)) byCode.set(need.code, need);
  }
  return [...byCode.values()];
}
