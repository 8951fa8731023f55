// Tests that compare two values of the event with each other: `proc.name = val(proc.pname)`, `fd.name startswith concat(...)`. Both
// sides are read byte by byte, by index, since neither needs to lie in one piece.

import { type Bytes, joinScopes, type PairOperator, type Piece, piecesKey, scopeOfPiece, type Test } from '../ir.ts';
import { printValue } from '../print-value.ts';
import { callFunction, type Value } from '../value.ts';
import { wordAt } from './bytes.ts';
import { type Functions, type Parameters, parametersFor } from './functions.ts';
import { applies, asRead } from './stream.ts';

/** The comparison. False if either side is absent. */
export function emitPair(
  test: Extract<Test, { test: 'pair' }>,
  functions: Functions,
  given?: { readonly whole: Parameters; readonly left: Parameters },
): Value {
  const left = emitSide(test.left, functions, given?.left);
  const right = emitSide(test.right, functions);
  const { declared, passed } = given?.whole ?? parametersFor(test.scope);
  const name = functions.define(`${declared}:${test.key}`, 'pair', (unique) =>
    [
      `function ${unique}(${declared}): bool {`,
      `  const n = ${printValue(left.length)};`,
      `  const m = ${printValue(right.length)};`,
      '  if (n < 0 || m < 0) return false;',
      ...body(test.operator, left.byteAt, right.byteAt).map((line) => `  ${line}`),
      '}',
    ].join('\n'),
  );
  return callFunction(name, ...passed);
}

function body(operator: PairOperator, left: string, right: string): readonly string[] {
  const same = (i: string, j: string, fold = false): string =>
    fold ? `lowerByte(${left}${i})) == lowerByte(${right}${j}))` : `${left}${i}) == ${right}${j})`;
  switch (operator) {
    case 'equals':
      return [
        'if (n != m) return false;',
        `for (let i = 0; i < n; ++i) if (!(${same('i', 'i')})) return false;`,
        'return true;',
      ];
    case 'startswith':
      return [
        'if (n < m) return false;',
        `for (let i = 0; i < m; ++i) if (!(${same('i', 'i')})) return false;`,
        'return true;',
      ];
    case 'endswith':
      return [
        'if (n < m) return false;',
        `for (let i = 0; i < m; ++i) if (!(${same('n - m + i', 'i')})) return false;`,
        'return true;',
      ];
    case 'contains':
    case 'icontains':
      return [
        'for (let start = 0; start <= n - m; ++start) {',
        '  let i = 0;',
        `  while (i < m && ${same('start + i', 'i', operator === 'icontains')}) ++i;`,
        '  if (i == m) return true;',
        '}',
        'return false;',
      ];
    case 'less':
    case 'lessOrEqual':
      return [
        'for (let i = 0; i < n && i < m; ++i) {',
        `  const a = ${left}i);`,
        `  const b = ${right}i);`,
        '  if (a != b) return a < b;',
        '}',
        `return n ${operator === 'less' ? '<' : '<='} m;`,
      ];
    case 'glob':
    case 'iglob':
      return globBody(left, right, operator === 'iglob');
  }
}

