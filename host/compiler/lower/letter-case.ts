// tolower() and toupper(): operands that are read in one case. Constants are converted now; texts are marked, and compared in that case.
// `tolower(proc.name) = bash` compiles to `equals_bash_anyCase(imageComm(image))`, and `= Bash` to false: nothing in lower case has a B. Text in
// pieces is read in that case, byte by byte. In `tolower(concat(proc.name, "X")) = bashx` the constant is x by now, and the name is read by
//
//   function automaton_over_lower(state: u32, text: u64): u32 {
//     const end = addressOf(text) + lengthOf(text);
//     for (let at = addressOf(text); at < end && state < 6; ++at) state = automaton(state, lowerByte(load<u8>(at)));
//     return state;
//   }

import { lower, upper } from '../ir/letter-case.ts';
import type { Bytes, Piece } from '../ir/text.ts';
import { call } from '../ir/value.ts';
import type { Operand } from './operand.ts';
import { mapItems } from './pieces.ts';

export function inCase(operand: Operand, to: 'lower' | 'upper'): Operand {
  const convert = to === 'lower' ? lower : upper;
  switch (operand.kind) {
    case 'constant':
      return { kind: 'constant', bytes: convert(operand.bytes) };
    case 'text': {
      const cased = { kind: 'text', text: { ...operand.text, case: to } } as const;
      return operand.orElse === undefined ? cased : { ...cased, orElse: convert(operand.orElse) };
    }
    case 'names':
      return { ...operand, ...namesInCase(operand, convert) };
    case 'pieces':
      return { kind: 'pieces', pieces: operand.pieces.map((piece) => pieceInCase(piece, to, convert)) };
    case 'list':
      return mapItems(operand, (item) => inCase(item, to));
    case 'texts':
      return {
        ...operand,
        each: { ...operand.each, case: to },
        marks: operand.marks.map(([mark, bytes]) => [mark, convert(bytes)]),
      };
    default:
      return operand;
  }
}

type Names = Extract<Piece, { kind: 'names' }>;

function namesInCase(names: Names, convert: (bytes: Bytes) => Bytes): Pick<Names, 'names' | 'none'> {
  const converted = names.names.map((bit) => ({ ...bit, name: convert(bit.name) }));
  return names.none === undefined ? { names: converted } : { names: converted, none: convert(names.none) };
}

function pieceInCase(piece: Piece, to: 'lower' | 'upper', convert: (bytes: Bytes) => Bytes): Piece {
  switch (piece.kind) {
    case 'bytes':
      return { ...piece, bytes: convert(piece.bytes) };
    case 'text':
    case 'base64':
      return { ...piece, case: to };
    case 'names':
      return { ...piece, ...namesInCase(piece, convert) };
    case 'joined':
      return {
        ...piece,
        each: pieceInCase(piece.each, to, convert),
        marks: piece.marks.map(([mark, bytes]) => [mark, convert(bytes)]),
        separator: piece.separator.map((part) => pieceInCase(part, to, convert)),
      };
    case 'character':
      return { ...piece, value: call(to === 'lower' ? 'lowerByte' : 'upperByte', piece.value) };
    case 'hexadecimal':
      return { ...piece, case: to };
    case 'decimal':
    case 'unsigned':
    case 'octal':
      return piece;
  }
}
