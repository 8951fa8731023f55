// Facts of a descriptor that take more than a load.

/** The letter after fd.typechar in evt.arg.fd (`<4t>`): t, u, i or r on an IP socket whose protocol is known; 0 = none. */
export function protocolCharacter(kind: u32, protocol: u32): u32 {
  if (kind != 0x34 && kind != 0x36) return 0;
  switch (protocol) {
    case 6: return 0x74;
    case 17: return 0x75;
    case 1:
    case 58: return 0x69;
    case 255: return 0x72;
  }
  return 0;
}

/** A socket that has a peer: a port or an address is not 0. One that only listens or is bound has none. */
export function hasPeer(kind: u32, port: u32, address: u32): bool {
  if (port != 0 || load<u32>(address) != 0) return true;
  return kind == 0x36 && (load<u32>(address, 4) != 0 || load<u64>(address, 8) != 0);
}
