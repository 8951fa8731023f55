// Texts that conditions test: their place in memory, their pieces, and how they must match.

import type { NamedBits } from '../../schema/fields/derivation.ts';
import type { Automaton } from '../automata/automaton.ts';
import { printValue } from './print-value.ts';
import { isValue, type Value } from './value.ts';

/** A byte string as a JS string of characters 0-255, so that it can be a part of keys. */
export type Bytes = string;

/** What a value depends on. `image`: the process image and container id alone, so that it may be decided once per process. */
export type Scope = 'image' | 'event';

/** Contiguous bytes in memory: a value that is a text (rules-wasm/text.ts). */
export interface TextValue {
  readonly value: Value;
  readonly scope: Scope;
  /** The bytes count as if they were all in this case (tolower, toupper). */
  readonly case?: 'lower' | 'upper';
  /** Bytes that are not printable count as dots, before the case. */
  readonly shown?: true;
  /** Another text that this one is the beginning of, and that costs less to come by: the name of which it is the directory. */
  readonly beginningOf?: Value;
}

/** The name as bytes. */
export interface BitName extends NamedBits {
  readonly name: Bytes;
}

/** A number that reads as names, of single numbers or of bits: those that apply, in order. */
export interface NamedNumber {
  readonly value: Value;
  readonly scope: Scope;
  readonly names: readonly BitName[];
  readonly separator: Bytes;
  /** What it reads when no name applies; undefined: the number in decimal. */
  readonly none?: Bytes;
}

/** A number that stands in a list for a text that is not in memory, and that text. */
export type Mark = readonly [mark: Value, bytes: Bytes];

/** A part of a text that is not contiguous in memory. */
export type Piece =
  | { readonly kind: 'bytes'; readonly bytes: Bytes }
  | ({ readonly kind: 'text' } & TextValue)
  | ({ readonly kind: 'base64' } & TextValue)
  /** A number of type i64; `unsigned`: of u64, in decimal too. Octal with a zero in front, hexadecimal in capitals. */
  | {
      readonly kind: 'decimal' | 'unsigned' | 'octal' | 'hexadecimal';
      readonly value: Value;
      readonly scope: Scope;
      readonly case?: 'lower' | 'upper';
    }
  /** The elements of a list with a separator between them. `item`, `marks`, `each`: as of an operand of kind `texts`. */
  | {
      readonly kind: 'joined';
      readonly item: Value;
      readonly marks: readonly Mark[];
      readonly each: Piece;
      readonly separator: readonly Piece[];
      readonly scope: Scope;
    }
  /** One byte; none if it is 0. */
  | { readonly kind: 'character'; readonly value: Value; readonly scope: Scope }
  | ({ readonly kind: 'names' } & NamedNumber);

/** How a text must match. Constants are bytes. */
export type TextMatch =
  | { readonly op: 'equals'; readonly values: readonly Bytes[] }
  | { readonly op: 'contains' | 'startswith' | 'endswith'; readonly value: Bytes; readonly ignoreCase: boolean }
  /**
   * `title`: operator and constants, cut short, for a comment; `key`: the whole of them. `within`: what every matching text has anywhere,
   * if that is long enough to be looked for first.
   */
  | {
      readonly op: 'automaton';
      readonly title: string;
      readonly key: string;
      readonly automaton: Automaton;
      readonly within?: Bytes;
      readonly ends?: Ends;
    };

/** What every matching text begins and ends with. `exact`: nothing more is required. */
export interface Ends {
  readonly head: Bytes;
  readonly tail: Bytes;
  readonly exact: boolean;
}

/** How two texts that are both read from the event are compared. */
export type PairOperator =
  | 'equals'
  | 'contains'
  | 'icontains'
  | 'startswith'
  | 'endswith'
  | 'glob'
  | 'iglob'
  | 'less'
  | 'lessOrEqual';

export function joinScopes(scopes: Iterable<Scope>): Scope {
  for (const scope of scopes) if (scope === 'event') return 'event';
  return 'image';
}

export function scopeOfPiece(piece: Piece): Scope {
  if (piece.kind === 'bytes') return 'image';
  return piece.kind === 'joined' ? joinScopes([piece.scope, ...piece.separator.map(scopeOfPiece)]) : piece.scope;
}

/** Same key, same match. */
export function matchKey(match: TextMatch): string {
  return match.op === 'automaton' ? match.key : JSON.stringify(match);
}

/** Same key, same text. */
export function piecesKey(pieces: readonly Piece[]): string {
  return JSON.stringify(pieces, (_, part: unknown) => {
    if (typeof part === 'bigint') return `${part}n`;
    return isValue(part) ? printValue(part) : part;
  });
}
