// Text operators with constants. What is known at compile time (the name of the event, names of flags) is decided there.

import { type Automaton, accepts, automatonOf } from '../automata/automaton.ts';
import { globEnds, globPattern, simpleGlob } from '../automata/glob.ts';
import { replacingInvalid } from '../automata/invalid-utf8.ts';
import { matchAutomaton } from '../automata/match-pattern.ts';
import { pathPrefixPattern } from '../automata/path-prefix.ts';
import {
  ANYTHING,
  type ByteRange,
  byte,
  byteIn,
  choice,
  EMPTY,
  exactly,
  NEVER,
  type Pattern,
  sequence,
} from '../automata/pattern.ts';
import { regexPattern } from '../automata/regex.ts';
import {
  all,
  any,
  type BitName,
  type Bytes,
  type Condition,
  code,
  constant,
  FALSE,
  matchPieces,
  matchText,
  not,
  type TextCode,
  type TextMatch,
  TRUE,
} from '../ir.ts';
import type { Operand } from './operand.ts';

export type TextOperator =
  | '='
  | '=='
  | 'contains'
  | 'icontains'
  | 'startswith'
  | 'endswith'
  | 'glob'
  | 'iglob'
  | 'regex'
  | '<'
  | '<='
  | '>'
  | '>=';

/** The match of an operator with one constant. `!=` is the negation of `=` on a value that is there. */
export function textMatch(operator: TextOperator, value: Bytes): TextMatch {
  switch (operator) {
    case '=':
    case '==':
      return { op: 'equals', values: [value] };
    case 'contains':
    case 'startswith':
    case 'endswith':
      return { op: operator, value, ignoreCase: false };
    case 'icontains':
      return { op: 'contains', value, ignoreCase: true };
    case 'glob':
    case 'iglob':
      return globMatch(value, operator === 'iglob');
    case 'regex':
      return automaton(operator, [value], () => replacingInvalid(automatonOf(regexPattern(value))));
    case '<':
    case '<=':
    case '>':
    case '>=':
      return automaton(operator, [value], () => automatonOf(orderPattern(operator, value)));
  }
}

export function globMatch(glob: Bytes, ignoreCase: boolean): TextMatch {
  const simple = simpleGlob(glob);
  if (simple && simple.op !== 'equals') return { op: simple.op, value: simple.value, ignoreCase };
  if (simple && !ignoreCase) return { op: 'equals', values: [simple.value] };
  const match = automaton(ignoreCase ? 'iglob' : 'glob', [glob], () => automatonOf(globPattern(glob, { ignoreCase })));
  return ignoreCase || match.op !== 'automaton' ? match : { ...match, ends: globEnds(glob) };
}

export function pathMatch(prefixes: readonly Bytes[]): TextMatch {
  return automaton('pmatch', [...new Set(prefixes)].sort(), () => automatonOf(choice(prefixes.map(pathPrefixPattern))));
}

/** Automata by operator and constants: each rule is lowered for many event types, and many rules share a glob. */
const KNOWN_AUTOMATA = new Map<string, TextMatch>();
const MOST_KNOWN = 2_000;

function automaton(operator: string, values: readonly Bytes[], make: () => Automaton): TextMatch {
  const key = `${operator}:${JSON.stringify(values)}`;
  let match = KNOWN_AUTOMATA.get(key);
  if (!match) {
    const more = values.length > 12 ? ', ...' : '';
    match = {
      op: 'automaton',
      title: `${operator} ${values.slice(0, 12).map(show).join(', ')}${more}`,
      key,
      automaton: make(),
    };
    if (KNOWN_AUTOMATA.size >= MOST_KNOWN) KNOWN_AUTOMATA.clear();
    KNOWN_AUTOMATA.set(key, match);
  }
  return match;
}

function show(value: Bytes): string {
  return JSON.stringify(Buffer.from(value.slice(0, 80), 'latin1').toString('utf8')).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    '.',
  );
}

/** Texts that come before or after the constant, byte by byte. */
function orderPattern(operator: '<' | '<=' | '>' | '>=', value: Bytes): Pattern {
  const parts: Pattern[] = [];
  for (let index = 0; index < value.length; index++) {
    const head = exactly(value.slice(0, index));
    const at = value.charCodeAt(index);
    if (operator.startsWith('<')) parts.push(head);
    const other: readonly ByteRange[] = operator.startsWith('<')
      ? at > 0
        ? [[0, at - 1]]
        : []
      : at < 255
        ? [[at + 1, 255]]
        : [];
    parts.push(other.length > 0 ? sequence([head, byteIn(other), ANYTHING]) : NEVER);
  }
  if (operator.startsWith('>')) parts.push(sequence([exactly(value), byteIn([[0, 255]]), ANYTHING]));
  if (operator.endsWith('=')) parts.push(exactly(value));
  return choice(parts);
}

