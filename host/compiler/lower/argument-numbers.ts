// Numbers that conditions see in another encoding than the record has them in.

/** A device, from the kernel's internal encoding (major << 20 | minor) to that of stat(2), as an expression of type i64. */
export function statDevice(device: string): string {
  return `statDevice(u32(${device}))`;
}
