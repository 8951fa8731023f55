// Texts that are made to take long: large, deep, or slow to search. Tests show that each ends; test/bench/bounds.ts what it takes.

import { MAX_STATES } from '../../../host/compiler/automata/automaton.ts';

const rule = (condition: string): string =>
  `- rule: r\n  desc: d\n  condition: ${condition}\n  output: o\n  priority: INFO\n`;
const times = (count: number, item: (index: number) => string): string =>
  Array.from({ length: count }, (_, i) => item(i)).join('');

/** What makes a small file of rules large, deep or slow. */
export const HOSTILE_RULE_FILES: Readonly<Record<string, string>> = {
  'sequences in sequences': '['.repeat(100_000),
  'sequences in sequences, closed': `- list: a\n  items: ${'['.repeat(5000)}${']'.repeat(5000)}\n`,
  'mappings in mappings': '{a: '.repeat(20_000),
  'blocks in blocks': '- '.repeat(20_000),
  'indentation that grows': times(2000, (level) => `${' '.repeat(level)}a:\n`),
  'complex keys in complex keys': '? '.repeat(10_000),
  'nine aliases of nine aliases': `a0: &a0 x\n${times(12, (n) => `a${n + 1}: &a${n + 1} [${`*a${n},`.repeat(9)}]\n`)}`,
  'items that are aliases of lists twice as long': `- list: l0\n  items: &a0 [x, y]\n${times(40, (n) => `- list: l${n + 1}\n  items: &a${n + 1} [*a${n}, *a${n}]\n`)}`,
  'an alias of what it stands in': '- &r\n  rule: a\n  condition: *r\n',
  'a scalar of 3 MB': `- list: a\n  items: ["${'x'.repeat(3_000_000)}"]\n`,
  'a constant of 1 MB': rule(`evt.type = open and fd.name = "${'a'.repeat(1_000_000)}"`),
  '20,000 checks': rule(`>\n${'    evt.type = open and fd.name = a or\n'.repeat(20_000)}    evt.type = open`),
  '100,000 items in a condition': `- list: a\n  items: [${times(100_000, (n) => `a${n},`)}]\n${rule('evt.type = open and fd.name in (a)')}`,
  'macros that double': `- macro: m0\n  condition: evt.type = open\n${times(40, (n) => `- macro: m${n + 1}\n  condition: m${n} or m${n}\n`)}${rule('m40')}`,
  'lists that double': `- list: l0\n  items: [a, b]\n${times(40, (n) => `- list: l${n + 1}\n  items: [l${n}, l${n}]\n`)}${rule('evt.type = open and fd.name in (l40)')}`,
  'a warning for each of 10,000 items on one line': `[${'a: b, '.repeat(10_000)}]`,
  'a million empty lines': `${'\n'.repeat(1_000_000)}- x`,
  'a million blanks': `- list: a\n  items: [${' '.repeat(1_000_000)}a]\n`,
  '10,000 keys': `- rule: x\n${times(10_000, (n) => `  k${n}: v\n`)}`,
  '5,000 documents': '---\n- list: a\n  items: []\n'.repeat(5000),
};

const nested = (open: string, inner: string, close: string, depth: number): string =>
  open.repeat(depth) + inner + close.repeat(depth);

/** Conditions, and whether they are valid. */
export const HOSTILE_CONDITIONS: readonly (readonly [what: string, text: string, good: boolean])[] = [
  ['parentheses, as deep as it goes', nested('(', 'evt.type = open', ')', 190), true],
  ['parentheses', nested('(', 'evt.type = open', ')', 100_000), false],
  ['parentheses that stay open', '('.repeat(100_000), false],
  ['not in parentheses', nested('not (', 'evt.type = open', ')', 100_000), false],
  ['not after not', `${'not '.repeat(100_000)}evt.type = open`, true],
  ['transformers', `${nested('tolower(', 'proc.name', ')', 100_000)} = a`, false],
  ['lists of arguments', `join${nested('(', 'proc.name', ')', 100_000)} = a`, false],
  ['a long series', `evt.type = open${' or fd.name = a and not b'.repeat(50_000)}`, true],
  ['a long list', `evt.type in (${'a,'.repeat(200_000)}a)`, true],
  ['a text that stays open', `fd.name = "${'\\"'.repeat(500_000)}`, false],
  ['a name of a million letters', `${'a.'.repeat(500_000)}a = 1`, true],
  ['a million digits', `evt.rawres > ${'1'.repeat(1_000_000)}`, true],
  ['a million blanks', `evt.type${' '.repeat(1_000_000)}= open`, true],
];

export const HOSTILE_CONFIGS: Readonly<Record<string, string>> = {
  'nested sequences': '['.repeat(50_000),
  'nested mappings': 'a: {'.repeat(20_000),
  'aliases of aliases': `a0: &a0 x\n${Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]\n`).join('')}`,
  'an alias of itself': 'a: &a [*a]\n',
  '100,000 unknown keys': Array.from({ length: 100_000 }, (_, n) => `k${n}: v\n`).join(''),
  'a value of 3 MB': `priority: ${'x'.repeat(3_000_000)}\n`,
  'five megabytes': `# ${'x'.repeat(5_000_000)}\n`,
};

/** Words of command lines, of about 400 KB: parts of what a secret may look like. */
export const HOSTILE_WORDS: readonly string[] = [
  'password=',
  '://',
  '"',
  '\\',
  'sk-/',
  'password:  ',
  'a.',
  "'",
  '$(',
  'AKIA ',
  '--password ',
  'x:y@://',
  ': ',
  '-',
  '=',
  'aA',
  'Cookie: a=b;',
  'Authorization: Bearer ',
  'https://a@',
  "IDENTIFIED BY ''",
  '{"a": ',
].map((unit) => unit.repeat(400_000 / unit.length));

/** Outputs of rules. */
export const HOSTILE_TEMPLATES: readonly string[] = [
  `%proc.name${'a'.repeat(60_000)}`,
  '%proc.name'.repeat(6500),
  '%toupper('.repeat(5000),
];

/** Regular expressions that need more states than there may be. */
export const HOSTILE_PATTERNS: readonly string[] = [
  `(a|b)*a(a|b){${Math.ceil(Math.log2(MAX_STATES)) + 4}}`,
  '((a{1000}){1000}){1000}',
];
