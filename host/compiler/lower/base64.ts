// b64(): the bytes that a base64 text stands for, decoded while they are read. `b64(proc.name) startswith he` compiles to
//
//   function pieces(image: u32): bool {
//     let state: u32 = 0;
//     const piece0 = imageComm(image);
//     if (!isBase64(piece0)) return false;
//     for (let at: u32 = 0, length = base64Length(piece0); at < length; ++at) state = automaton(state, base64Byte(piece0, at));
//     return state == 2;
//   }

import type { Bytes } from '../ir/text.ts';
import { call, truth, type Value } from '../ir/value.ts';
import { checkEach, type Texts } from './list-check.ts';
import { ABSENT, type LoweringContext, type Operand } from './operand.ts';
import { mapItems, unsupported } from './pieces.ts';

export function base64(operand: Operand, context: LoweringContext): Operand {
  if (operand.kind === 'absent') return operand;
  if (operand.kind === 'text' && operand.text.case === undefined) {
    // What is not printable is not base64, and neither are dots.
    const { shown: _, ...text } = operand.text;
    return { kind: 'pieces', pieces: [{ kind: 'base64', ...text }] };
  }
  if (operand.kind === 'constant') {
    const bytes = decoded(operand.bytes);
    return bytes === undefined ? ABSENT : { kind: 'constant', bytes };
  }
  if (operand.kind === 'list') return mapItems(operand, (item) => base64(item, context));
  if (operand.kind === 'texts') return base64OfEach(operand, context);
  return unsupported('b64', context);
}

/** What base64 text stands for. Bits of the last digit that make no whole byte have to be 0. One or two `=` at the end do not count, as of texts of events. */
function decoded(text: Bytes): Bytes | undefined {
  const digits = text.replace(/={1,2}$/, '');
  const valid = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048])?$/.test(digits);
  return valid ? Buffer.from(digits, 'base64').toString('latin1') : undefined;
}

/** Absent if any element is not base64. */
function base64OfEach(texts: Texts, context: LoweringContext): Operand {
  if (texts.each.kind === 'base64' || texts.each.case !== undefined) return unsupported('b64', context);
  const isText = (bytes: Bytes): Value => truth(decoded(bytes) !== undefined);
  const there = checkEach(texts, true, call('isBase64', texts.each.value), isText, context);
  return {
    ...texts,
    there,
    each: { ...texts.each, kind: 'base64' },
    marks: texts.marks.map(([mark, bytes]) => [mark, decoded(bytes) ?? '']),
  };
}
