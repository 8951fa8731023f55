// A text in pieces that is read by index: one function for its length, one for a byte. `concat(proc.name, "/x")` compiles to
//
//   function side_length(image: u32): i32 {
//     if (imageComm(image) == 0) return -1;
//     return i32(lengthOf(imageComm(image))) + 2;
//   }
//
//   function side_byte(image: u32, index: i32): u32 {
//     const length0 = i32(lengthOf(imageComm(image)));
//     if (index < length0) return load<u8>(addressOf(imageComm(image)) + index);
//     index -= length0;
//     const length1 = 2;
//     if (index < length1) return constant(index);
//     index -= length1;
//     return 0;
//   }

import type { RuntimeName } from '../ir/runtime-names.ts';
import { type Bytes, joinScopes, type Piece, piecesKey, scopeOfPiece } from '../ir/text.ts';
import { callFunction, type Value } from '../ir/value.ts';
import { wordAt } from './bytes.ts';
import { type Functions, type Parameters, parametersFor } from './functions.ts';
import type { ByteAt } from './pair-programs.ts';
import { applies, asRead } from './stream.ts';

export interface Side {
  /** i32: -1 if the text is absent. */
  readonly length: Value;
  readonly byteAt: ByteAt;
}

/** The length of a text in pieces, -1 if it is absent. */
export function emitLength(pieces: readonly Piece[], functions: Functions): Value {
  return emitSide(pieces, functions).length;
}

/** Defines the two functions of a text. */
export function emitSide(
  pieces: readonly Piece[],
  functions: Functions,
  { declared, passed }: Parameters = parametersFor(joinScopes(pieces.map(scopeOfPiece))),
): Side {
  const key = declared + piecesKey(pieces);
  const side = functions.define(`side:${key}`, 'side', (name) => {
    const parts = pieces.map((piece) => access(piece, functions));
    return [
      `function ${name}_length(${declared}): i32 {`,
      ...parts.flatMap(({ absent }) => (absent ? [`  if (${absent()}) return -1;`] : [])),
      `  return ${parts.map(({ length }) => length()).join(' + ') || '0'};`,
      '}',
      '',
      `function ${name}_byte(${declared}, index: i32): u32 {`,
      ...parts.flatMap(({ length, byte }, number) => [
        `  const length${number} = ${length()};`,
        `  if (index < length${number}) return ${byte()};`,
        `  index -= length${number};`,
      ]),
      '  return 0;',
      '}',
    ].join('\n');
  });
  return {
    length: callFunction(`${side}_length`, ...passed),
    byteAt: (index) => `${side}_byte(${passed.map((value) => functions.print(value)).join(', ')}, ${index})`,
  };
}

/** How a piece is read, as expressions. Each is written only where it is used, so that what it names is imported then only. */
interface Access {
  /** True if the whole text is absent because of it. */
  readonly absent?: () => string;
  readonly length: () => string;
  /** Byte at `index`. */
  readonly byte: () => string;
}

function access(piece: Piece, functions: Functions): Access {
  if (piece.kind === 'bytes') {
    return { length: () => `${piece.bytes.length}`, byte: () => `${constantBytes(piece.bytes, functions)}(index)` };
  }
  if (piece.kind === 'joined') {
    // Only its length is ever asked for: lowering refuses comparisons, which would go over the list once for each byte.
    const { declared, passed } = parametersFor(scopeOfPiece(piece));
    const length = (): string =>
      `${joinedLength(piece, declared, functions)}(${passed.map((value) => functions.print(value)).join(', ')})`;
    return { length, byte: () => '0' };
  }
  const code = functions.print(piece.value);
  /** A text that names some of rules-wasm. */
  const naming =
    (names: readonly RuntimeName[], text: () => string): (() => string) =>
    () => {
      functions.names(...names);
      return text();
    };
  switch (piece.kind) {
    case 'text':
      return {
        absent: () => `${code} == 0`,
        length: naming(['lengthOf'], () => `i32(lengthOf(${code}))`),
        byte: naming(['addressOf'], () => asRead(`load<u8>(addressOf(${code}) + index)`, piece, functions)),
      };
    case 'base64':
      return {
        absent: naming(['isBase64'], () => `!isBase64(${code})`),
        length: naming(['base64Length'], () => `i32(base64Length(${code}))`),
        byte: naming(['base64Byte'], () => asRead(`base64Byte(${code}, index)`, piece, functions)),
      };
    case 'decimal':
    case 'unsigned':
    case 'octal':
    case 'hexadecimal':
      return {
        length: naming([`${piece.kind}Length`], () => `${piece.kind}Length(${code})`),
        byte: naming([`${piece.kind}Byte`], () => asRead(`${piece.kind}Byte(${code}, index)`, piece, functions)),
      };
    case 'character':
      return { length: () => `i32(${code} != 0)`, byte: () => `${code}` };
    case 'names': {
      const name = namesByte(piece, functions);
      return { length: () => `${name}(${code}, -1)`, byte: () => `${name}(${code}, index)` };
    }
  }
}

/** Function `(event, image) -> length` of the elements of a list with a separator between them; without `event` where none is read. */
function joinedLength(piece: Extract<Piece, { kind: 'joined' }>, declared: string, functions: Functions): string {
  const { item, marks, each, separator } = piece;
  const between = separator.map((part) => access(part, functions).length()).join(' + ') || '0';
  const ofItem = marks.reduceRight(
    (rest, [mark, { length }]) => `item == ${functions.print(mark)} ? ${length} : (${rest})`,
    access(each, functions).length(),
  );
  return functions.define(`joinedLength:${piecesKey([piece])}`, 'joinedLength', (name) =>
    [
      `function ${name}(${declared}): i32 {`,
      '  let length = 0;',
      '  for (let index: u32 = 0; index < 65536; ++index) {',
      `    const item = ${functions.print(item)};`,
      '    if (item == 0) break;',
      `    if (index > 0) length += ${between};`,
      `    length += ${ofItem};`,
      '  }',
      '  return length;',
      '}',
    ].join('\n'),
  );
}

/** Function `index -> byte` of a constant, eight bytes in a number: `case 0: return u32((u64(0x78) >> ((index & 7) << 3)) & 0xff);`. */
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
    if (none === undefined) functions.names('decimalLength', 'decimalByte');
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
