// Checks of texts that stand for numbers: names of flags, of errors, of protocols. The operator is applied to the names at compile time, so only
// a test of the number is left.
//
//   fd.l4proto = tcp                    u64(descriptorL4(event)) == 0x6
//   fd.type in (file, directory)        u64(descriptorKind(event)) == 0x64 || u64(descriptorKind(event)) == 0x66
//   evt.arg.sig in (SIGHUP, ...)        from four on a bit set: u64(...) < 64 && ((u64(0x...) >> u64(...)) & 1) != 0
//   evt.arg.flags contains O_CREAT      (u64(i64(openOpenFlags(event))) & 0x40) == 0x40
//   evt.arg.flags = O_RDONLY|O_CREAT    the names run through an automaton

import { automatonOf } from '../automata/automaton.ts';
import { byte, byteIn, choice, EMPTY, type Pattern, sequence } from '../automata/pattern.ts';
import { all, any, type Condition, FALSE, holds, not } from '../ir/condition.ts';
import { matchAutomaton } from '../ir/match-automaton.ts';
import type { BitName, Bytes, TextMatch } from '../ir/text.ts';
import { arithmetic, cast, compare, hexadecimal, type Value } from '../ir/value.ts';
import type { Operand } from './operand.ts';
import { checkPieces } from './stream-check.ts';
import { matches } from './text-match.ts';

type Names = Extract<Operand, { kind: 'names' }>;

function applies({ mask, equals }: BitName, value: Value): Value {
  const masked = mask === 0xffffffffffffffffn ? value : arithmetic(value, '&', hexadecimal(mask));
  return compare(masked, '==', hexadecimal(equals));
}

/** Whether the text of the names that apply matches. */
export function checkNames(operand: Names, match: TextMatch): Condition {
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
    return any(
      names.filter(({ name }) => matches(name, match)).map((bit) => holds(applies(bit, operand.value), scope)),
    );
  }
  return checkPieces([operand], match);
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
  const decimal = checkPieces([{ kind: 'decimal', value: cast('i64', operand.value), scope }], match);
  return any([oneOf(matching), all([unnamed, decimal])]);
}

/** The number is one of those: small ones by a bit set. */
function anyNumber(bits: readonly BitName[], operand: Names): Condition {
  const [first] = bits;
  if (!first) return FALSE;
  const narrow = first.mask === 0xffffffffn;
  const value = narrow ? arithmetic(operand.value, '&', hexadecimal(first.mask)) : operand.value;
  const small = bits.every(({ equals }) => equals < 64n);
  if (bits.length > 3 && small) {
    const set = bits.reduce((sum, { equals }) => sum | (1n << equals), 0n);
    return holds({ node: 'oneOf', value, set }, operand.scope);
  }
  return any(
    rangesOf(bits.map(({ equals }) => equals)).map(([low, high]) => {
      const within = compare(arithmetic(value, '-', hexadecimal(low)), '<=', hexadecimal(high - low));
      return holds(low === high ? compare(value, '==', hexadecimal(low)) : within, operand.scope);
    }),
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
