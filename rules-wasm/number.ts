// Numbers as text, byte by byte: a module has no memory to write them to.

/** Characters of a number in decimal, its sign included. */
export function decimalLength(value: i64): i32 {
  let length = value < 0 ? 2 : 1;
  for (let rest: u64 = value < 0 ? 0 - value : value; rest >= 10; rest /= 10) ++length;
  return length;
}

/** The index-th of them. */
export function decimalByte(value: i64, index: i32): u32 {
  if (value < 0 && index == 0) return 0x2d;
  let rest: u64 = value < 0 ? 0 - value : value;
  for (let back = decimalLength(value) - 1 - index; back > 0; --back) rest /= 10;
  return 0x30 + u32(rest % 10);
}

/** The same of a number without a sign. */
export function unsignedLength(value: u64): i32 {
  let length = 1;
  for (let rest = value; rest >= 10; rest /= 10) ++length;
  return length;
}

export function unsignedByte(value: u64, index: i32): u32 {
  let rest = value;
  for (let back = unsignedLength(value) - 1 - index; back > 0; --back) rest /= 10;
  return 0x30 + u32(rest % 10);
}

/** As printf's %#o has it: a zero in front unless the number is zero. */
export function octalLength(value: i64): i32 {
  let length = value == 0 ? 1 : 2;
  for (let rest: u64 = value; rest >= 8; rest /= 8) ++length;
  return length;
}

export function octalByte(value: i64, index: i32): u32 {
  if (index == 0) return 0x30;
  let rest: u64 = value;
  for (let back = octalLength(value) - 1 - index; back > 0; --back) rest /= 8;
  return 0x30 + u32(rest % 8);
}

export function hexadecimalLength(value: i64): i32 {
  let length = 1;
  for (let rest: u64 = value; rest >= 16; rest >>= 4) ++length;
  return length;
}

export function hexadecimalByte(value: i64, index: i32): u32 {
  const digit = u32((u64(value) >> (4 * (hexadecimalLength(value) - 1 - index))) & 15);
  return digit < 10 ? 0x30 + digit : 0x37 + digit;
}
