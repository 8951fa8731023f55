// Operands taken apart: into the cases that their value depends on, and into pieces of text. fd.directory reads `/` where there is none, so
// `concat(fd.directory, "x") = /x` has two cases: the constant `/x`, which is equal, and the pieces fdDirectory(event) and `x`. On `open` it
// compiles, beside a test of the descriptor's kind, to
//
//   fdDirectory(event) == 0 ||
//   (
//     fdDirectory(event) != 0 &&
//     pieces(event, image)
//   )

import { all, any, type Condition, holds, not } from '../ir/condition.ts';
import type { Piece } from '../ir/text.ts';
import { isThere } from '../ir/value.ts';
import { ABSENT, either, type LoweringContext, type Operand } from './operand.ts';

/** A condition on a value that depends on others: one for each case. */
export function splitEither(operand: Operand, check: (operand: Operand) => Condition): Condition {
  const apart = withoutDefault(operand);
  if (apart !== operand) return splitEither(apart, check);
  if (operand.kind !== 'either') return check(operand);
  return any([
    all([operand.condition, splitEither(operand.value, check)]),
    all([not(operand.condition), splitEither(operand.otherwise, check)]),
  ]);
}

/** A text with a default, as two cases. */
function withoutDefault(operand: Operand): Operand {
  if (operand.kind !== 'text' || operand.orElse === undefined) return operand;
  const there = holds(isThere(operand.text.value), operand.text.scope);
  return either(there, { kind: 'text', text: operand.text }, { kind: 'constant', bytes: operand.orElse });
}

/** Maps each case of an operand to an operand. */
export function mapEither(operand: Operand, map: (operand: Operand) => Operand): Operand {
  if (operand.kind !== 'either') return map(operand);
  return either(operand.condition, mapEither(operand.value, map), mapEither(operand.otherwise, map));
}

/** Maps each case of an operand to an operand, with a text and its default as two cases. */
export function mapCases(operand: Operand, map: (operand: Operand) => Operand): Operand {
  const apart = withoutDefault(operand);
  if (apart.kind !== 'either') return map(apart);
  return either(apart.condition, mapCases(apart.value, map), mapCases(apart.otherwise, map));
}

/** Whether there are too many pieces in all cases of values that are combined, each case with each: conditions have code for all of them. */
export function isTooLarge(operands: readonly Operand[]): boolean {
  const measures = operands.map(measure);
  const cases = measures.reduce((product, each) => product * each.cases, 1);
  const pieces = measures.reduce((sum, each) => sum + each.pieces, 0);
  return cases > 1 && cases * pieces > MOST_PIECES;
}

/** This many take 0.3 s and 70 MB to compile. */
const MOST_PIECES = 4096;

/** How many cases there are, and the pieces of the longest. */
function measure(operand: Operand): { readonly cases: number; readonly pieces: number } {
  if (operand.kind === 'either') {
    const [one, other] = [measure(operand.value), measure(operand.otherwise)];
    return { cases: one.cases + other.cases, pieces: Math.max(one.pieces, other.pieces) };
  }
  const cases = operand.kind === 'text' && operand.orElse !== undefined ? 2 : 1;
  return { cases, pieces: piecesOf(operand)?.length ?? 1 };
}

/** A list with each element transformed; absent if any result is absent. */
export function mapItems(list: Extract<Operand, { kind: 'list' }>, map: (item: Operand) => Operand): Operand {
  const items = list.items.map((item) => mapCases(item, map));
  return items.some((item) => item.kind === 'absent') ? ABSENT : { kind: 'list', items };
}

/** The pieces of a text; undefined for other operands. */
export function piecesOf(operand: Operand): readonly Piece[] | undefined {
  switch (operand.kind) {
    case 'constant':
      return operand.bytes === '' ? [] : [{ kind: 'bytes', bytes: operand.bytes }];
    case 'text':
      return [{ kind: 'text', ...operand.text }];
    case 'pieces':
      return operand.pieces;
    case 'names':
      return [operand];
    default:
      return undefined;
  }
}

/** Pieces as a constant or as one text, where they are no more than that. */
export function asOne(pieces: readonly Piece[]): Operand {
  const constants = pieces.flatMap((piece) => (piece.kind === 'bytes' ? [piece.bytes] : []));
  if (constants.length === pieces.length) return { kind: 'constant', bytes: constants.join('') };
  const [only] = pieces;
  if (only?.kind !== 'text' || pieces.length > 1) return { kind: 'pieces', pieces };
  const { kind, ...text } = only;
  return { kind, text };
}

/** What a transformer gives for a text that it can't read in pieces. */
export function unsupported(name: string, context: LoweringContext): Operand {
  context.warn('condition-not-supported', `${name}() of a joined text is not supported; the condition is never true`);
  return ABSENT;
}
