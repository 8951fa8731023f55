// Conditions beyond the corpus, whose verdicts follow from Falco's documented grammar: quotes, bare words, arguments, right sides.

/** A case of parse.json (parse-suite.ts). */
export interface ParseCase {
  readonly id: string;
  readonly condition: string;
  readonly ast?: string;
  readonly expect: { readonly ok: true } | { readonly ok: false; readonly offset: number };
}

const CHARACTERS = [
  'a',
  ' ',
  '\t',
  '\n',
  '\r',
  '\b',
  '\f',
  '"',
  "'",
  '\\',
  '=',
  '(',
  ')',
  ',',
  ';',
  '/',
  '[',
  '%',
  'é',
];
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ...([
    ['\b', '\\b'],
    ['\f', '\\f'],
    ['\n', '\\n'],
    ['\r', '\\r'],
    ['\t', '\\t'],
    ['\\', '\\\\'],
  ] as const),
]);

/** Falco's print: in double quotes where it has blanks, quotes, backslashes or `=`; nothing of an empty text. */
function printed(text: string): string {
  if (!/[\s\b"'\\=]/.test(text)) return text;
  return `"${[...text].map((letter) => ESCAPES.get(letter) ?? (letter === '"' ? '\\"' : letter)).join('')}"`;
}

/** Texts of up to two letters in either kind of quotes, as values, in lists, as arguments and in transformers. */
function* quotedTexts(): Generator<ParseCase> {
  const texts = [
    '',
    ...CHARACTERS,
    ...CHARACTERS.flatMap((one) => ['x', ' ', '"', "'", '='].map((other) => one + other)),
  ];
  for (const [index, text] of texts.entries()) {
    const delimiter = index % 2 === 0 ? '"' : "'";
    const escaped = [...text].map((letter) => (letter === delimiter ? `\\${letter}` : (ESCAPES.get(letter) ?? letter)));
    const quoted = `${delimiter}${escaped.join('')}${delimiter}`;
    // A quote that follows a backslash does not end the text, even if that backslash is escaped.
    const ends = !text.endsWith('\\');
    const made = (id: string, condition: string, ast: string): ParseCase => {
      return { id: `quoted-${index}-${id}`, condition, ast, expect: { ok: true } };
    };
    if (!ends) {
      yield { id: `quoted-${index}`, condition: `a.b = ${quoted}`, expect: { ok: false, offset: 6 } };
      continue;
    }
    const print = printed(text);
    yield made('value', `a.b = ${quoted}`, `a.b = ${print}`);
    yield made('list', `a.b in (x, ${quoted})`, `a.b in (x, ${print})`);
    yield made('modifier', `a.b startswith anyof (${quoted})`, `a.b startswith anyof (${print})`);
    yield made('argument', `a.b[${quoted}] exists`, text === '' ? 'a.b exists' : `a.b[${print}] exists`);
    yield made('transformer', `concat(a.b, ${quoted}) = x`, `concat(a.b,${print}) = x`);
  }
}

/** Bare words end at quotes, whether a backslash is before these or not, and have no escapes. */
function* bareWords(): Generator<ParseCase> {
  for (const end of ['"', "'", '(', ')', '=', ',']) {
    for (const before of ['x', 'x\\', '\\', 'x.y', 'value']) {
      const expect = { ok: false, offset: 4 + before.length } as const;
      yield { id: `bare-${before}-${end}`, condition: `a.b=${before}${end}y`, expect };
    }
  }
  for (const word of [
    'x\\y',
    '\\n',
    'x\\\\',
    '[x]',
    'x;y',
    '%x',
    'é',
    'val',
    'oneof',
    'and',
    '<NA>',
    '-1',
    'a.b[1]',
    '*?[',
  ]) {
    yield { id: `bare-${word}`, condition: `a.b = ${word}`, ast: `a.b = ${printed(word)}`, expect: { ok: true } };
  }
}

/** A field on the right side takes an argument within val(), not behind it. */
function* rightSides(): Generator<ParseCase> {
  const operators = ['=', '!=', '<', '>=', 'contains', 'startswith', 'in', 'intersects'];
  for (const operator of operators) {
    const left = `a.b ${operator} `;
    const fields: readonly (readonly [string, string])[] = [
      ['c.d[1]', 'c.d[1]'],
      ["c.d['x y']", 'c.d["x y"]'],
      ['c.d[""]', 'c.d'],
      [' c.d[/x*] ', 'c.d[/x*]'],
    ];
    for (const [written, print] of fields) {
      const condition = `${left}val(${written})`;
      yield { id: `right-${operator}-${written}`, condition, ast: `${left}val(${print})`, expect: { ok: true } };
    }
    for (const [index, behind] of ['[1]', "['']", '[]'].entries()) {
      const offset = left.length + 'val(c.d)'.length;
      yield {
        id: `right-${operator}-behind-${index}`,
        condition: `${left}val(c.d)${behind}`,
        expect: { ok: false, offset },
      };
    }
  }
}

export function parseCases(): ParseCase[] {
  return [...quotedTexts(), ...bareWords(), ...rightSides()];
}
