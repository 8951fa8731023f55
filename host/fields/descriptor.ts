// The meaning of the numbers of a file or socket that a call works on.

/** An IPv4 or IPv6 socket, by fd.typechar. */
export function isSocketKind(kind: number): boolean {
  return kind === 0x34 || kind === 0x36;
}

/** From the kernel's internal encoding (major << 20 | minor) to that of stat(2), which fd.dev has. */
export function statDevice(device: number): bigint {
  const major = BigInt(device >>> 20);
  const minor = BigInt(device & 0xfffff);
  return (minor & 0xffn) | (major << 8n) | ((minor & ~0xffn) << 12n);
}