/** fnmatch without bracket expressions being known before: back to the last star whenever the text doesn't fit. */
function globBody(left: string, right: string, ignoreCase: boolean): readonly string[] {
  const fold = (byte: string): string => (ignoreCase ? `lowerByte(${byte})` : byte);
  return [
    'let i = 0;',
    'let j = 0;',
    'let star = -1;',
    'let from = 0;',
    'while (true) {',
    '  let next = -1;',
    '  if (j < m) {',
    `    const p = ${right}j);`,
    '    if (p == 0x2a) {',
    '      star = ++j;',
    '      from = i;',
    '      continue;',
    '    }',
    '    if (i < n) {',
    `      const byte = ${left}i);`,
    '      if (p == 0x3f) next = j + 1;',
    `      else if (p == 0x5c) next = j + 1 < m && ${fold(`${right}j + 1)`)} == ${fold('byte')} ? j + 2 : -1;`,
    '      else if (p == 0x5b) {',
    '        // A bracket expression: [abc], [a-z], [!a]. One that is not closed stands for itself.',
    '        let k = j + 1;',
    `        const negated = k < m && (${right}k) == 0x21 || ${right}k) == 0x5e);`,
    '        if (negated) ++k;',
    '        let within = false;',
    '        const first = k;',
    `        while (k < m && (k == first || ${right}k) != 0x5d)) {`,
    `          if (${right}k) == 0x5c && k + 1 < m) ++k;`,
    `          const low = ${fold(`${right}k)`)};`,
    '          let high = low;',
    `          if (k + 2 < m && ${right}k + 1) == 0x2d && ${right}k + 2) != 0x5d) {`,
    `            high = ${fold(`${right}k + 2)`)};`,
    '            k += 2;',
    '          }',
    `          if (${fold('byte')} >= low && ${fold('byte')} <= high) within = true;`,
    '          ++k;',
    '        }',
    '        if (k < m) next = within != negated ? k + 1 : -1;',
    '        else next = byte == 0x5b ? j + 1 : -1;',
    `      } else if (${fold('p')} == ${fold('byte')}) next = j + 1;`,
    '    }',
    '  } else if (i == n) {',
    '    return true;',
    '  }',
    '  if (next >= 0) {',
    '    j = next;',
    '    ++i;',
    '  } else {',
    '    if (star < 0 || from >= n) return false;',
    '    i = ++from;',
    '    j = star;',
    '  }',
    '}',
  ];
}

/** The length of a text in pieces, -1 if it is absent. */
export function emitLength(pieces: readonly Piece[], functions: Functions): Value {
  return emitSide(pieces, functions).length;
}

/** The functions `NAME_length(...)`, -1 if absent, and `NAME_byte(..., index)` of a side; yields NAME and the arguments they take. */
function emitSide(
  pieces: readonly Piece[],
  functions: Functions,
  { declared, passed }: Parameters = parametersFor(joinScopes(pieces.map(scopeOfPiece))),
): Side {
  const key = declared + piecesKey(pieces);
  const side = functions.define(`side:${key}`, 'side', (name) => {
    const parts = pieces.map((piece) => access(piece, functions));
    return [
      `function ${name}_length(${declared}): i32 {`,
      ...parts.flatMap(({ absent }) => (absent ? [`  if (${absent}) return -1;`] : [])),
      `  return ${parts.map(({ length }) => length).join(' + ') || '0'};`,
      '}',
      '',
      `function ${name}_byte(${declared}, index: i32): u32 {`,
      ...parts.flatMap(({ length, byte }, number) => [
        `  const length${number} = ${length};`,
        `  if (index < length${number}) return ${byte};`,
        `  index -= length${number};`,
      ]),
      '  return 0;',
      '}',
    ].join('\n');
  });
  return {
    length: callFunction(`${side}_length`, ...passed),
    byteAt: `${side}_byte(${passed.map(printValue).join(', ')}, `,
  };
}

/** The length of a side, -1 if it is absent, and how its byte at an index is read: an expression up to that index. */
interface Side {
  readonly length: Value;
  readonly byteAt: string;
}

interface Access {
  readonly absent?: string;
  readonly length: string;
  /** Byte at `index`. */
  readonly byte: string;
}