/** Whether a text that is known now matches. */
export function matches(value: Bytes, match: TextMatch): boolean {
  switch (match.op) {
    case 'equals':
      return match.values.includes(value);
    case 'contains':
    case 'startswith':
    case 'endswith': {
      const fold = (bytes: Bytes): Bytes =>
        match.ignoreCase ? bytes.replace(/[A-Z]/g, (c) => c.toLowerCase()) : bytes;
      const [text, part] = [fold(value), fold(match.value)];
      if (match.op === 'contains') return text.includes(part);
      return match.op === 'startswith' ? text.startsWith(part) : text.endsWith(part);
    }
    case 'automaton':
      return accepts(match.automaton, value);
  }
}

/** Whether the operand is there. */
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
      return operand.negativeIsAbsent ? code(`${operand.code} >= 0`, operand.scope) : TRUE;
    case 'address':
      return code(`${operand.code} != 0`, operand.scope);
    case 'text':
      if (operand.orElse !== undefined) return TRUE;
      return /^orEmpty\(/.test(operand.text.code) ? TRUE : code(`${operand.text.code} != 0`, operand.text.scope);
    case 'pieces':
      return all(
        operand.pieces.map((piece) => {
          if (piece.kind === 'text') return exists({ kind: 'text', text: piece });
          return piece.kind === 'base64' ? code(`isBase64(${piece.code})`, piece.scope, 20) : TRUE;
        }),
      );
    case 'ancestors':
      throw new Error('ancestors are checked one by one');
    case 'list':
      return constant(operand.items.length > 0);
    case 'either':
      return any([
        all([operand.condition, exists(operand.value)]),
        all([not(operand.condition), exists(operand.otherwise)]),
      ]);
  }
}

/** Whether the operand is there and matches. */
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
        return any([code(`${operand.text.code} == 0`, operand.text.scope), filtered(operand.text, match)]);
      }
      return filtered(operand.text, match);
    case 'names':
      return checkNames(operand, match);
    case 'pieces':
      return all([exists(operand), matchPieces(operand.pieces, match)]);
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
      throw new Error(`a text operator on ${operand.kind}: the type check comes first`);
  }
}

/** As many constants are looked for at the beginning of the text before it is made. */
const MOST_BEGINNINGS = 6;

/** A match with cheap tests in front that rule most texts out: what a directory or a glob begins with, what a glob ends with. */
function filtered(text: TextCode, match: TextMatch): Condition {
  const { beginningOf, scope } = text;
  if (match.op === 'automaton' && match.ends) {
    const { head, tail, exact } = match.ends;
    const parts = [
      head === '' ? TRUE : filtered(text, { op: 'startswith', value: head, ignoreCase: false }),
      tail === '' ? TRUE : matchText(text, { op: 'endswith', value: tail, ignoreCase: false }),
    ];
    // Both ends are different bytes if the text is long enough.
    const whole = exact
      ? code(`lengthOf(${text.code}) >= ${head.length + tail.length}`, scope)
      : matchText(text, match);
    return all([...parts, whole]);
  }
  if (beginningOf === undefined || text.case !== undefined) return matchText(text, match);
  const beginnings =
    match.op === 'equals' ? match.values : match.op === 'startswith' && !match.ignoreCase ? [match.value] : [];
  if (beginnings.length === 0 || beginnings.length > MOST_BEGINNINGS) return matchText(text, match);
  const begins = beginnings.map((value) =>
    value === '' ? TRUE : matchText({ code: beginningOf, scope }, { op: 'startswith', value, ignoreCase: false }),
  );
  return all([any(begins), matchText(text, match)]);
}

function isAnything(match: TextMatch): boolean {
  return match.op !== 'equals' && match.op !== 'automaton' && match.value === '';
}

type Names = Extract<Operand, { kind: 'names' }>;

function applies({ mask, equals }: BitName, value: string): string {
  return mask === 0xffffffffffffffffn ? `${value} == ${hex(equals)}` : `(${value} & ${hex(mask)}) == ${hex(equals)}`;
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}

