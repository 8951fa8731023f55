// Suggests corrections for conditions that do not parse.

import { meantField } from '../../diagnostics/suggest.ts';

/** A hint for the most frequent mistakes; undefined for others. `offset` is where the parser gave up, in bytes. */
export function syntaxHelp(text: string, offset: number): string | undefined {
  const bytes = Buffer.from(text, 'utf8');
  const before = bytes.subarray(0, offset).toString('utf8');
  const rest = bytes.subarray(offset).toString('utf8');
  return bareFieldHelp(before, rest) ?? HINTS.find(({ when }) => when(before, rest))?.help;
}

/** `container_id = x`: a name without a dot is a macro's, and nothing can be compared with a macro. */
function bareFieldHelp(before: string, rest: string): string | undefined {
  const name = /(?:^|[\s(])([a-zA-Z]\w*)\s*$/.exec(before)?.[1];
  if (name === undefined || !OPERATOR.test(rest)) return undefined;
  const field = meantField(name);
  return field === undefined ? 'fields have a dot in their names: see `wasprey list fields`' : `did you mean ${field}?`;
}

const OPERATOR =
  /^(?:[=<>]|!=|(?:in|intersects|pmatch|regex|exists|i?contains|bcontains|startswith|bstartswith|endswith|i?glob)\b)/;

interface Hint {
  readonly when: (before: string, rest: string) => boolean;
  readonly help: string;
}

const HINTS: readonly Hint[] = [
  {
    when: (_, rest) => /^not\s/.test(rest),
    help: '`not` stands before the field: `not proc.name in (a, b)`; join two checks with `and` or `or`',
  },
  { when: (_, rest) => /^(?:&&?|\|\|?)/.test(rest), help: 'join conditions with `and` or `or`' },
  { when: (_, rest) => /^!(?!=)/.test(rest), help: 'negate a condition with `not`' },
  {
    when: (_, rest) => /^(?:AND|OR|NOT|In|IN)\b/.test(rest),
    help: 'write `and`, `or`, `not`, `in` in lower case',
  },
  { when: (before, rest) => /=\s*$/.test(before) && rest.startsWith('('), help: 'to compare with a list, use `in`' },
  { when: (_, rest) => rest.startsWith(','), help: 'several values stand in parentheses: `in (bash, sh)`' },
  {
    when: (before, rest) => /(?:contains|startswith|endswith|glob)\s+$/.test(before) && rest.startsWith('('),
    help: 'to compare with a list, use a modifier: `contains anyof (a, b)`',
  },
  { when: (_, rest) => /^["']/.test(rest), help: 'a quote is not closed, or not expected here' },
  { when: (_, rest) => /^~/.test(rest), help: 'match regular expressions with `regex`' },
  { when: (_, rest) => /^(?:like|matches)\b/.test(rest), help: 'use `glob` or `regex`' },
  {
    when: (before, rest) => rest === '' && count(before, '(') > count(before, ')'),
    help: 'a parenthesis is not closed',
  },
  {
    when: (before, rest) => rest.startsWith(')') && count(before, '(') <= count(before, ')'),
    help: 'this parenthesis closes nothing',
  },
  {
    when: (before, rest) => /[^\s=<>(,]\s+$/.test(before) && /^[\w./-]/.test(rest),
    help: 'text with blanks in it needs quotes; join two checks with `and` or `or`',
  },
];

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}