function access(piece: Piece, functions: Functions): Access {
  if (piece.kind === 'bytes') {
    return { length: `${piece.bytes.length}`, byte: `${constantBytes(piece.bytes, functions)}(index)` };
  }
  if (piece.kind === 'joined') {
    // Only its length is ever asked for: lowering refuses comparisons, which would go over the list once for each byte.
    return { length: `${joinedLength(piece, functions)}(event, image)`, byte: '0' };
  }
  const code = printValue(piece.value);
  switch (piece.kind) {
    case 'text': {
      const byte = `load<u8>(addressOf(${code}) + index)`;
      return {
        absent: `${code} == 0`,
        length: `i32(lengthOf(${code}))`,
        byte: asRead(byte, piece),
      };
    }
    case 'base64':
      return {
        absent: `!isBase64(${code})`,
        length: `i32(base64Length(${code}))`,
        byte: asRead(`base64Byte(${code}, index)`, piece),
      };
    case 'decimal':
    case 'octal':
    case 'hexadecimal':
      return { length: `${piece.kind}Length(${code})`, byte: `${piece.kind}Byte(${code}, index)` };
    case 'character':
      return { length: `i32(${code} != 0)`, byte: `${code}` };
    case 'names': {
      const name = namesByte(piece, functions);
      return { length: `${name}(${code}, -1)`, byte: `${name}(${code}, index)` };
    }
  }
}

function joinedLength(piece: Extract<Piece, { kind: 'joined' }>, functions: Functions): string {
  const { item, marks, each, separator } = piece;
  const between = separator.map((part) => access(part, functions).length).join(' + ') || '0';
  const ofItem = marks.reduceRight(
    (rest, [mark, { length }]) => `item == ${printValue(mark)} ? ${length} : (${rest})`,
    access(each, functions).length,
  );
  return functions.define(`joinedLength:${piecesKey([piece])}`, 'joinedLength', (name) =>
    [
      `function ${name}(event: u32, image: u32): i32 {`,
      '  let length = 0;',
      '  for (let index: u32 = 0; index < 65536; ++index) {',
      `    const item = ${printValue(item)};`,
      '    if (item == 0) break;',
      `    if (index > 0) length += ${between};`,
      `    length += ${ofItem};`,
      '  }',
      '  return length;',
      '}',
    ].join('\n'),
  );
}

/** Function `index -> byte` of a constant. */
export function constantBytes(bytes: Bytes, functions: Functions): string {
  return functions.define(`constant:${bytes}`, 'constant', (name) => {
    const cases: string[] = [];
    for (let offset = 0; offset < bytes.length; offset += 8) {
      const word = wordAt(bytes, offset, Math.min(8, bytes.length - offset));
      cases.push(`    case ${offset / 8}: return u32((u64(0x${word.toString(16)}) >> ((index & 7) << 3)) & 0xff);`);
    }
    return [`function ${name}(index: i32): u32 {`, '  switch (index >> 3) {', ...cases, '  }', '  return 0;', '}'].join(
      '\n',
    );
  });
}

/** Function `(value, index) -> byte` of the names that apply; with index -1 their whole length. */
function namesByte(piece: Extract<Piece, { kind: 'names' }>, functions: Functions): string {
  const key = `namesByte:${piece.separator}:${piece.none ?? '%'}:${piece.names.map((name) => name.name).join()}`;
  return functions.define(key, 'names', (name) => {
    const part = (bytes: Bytes): string[] => [
      `if (index >= at && index < at + ${bytes.length}) return ${constantBytes(bytes, functions)}(index - at);`,
      `at += ${bytes.length};`,
    ];
    const none = piece.none;
    return [
      `function ${name}(value: u64, index: i32): i32 {`,
      '  let at = 0;',
      '  let some = false;',
      ...piece.names.flatMap((bit) => [
        `  if (${applies(bit, 'value')}) {`,
        `    if (some) { ${part(piece.separator).join(' ')} }`,
        ...part(bit.name).map((line) => `    ${line}`),
        '    some = true;',
        '  }',
      ]),
      none === undefined
        ? '  if (!some) return index < 0 ? decimalLength(value) : i32(decimalByte(value, index));'
        : `  if (!some) { ${part(none).join(' ')} }`,
      '  return at;',
      '}',
    ].join('\n');
  });
}
