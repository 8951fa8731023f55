// Instructions with prefix 0xfe, from the threads proposal's overview. Only the loads and the fence write nothing.

import type { OpcodeRun } from './opcode.ts';

/** The seven widths that each read-modify-write operation comes in, in the order of their numbers. */
function widths(operation: string): string {
  return `i32.atomic.rmw.${operation} i64.atomic.rmw.${operation}
          i32.atomic.rmw8.${operation}_u i32.atomic.rmw16.${operation}_u
          i64.atomic.rmw8.${operation}_u i64.atomic.rmw16.${operation}_u i64.atomic.rmw32.${operation}_u`;
}

export const ATOMIC_OPCODES: readonly OpcodeRun[] = [
  [0x00, 'memarg', 'atomic-wait', 'memory.atomic.notify memory.atomic.wait32 memory.atomic.wait64'],
  [0x03, 'zero', 'fence', 'atomic.fence'],
  [
    0x10,
    'memarg',
    'atomic-load',
    `i32.atomic.load i64.atomic.load i32.atomic.load8_u i32.atomic.load16_u
     i64.atomic.load8_u i64.atomic.load16_u i64.atomic.load32_u`,
  ],
  [
    0x17,
    'memarg',
    'atomic-write',
    `i32.atomic.store i64.atomic.store i32.atomic.store8 i32.atomic.store16
     i64.atomic.store8 i64.atomic.store16 i64.atomic.store32`,
  ],
  [0x1e, 'memarg', 'atomic-write', widths('add')],
  [0x25, 'memarg', 'atomic-write', widths('sub')],
  [0x2c, 'memarg', 'atomic-write', widths('and')],
  [0x33, 'memarg', 'atomic-write', widths('or')],
  [0x3a, 'memarg', 'atomic-write', widths('xor')],
  [0x41, 'memarg', 'atomic-write', widths('xchg')],
  [0x48, 'memarg', 'atomic-write', widths('cmpxchg')],
];
