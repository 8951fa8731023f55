// Masks secrets in recorded process images, before rules that somebody types may look for them: by what a rule matches, a guess could be tried.
// Bytes are overwritten where they are, so that all lengths stay.

import { latin1, splitAtNul } from '../../fields/value.ts';
import { imageLogsOf, recordsOf } from '../../recording/image-records.ts';
import { IMAGE } from '../../schema/image.ts';
import { member } from '../../schema/layout.ts';
import type { SecretMask } from './mask-secrets.ts';

const ARGV = member(IMAGE, 'argv').offset;
const ENVIRONMENT = member(IMAGE, 'environment').offset;
const STAR = '*'.charCodeAt(0);

/**
 * @param payload of a block, checked, in the layout of this version
 * @returns how many words had secrets
 */
export function maskRecorded(payload: Uint8Array, mask: SecretMask): number {
  let masked = 0;
  for (const log of imageLogsOf(payload)) {
    for (const record of recordsOf(log)) {
      const words = splitAtNul(textAt(record, ARGV));
      masked += overwrite(words, mask.words(words.map(latin1)));
      // Each is a command of its own, which says what it is the value of.
      for (const variable of splitAtNul(textAt(record, ENVIRONMENT)))
        masked += overwrite([variable], mask.words([latin1(variable)]));
    }
  }
  return masked;
}

function textAt(record: Uint8Array, reference: number): Uint8Array {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const offset = view.getUint32(reference, true);
  return record.subarray(offset, offset === 0 ? 0 : offset + view.getUint32(reference + 4, true));
}

/** What of each word is not the same when it is masked. @returns how many words that are */
function overwrite(words: readonly Uint8Array[], shown: readonly string[]): number {
  let masked = 0;
  words.forEach((word, index) => {
    const [before, after] = [latin1(word), shown[index] ?? ''];
    if (before === after) return;
    const most = Math.min(before.length, after.length);
    let [begin, end] = [0, 0];
    while (begin < most && before[begin] === after[begin]) begin++;
    while (end < most - begin && before.at(-1 - end) === after.at(-1 - end)) end++;
    word.fill(STAR, begin, word.length - end);
    masked++;
  });
  return masked;
}
