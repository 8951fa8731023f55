// basename(): what follows the last slash of a text, which may be in pieces. `basename(proc.exepath) = sh` compiles to
//
//   equals_sh(basename(imageExecutable(image)))

import { holds } from '../ir/condition.ts';
import type { Bytes, Piece, TextValue } from '../ir/text.ts';
import { call, compare } from '../ir/value.ts';
import { either, type LoweringContext, type Operand, present } from './operand.ts';
import { mapItems, unsupported } from './pieces.ts';
import { exists } from './text-check.ts';

export function basename(operand: Operand, context: LoweringContext): Operand {
  switch (operand.kind) {
    case 'constant':
      return { kind: 'constant', bytes: lastComponent(operand.bytes) };
    case 'text':
      return { kind: 'text', text: lastOfText(operand.text) };
    case 'list':
      return mapItems(operand, (item) => basename(item, context));
    case 'texts':
      if (operand.each.kind === 'base64') return unsupported('basename', context);
      return {
        ...operand,
        each: { ...operand.each, value: call('basename', operand.each.value) },
        marks: operand.marks.map(([mark, bytes]) => [mark, lastComponent(bytes)]),
      };
    case 'absent':
    case 'names':
      return operand;
    case 'pieces':
      return present(exists(operand), lastOfPieces(operand.pieces, [], context));
    default:
      return unsupported('basename', context);
  }
}

/**
 * What follows the last slash of pieces, which is looked for from their end. Numbers and names have none. `basename(concat("a/", proc.name)) = sh`
 * compiles to two cases: `pieces` reads what follows the last slash of the process's name, `pieces_2` all of the name, if it has no slash.
 *
 *   (
 *     basename(imageComm(image)) != 0 &&
 *     basename(imageComm(image)) != imageComm(image) &&
 *     pieces(image)
 *   ) ||
 *   (
 *     basename(imageComm(image)) == imageComm(image) &&
 *     imageComm(image) != 0 &&
 *     pieces_2(image)
 *   )
 */
function lastOfPieces(pieces: readonly Piece[], after: readonly Piece[], context: LoweringContext): Operand {
  const piece = pieces.at(-1);
  const ending = (...last: readonly Piece[]): Operand => ({ kind: 'pieces', pieces: [...last, ...after] });
  if (!piece) return ending();
  const further = () => lastOfPieces(pieces.slice(0, -1), [piece, ...after], context);
  switch (piece.kind) {
    case 'bytes':
      return piece.bytes.includes('/') ? ending({ ...piece, bytes: lastComponent(piece.bytes) }) : further();
    case 'text': {
      const { kind, ...text } = piece;
      const last = lastOfText(text);
      const hasSlash = holds(compare(last.value, '!=', text.value), text.scope, SEARCH_COST);
      return either(hasSlash, ending({ kind, ...last }), further());
    }
    case 'decimal':
    case 'unsigned':
    case 'octal':
    case 'hexadecimal':
    case 'names':
      return further();
    case 'base64':
    case 'joined':
    case 'character':
      return unsupported('basename', context);
  }
}

/** What a whole text is the beginning of does not begin with its last component: `basename(fd.directory) = etc` holds of /etc/shadow. */
function lastOfText({ beginningOf: _, ...text }: TextValue): TextValue {
  return { ...text, value: call('basename', text.value) };
}

/** Cost of the search for a slash, beside a comparison of numbers. */
const SEARCH_COST = 5;

function lastComponent(bytes: Bytes): Bytes {
  return bytes.slice(bytes.lastIndexOf('/') + 1);
}
