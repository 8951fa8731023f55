// The meaning of the numbers of a file or socket that a call works on.

/** An IPv4 or IPv6 socket, by fd.typechar. */
export function isSocketKind(kind: number): boolean {
  return kind === 0x34 || kind === 0x36;
}

const PROTOCOL_LETTERS: Readonly<Record<number, string>> = { 1: 'i', 6: 't', 17: 'u', 58: 'i', 255: 'r' };

/** The letter of a socket's protocol, which follows the kind in evt.arg; 0 if it has none. */
export function protocolCharacter(kind: number, protocol: number): bigint {
  const letter = isSocketKind(kind) ? PROTOCOL_LETTERS[protocol] : undefined;
  return BigInt(letter?.charCodeAt(0) ?? 0);
}

/** From the kernel's internal encoding (major << 20 | minor) to that of stat(2), which fd.dev has. */
export function statDevice(device: number): bigint {
  const major = BigInt(device >>> 20);
  const minor = BigInt(device & 0xfffff);
  return (minor & 0xffn) | (major << 8n) | ((minor & ~0xffn) << 12n);
}
