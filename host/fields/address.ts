// Internet addresses as text, as inet_ntop(3) prints them.

/** Text of an address of 4 bytes (IPv4) or 16 (IPv6). */
export function addressText(bytes: Uint8Array): string {
  return bytes.length === 4 ? bytes.join('.') : v6Text(bytes);
}

/** An IPv6 address: groups in hexadecimal, the longest run of zero groups (of two or more; the first of equals) as `::`. */
function v6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) => (at(bytes, 2 * index) << 8) | at(bytes, 2 * index + 1));
  if (isMapped(bytes)) return `::ffff:${bytes.subarray(12).join('.')}`;
  if (groups.slice(0, 6).every((group) => group === 0) && groups[6] !== 0) return `::${bytes.subarray(12).join('.')}`;
  const run = longestZeroRun(groups);
  const hex = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':');
  if (run.length < 2) return hex(groups);
  return `${hex(groups.slice(0, run.start))}::${hex(groups.slice(run.start + run.length))}`;
}

function at(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}

/** ::ffff:a.b.c.d */
export function isMapped(bytes: Uint8Array): boolean {
  return (
    bytes.length === 16 && bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff
  );
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
    if (length > 0) start += length - 1;
  }
  return best;
}
