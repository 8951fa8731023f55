// Checks of texts with constants. What is known at compile time is decided here.
//
//   fd.name exists                 true: orEmpty(...) is never absent
//   evt.type = open                true or false
//   proc.name = bash               the text imageComm(image) equals bash
//   evt.res = ENOENT               u64(headerResult(event)) == 0xfffffffffffffffe
//   fd.name glob /etc/*.conf       begins with /etc/, ends with .conf, lengthOf(...) >= 10
//   concat(proc.name, "x") = ax    the pieces run through an automaton

import { all, any, type Condition, constant, FALSE, holds, matchText, not, TRUE } from '../ir/condition.ts';
import type { Bytes, Piece, TextMatch, TextValue } from '../ir/text.ts';
import { call, compare, integer, isAbsent, isThere } from '../ir/value.ts';
import { checkNames } from './named-number-check.ts';
import { isNotNegative } from './number-check.ts';
import type { Operand } from './operand.ts';
import { checkPieces } from './stream-check.ts';
import { matches } from './text-match.ts';

/** Whether the operand is present. */
export function exists(operand: Operand): Condition {
  switch (operand.kind) {
    case 'absent':
      return FALSE;
    case 'constant':
    case 'names':
    case 'boolean':
    case 'ends':
      return TRUE;
    case 'number':
      return operand.negativeIsAbsent ? holds(isNotNegative(operand.value), operand.scope) : TRUE;
    case 'address':
      return holds(isThere(operand.value), operand.scope);
    case 'text':
      return operand.orElse === undefined ? isTextThere(operand.text) : TRUE;
    case 'pieces':
      return all(
        operand.pieces.map((piece) => {
          if (piece.kind === 'text') return isTextThere(piece);
          return piece.kind === 'base64' ? holds(call('isBase64', piece.value), piece.scope, 20) : TRUE;
        }),
      );
    case 'ancestors':
      throw new Error('ancestors are checked one by one');
    case 'list':
      return all(operand.items.map(exists));
    case 'texts':
      return operand.there;
    case 'either':
      return any([
        all([operand.condition, exists(operand.value)]),
        all([not(operand.condition), exists(operand.otherwise)]),
      ]);
  }
}

function isTextThere({ value, scope }: TextValue): Condition {
  return value.node === 'call' && value.operator === 'orEmpty' ? TRUE : holds(isThere(value), scope);
}

/** Whether the operand is present and matches. */
export function checkText(operand: Operand, match: TextMatch): Condition {
  switch (operand.kind) {
    case 'absent':
      return FALSE;
    case 'constant':
      return constant(matches(operand.bytes, match));
    case 'text':
      if (match.op === 'equals' && match.values.length === 0) return FALSE;
      if (isAnything(match)) return exists(operand);
      if (operand.orElse !== undefined && matches(operand.orElse, match)) {
        return any([holds(isAbsent(operand.text.value), operand.text.scope), filtered(operand.text, match)]);
      }
      return filtered(operand.text, match);
    case 'names':
      return checkNames(operand, match);
    case 'pieces':
      return all([exists(operand), checkPieces(operand.pieces, match)]);
    case 'either':
      return any([
        all([operand.condition, checkText(operand.value, match)]),
        all([not(operand.condition), checkText(operand.otherwise, match)]),
      ]);
    case 'number':
    case 'boolean':
    case 'address':
    case 'ends':
    case 'ancestors':
    case 'list':
    case 'texts':
      throw new Error(`a text operator on ${operand.kind}: the type check comes first`);
  }
}

/** Constants that are looked for at the beginning of the text before it is made. */
const MOST_BEGINNINGS = 6;

/** A match after cheap tests that exclude most texts: the beginning of a directory or glob, the end of a glob. */
function filtered(text: TextValue, match: TextMatch): Condition {
  if (text.shown) return shown(text, match);
  const { beginningOf, scope } = text;
  if (match.op === 'automaton' && match.ends) {
    const { head, tail, exact } = match.ends;
    const parts = [
      head === '' ? TRUE : filtered(text, { op: 'startswith', value: head, ignoreCase: false }),
      tail === '' ? TRUE : matchText(text, { op: 'endswith', value: tail, ignoreCase: false }),
    ];
    // Both ends are different bytes if the text is long enough.
    const whole = exact
      ? holds(compare(call('lengthOf', text.value), '>=', integer(head.length + tail.length)), scope)
      : matchText(text, match);
    return all([...parts, whole]);
  }
  if (beginningOf === undefined || text.case !== undefined) return matchText(text, match);
  const beginnings =
    match.op === 'equals' ? match.values : match.op === 'startswith' && !match.ignoreCase ? [match.value] : [];
  if (beginnings.length === 0 || beginnings.length > MOST_BEGINNINGS) return matchText(text, match);
  const begins = beginnings.map((value) =>
    value === '' ? TRUE : matchText({ value: beginningOf, scope }, { op: 'startswith', value, ignoreCase: false }),
  );
  return all([any(begins), matchText(text, match)]);
}

/**
 * A text whose unprintable bytes count as dots. A constant of printable bytes without a dot is in it where it is in the bytes as they are, which
 * are compared many at a time; another one runs through an automaton:
 *
 *   evt.arg.args contains shadow       contains(eventArgs, shadow)
 *   evt.arg.args contains id_rsa.pub   contains(eventArgs, id_rsa) and an automaton over the shown bytes
 */
function shown({ shown: _, ...raw }: TextValue, match: TextMatch): Condition {
  const pieces: readonly Piece[] = [{ kind: 'text', ...raw, shown: true }];
  if (match.op === 'automaton') return checkPieces(pieces, match);
  if (match.op === 'equals') {
    const [same, dotted] = [match.values.filter(isShownAsIs), match.values.filter((value) => !isShownAsIs(value))];
    const lengths = [...new Set(dotted.map((value) => value.length))];
    const length = call('lengthOf', raw.value);
    return any([
      ...(same.length === 0 ? [] : [matchText(raw, { op: 'equals', values: same })]),
      all([
        any(lengths.map((bytes) => holds(compare(length, '==', integer(bytes)), raw.scope))),
        checkPieces(pieces, { op: 'equals', values: dotted }),
      ]),
    ]);
  }
  if (isShownAsIs(match.value)) return matchText(raw, match);
  const [part = ''] = (match.value.match(SHOWN_AS_IS) ?? []).toSorted((one, other) => other.length - one.length);
  const hasPart = part === '' ? TRUE : matchText(raw, { op: 'contains', value: part, ignoreCase: match.ignoreCase });
  return all([hasPart, checkPieces(pieces, match)]);
}

/** Printable bytes, of which the dot also stands for others. */
const SHOWN_AS_IS = /[\x20-\x2d\x2f-\x7e]+/g;

function isShownAsIs(constant: Bytes): boolean {
  return constant.replace(SHOWN_AS_IS, '') === '';
}

function isAnything(match: TextMatch): boolean {
  return match.op !== 'equals' && match.op !== 'automaton' && match.value === '';
}
