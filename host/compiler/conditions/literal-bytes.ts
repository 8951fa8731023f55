// Constants as bytes. A condition may hold bytes that are no UTF-8 (\xff); in a JS string such a byte is the lone
// surrogate U+DC00 + byte, which no well-formed text contains.

const LOWEST = 0xdc80;
const HIGHEST = 0xdcff;

/** Bytes of the constant `text` of a Literal: UTF-8, with escaped bytes as they are. */
export function literalBytes(text: string): Uint8Array {
  const parts: Buffer[] = [];
  let plain = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    const paired = index > 0 && isHighSurrogate(text.charCodeAt(index - 1));
    if (unit < LOWEST || unit > HIGHEST || paired) continue;
    parts.push(Buffer.from(text.slice(plain, index), 'utf8'), Buffer.of(unit - 0xdc00));
    plain = index + 1;
  }
  parts.push(Buffer.from(text.slice(plain), 'utf8'));
  return Buffer.concat(parts);
}

/** How a byte written as \xHH stands in a Literal's text. */
export function byteAsText(byte: number): string {
  return byte < 0x80 ? String.fromCharCode(byte) : String.fromCharCode(0xdc00 + byte);
}

/** Whether the UTF-16 unit stands for a single byte. Only meaningful where it isn't the second half of a pair. */
export function isEscapedByte(unit: number): boolean {
  return unit >= LOWEST && unit <= HIGHEST;
}

export function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

/** Text for a person: bytes put back together as UTF-8, U+FFFD where that doesn't work. */
export function literalForDisplay(text: string): string {
  return Buffer.from(literalBytes(text)).toString('utf8');
}
