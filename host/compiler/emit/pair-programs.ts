// How two texts are compared that are read byte by byte: the statements of a function, by operator. `n` and `m` are the lengths of the left
// and the right text. `proc.name < val(proc.pname)` compiles to
//
//   for (let i = 0; i < n && i < m; ++i) {
//     const a = side_byte(image, i);
//     const b = side_2_byte(image, i);
//     if (a != b) return a < b;
//   }
//   return n < m;

import type { PairOperator } from '../ir/text.ts';

/** The byte of a text at an index, as an expression: `left('n - 1')` becomes `side_byte(event, image, n - 1)`. */
export type ByteAt = (index: string) => string;

/** The statements that return whether the texts compare so. */
export function pairProgram(operator: PairOperator, left: ByteAt, right: ByteAt): string {
  switch (operator) {
    case 'equals':
      return equals(left, right);
    case 'startswith':
      return startsWith(left, right);
    case 'endswith':
      return endsWith(left, right);
    case 'contains':
      return contains(left, right);
    case 'icontains':
      return contains(inLowerCase(left), inLowerCase(right));
    case 'less':
      return comesBefore(left, right, '<');
    case 'lessOrEqual':
      return comesBefore(left, right, '<=');
    case 'glob':
      return glob(left, right, (byte) => byte);
    case 'iglob':
      return glob(left, right, (byte) => `lowerByte(${byte})`);
  }
}

function inLowerCase(byteAt: ByteAt): ByteAt {
  return (index) => `lowerByte(${byteAt(index)})`;
}

const equals = (left: ByteAt, right: ByteAt): string => `\
if (n != m) return false;
for (let i = 0; i < n; ++i) if (!(${left('i')} == ${right('i')})) return false;
return true;`;

const startsWith = (left: ByteAt, right: ByteAt): string => `\
if (n < m) return false;
for (let i = 0; i < m; ++i) if (!(${left('i')} == ${right('i')})) return false;
return true;`;

const endsWith = (left: ByteAt, right: ByteAt): string => `\
if (n < m) return false;
for (let i = 0; i < m; ++i) if (!(${left('n - m + i')} == ${right('i')})) return false;
return true;`;

const contains = (left: ByteAt, right: ByteAt): string => `\
for (let start = 0; start <= n - m; ++start) {
  let i = 0;
  while (i < m && ${left('start + i')} == ${right('i')}) ++i;
  if (i == m) return true;
}
return false;`;

/** `ofLengths`: how the lengths compare if one text is the beginning of the other. */
const comesBefore = (left: ByteAt, right: ByteAt, ofLengths: '<' | '<='): string => `\
for (let i = 0; i < n && i < m; ++i) {
  const a = ${left('i')};
  const b = ${right('i')};
  if (a != b) return a < b;
}
return n ${ofLengths} m;`;

/**
 * fnmatch of a pattern that is known at run time only: `*`, `?`, `\x`, `[a-z]`. On a mismatch it goes back to the last star, which then
 * takes one byte more. `inCase`: a byte as it is compared.
 */
const glob = (text: ByteAt, pattern: ByteAt, inCase: (byte: string) => string): string => `\
let i = 0;
let j = 0;
let star = -1;
let from = 0;
while (true) {
  let next = -1;
  if (j < m) {
    const p = ${pattern('j')};
    if (p == 0x2a) {
      star = ++j;
      from = i;
      continue;
    }
    if (i < n) {
      const byte = ${text('i')};
      if (p == 0x3f) next = j + 1;
      else if (p == 0x5c) next = j + 1 < m && ${inCase(pattern('j + 1'))} == ${inCase('byte')} ? j + 2 : -1;
      else if (p == 0x5b) {
        // A bracket expression: [abc], [a-z], [!a]. One that is not closed stands for itself.
        let k = j + 1;
        const negated = k < m && (${pattern('k')} == 0x21 || ${pattern('k')} == 0x5e);
        if (negated) ++k;
        let within = false;
        const first = k;
        while (k < m && (k == first || ${pattern('k')} != 0x5d)) {
          if (${pattern('k')} == 0x5c && k + 1 < m) ++k;
          const low = ${inCase(pattern('k'))};
          let high = low;
          if (k + 2 < m && ${pattern('k + 1')} == 0x2d && ${pattern('k + 2')} != 0x5d) {
            high = ${inCase(pattern('k + 2'))};
            k += 2;
          }
          if (${inCase('byte')} >= low && ${inCase('byte')} <= high) within = true;
          ++k;
        }
        if (k < m) next = within != negated ? k + 1 : -1;
        else next = byte == 0x5b ? j + 1 : -1;
      } else if (${inCase('p')} == ${inCase('byte')}) next = j + 1;
    }
  } else if (i == n) {
    return true;
  }
  if (next >= 0) {
    j = next;
    ++i;
  } else {
    if (star < 0 || from >= n) return false;
    i = ++from;
    j = star;
  }
}`;
