// The meaning of the numbers of a file or socket that a call works on.

/** An IPv4 or IPv6 socket, by fd.typechar. */
export function isSocketKind(kind: number): boolean {
  return kind === 0x34 || kind === 0x36;
}

/** `4`, with `t`, `u`, `i` or `r` after it where the protocol is known: how descriptors stand in evt.arg. */
export function kindAndProtocol(kind: number, protocol: number): string {
  return String.fromCharCode(kind) + (isSocketKind(kind) ? protocolLetter(protocol) : '');
}

function protocolLetter(protocol: number): string {
  switch (protocol) {
    case 6:
      return 't';
    case 17:
      return 'u';
    case 1:
    case 58:
      return 'i';
    case 255:
      return 'r';
    default:
      return '';
  }
}

/** From the kernel's internal encoding (major << 20 | minor) to that of stat(2), which fd.dev has. */
export function statDevice(device: number): bigint {
  const major = BigInt(device >>> 20);
  const minor = BigInt(device & 0xfffff);
  return (minor & 0xffn) | (major << 8n) | ((minor & ~0xffn) << 12n);
}
