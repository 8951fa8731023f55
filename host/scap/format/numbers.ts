// Numbers that libs has of its own, beside the kernel's: flags and enumerations of parameters.

import { FLAG_TABLES, type FlagTable } from '../../schema/flags.ts';

/** O_ACCMODE: an access that is neither reading nor writing. */
const NO_ACCESS = 3;
const ACCESS = 3;

/** Bits of libs' open flags that are facts of the file. */
export const OPEN_FACT = { CREATED: 0x4000, UPPER_LAYER: 0x8000, LOWER_LAYER: 0x10000 } as const;
const DIRECTORY = { libs: 0x400, kernel: 0x10000 } as const;
const TMPFILE = { libs: 0x2000, kernel: 0x410000 } as const;
const SYNC = { libs: 0x80, kernel: 0x101000 } as const;
const DSYNC = { libs: 0x10, kernel: 0x1000 } as const;

/** Open flags that have one bit on either side. */
const OPEN_BITS = FLAG_TABLES.file_flags.filter(
  ({ value, mask }) => isOneBit(value) && isOneBit(mask) && value !== DSYNC.libs,
);

function isOneBit(value: number): boolean {
  return value !== 0 && (value & (value - 1)) === 0 && (value & ACCESS) === 0;
}

/** The kernel's open flags of libs'. */
export function kernelOpenFlags(libs: number): number {
  const access = libs & ACCESS;
  let flags = access === 0 ? NO_ACCESS : access - 1;
  for (const { value, mask } of OPEN_BITS) if ((libs & value) !== 0) flags |= mask;
  if ((libs & SYNC.libs) !== 0) flags |= SYNC.kernel;
  else if ((libs & DSYNC.libs) !== 0) flags |= DSYNC.kernel;
  if ((libs & TMPFILE.libs) !== 0) flags |= TMPFILE.kernel;
  return flags >>> 0;
}

/** libs' open flags of the kernel's. */
export function libsOpenFlags(kernel: number): number {
  const access = kernel & ACCESS;
  let flags = access === NO_ACCESS ? 0 : access + 1;
  for (const { value, mask } of OPEN_BITS) if ((kernel & mask) !== 0) flags |= value;
  if ((kernel & SYNC.kernel) === SYNC.kernel) flags |= SYNC.libs;
  else if ((kernel & DSYNC.kernel) !== 0) flags |= DSYNC.libs;
  if ((kernel & TMPFILE.kernel) === TMPFILE.kernel) flags |= TMPFILE.libs | DIRECTORY.libs;
  return flags;
}

/** The kernel's number of libs' flags, by a table of names. */
export function kernelFlags(table: FlagTable, libs: number): number {
  let flags = 0;
  for (const { value, equals } of FLAG_TABLES[table]) {
    if (value !== 0 && (libs & value) === value) flags |= equals;
  }
  return flags >>> 0;
}

export function libsFlags(table: FlagTable, kernel: number): number {
  let flags = 0;
  for (const { value, mask, equals } of FLAG_TABLES[table]) {
    if (value !== 0 && (kernel & mask) >>> 0 === equals) flags |= value;
  }
  return flags;
}

/** The kernel's ptrace request. libs has 0 for unknown ones, which no request of the kernel's is that has a name. */
export function kernelPtraceRequest(libs: number): number {
  return FLAG_TABLES.ptrace_requests.find(({ value }) => value === libs)?.equals ?? 0xffffffff;
}

export function libsPtraceRequest(kernel: number): number {
  return FLAG_TABLES.ptrace_requests.find(({ equals }) => equals === kernel)?.value ?? 0;
}

/** IP protocol numbers by libs' number of a descriptor's protocol: unknown, none, TCP, UDP, ICMP, raw. */
const L4 = [0, 0, 6, 17, 1, 255] as const;

export function protocolOf(libs: number): number {
  return L4[libs] ?? 0;
}

export function libsProtocol(protocol: number): number {
  if (protocol === 0) return 1;
  if (protocol === ICMPV6) return 4;
  return Math.max(L4.indexOf(protocol as (typeof L4)[number]), 0);
}

const ICMPV6 = 58;

/** A device as stat(2) has it, and as the kernel does. */
export function kernelDevice(stat: number): number {
  const minor = (stat & 0xff) | ((stat >>> 12) & 0xfff00);
  return ((((stat >>> 8) & 0xfff) << 20) | minor) >>> 0;
}

export function statDevice(kernel: number): number {
  const minor = kernel & 0xfffff;
  return ((minor & 0xff) | ((kernel >>> 20) << 8) | ((minor & ~0xff) << 12)) >>> 0;
}