function checkNames(operand: Names, match: TextMatch): Condition {
  const { names, scope } = operand;
  const [first] = names;
  if (
    first &&
    names.every(({ mask }) => mask === first.mask) &&
    (first.mask === 0xffffffffn || first.mask === 0xffffffffffffffffn)
  ) {
    return checkEnumeration(operand, match);
  }
  const plain = match.op === 'contains' && !match.value.includes(operand.separator) && match.value !== '';
  if (plain && !matches(operand.none ?? '0123456789', match)) {
    // A part of one name, so that one of the names that have it must apply.
    return any(names.filter(({ name }) => matches(name, match)).map((bit) => code(applies(bit, operand.code), scope)));
  }
  return matchPieces([operand], match);
}

/** Names of single numbers: each number's text is known, but for those without a name. */
function checkEnumeration(operand: Names, match: TextMatch): Condition {
  const { names, scope, separator, none } = operand;
  const byNumber = new Map<bigint, { readonly bit: BitName; readonly texts: Bytes[] }>();
  for (const bit of names) {
    const known = byNumber.get(bit.equals);
    if (known) known.texts.push(bit.name);
    else byNumber.set(bit.equals, { bit, texts: [bit.name] });
  }
  const all_ = [...byNumber.values()];
  const matching = all_.filter(({ texts }) => matches(texts.join(separator), match));
  const others = all_.filter((entry) => !matching.includes(entry));
  const oneOf = (entries: typeof all_): Condition =>
    anyNumber(
      entries.map(({ bit }) => bit),
      operand,
    );
  const noneMatches = none === undefined ? mayMatchDecimal(match) : matches(none, match);
  // The shorter of the two ways to say it.
  if (noneMatches && none !== undefined) return not(oneOf(others));
  if (!noneMatches) return oneOf(matching);
  const unnamed = not(oneOf(all_));
  const decimal = matchPieces([{ kind: 'decimal', code: `i64(${operand.code})`, scope }], match);
  return any([oneOf(matching), all([unnamed, decimal])]);
}

/** The number is one of those: small ones by a bit set. */
function anyNumber(bits: readonly BitName[], operand: Names): Condition {
  const [first] = bits;
  if (!first) return FALSE;
  const narrow = first.mask === 0xffffffffn;
  const value = narrow ? `(${operand.code} & 0xffffffff)` : operand.code;
  const small = bits.every(({ equals }) => equals < 64n);
  if (bits.length > 3 && small) {
    const set = bits.reduce((sum, { equals }) => sum | (1n << equals), 0n);
    return code(`${value} < 64 && ((${hex(set)} >> ${value}) & 1) != 0`, operand.scope);
  }
  return any(
    rangesOf(bits.map(({ equals }) => equals)).map(([low, high]) =>
      code(low === high ? `${value} == ${hex(low)}` : `${value} - ${hex(low)} <= ${hex(high - low)}`, operand.scope),
    ),
  );
}

/** Numbers that follow each other, together. */
function rangesOf(numbers: readonly bigint[]): readonly (readonly [low: bigint, high: bigint])[] {
  const ranges: [bigint, bigint][] = [];
  for (const number of [...numbers].sort((a, b) => (a < b ? -1 : 1))) {
    const last = ranges.at(-1);
    if (last && last[1] + 1n === number) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges;
}

const DIGIT: Pattern = byteIn([[0x30, 0x39]]);
const DECIMAL: Pattern = sequence([
  choice([byte(0x2d), EMPTY]),
  DIGIT,
  { kind: 'repeat', part: DIGIT, least: 0, most: 20 },
]);

/** Whether any number in decimal could match: if not, no code is needed for it. */
function mayMatchDecimal(match: TextMatch): boolean {
  const ours = matchAutomaton(match);
  const decimal = automatonOf(DECIMAL);
  const seen = new Set<string>();
  const stack: [number, number][] = [[ours.start, decimal.start]];
  for (let pair = stack.pop(); pair; pair = stack.pop()) {
    const [a, b] = pair;
    if (ours.accepting[a] && decimal.accepting[b]) return true;
    for (const value of [0x2d, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39]) {
      const next: [number, number] = [ours.next[a]?.[value] ?? 0, decimal.next[b]?.[value] ?? 0];
      const key = next.join();
      if (seen.has(key)) continue;
      seen.add(key);
      stack.push(next);
    }
  }
  return false;
}
