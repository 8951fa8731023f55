// Instructions with one byte and with prefix 0xfc, from the specification's index of instructions (WebAssembly 3.0).

import type { OpcodeRun } from './opcode.ts';

export const CORE_OPCODES: readonly OpcodeRun[] = [
  [0x00, 'none', 'control', 'unreachable nop'],
  [0x02, 'block', 'control', 'block loop if'],
  [0x05, 'none', 'control', 'else'],
  // 0x06-0x09, 0x18 and 0x19 are those of the first, withdrawn exception proposal, which V8 still knows.
  [0x06, 'unread', 'exception', 'try catch throw rethrow throw_ref'],
  [0x0b, 'none', 'control', 'end'],
  [0x0c, 'label', 'control', 'br br_if'],
  [0x0e, 'labels', 'control', 'br_table'],
  [0x0f, 'none', 'control', 'return'],
  [0x10, 'function', 'call', 'call'],
  [0x11, 'type-table', 'indirect-call', 'call_indirect'],
  [0x12, 'function', 'tail-call', 'return_call'],
  [0x13, 'type-table', 'indirect-call', 'return_call_indirect'],
  [0x14, 'index', 'indirect-call', 'call_ref return_call_ref'],
  [0x18, 'unread', 'exception', 'delegate catch_all'],
  [0x1a, 'none', 'numeric', 'drop select'],
  [0x1c, 'types', 'numeric', 'select_t'],
  [0x1f, 'unread', 'exception', 'try_table'],
  [0x20, 'local', 'local', 'local.get local.set local.tee'],
  [0x23, 'global', 'global-get', 'global.get'],
  [0x24, 'global', 'global-set', 'global.set'],
  [0x25, 'index', 'table', 'table.get table.set'],
  [
    0x28,
    'memarg',
    'load',
    `i32.load i64.load f32.load f64.load i32.load8_s i32.load8_u i32.load16_s i32.load16_u
     i64.load8_s i64.load8_u i64.load16_s i64.load16_u i64.load32_s i64.load32_u`,
  ],
  [
    0x36,
    'memarg',
    'store',
    'i32.store i64.store f32.store f64.store i32.store8 i32.store16 i64.store8 i64.store16 i64.store32',
  ],
  [0x3f, 'memory', 'memory-size', 'memory.size'],
  [0x40, 'memory', 'memory-grow', 'memory.grow'],
  [0x41, 'i32', 'constant', 'i32.const'],
  [0x42, 'i64', 'constant', 'i64.const'],
  [0x43, 'bytes-4', 'constant', 'f32.const'],
  [0x44, 'bytes-8', 'constant', 'f64.const'],
  [
    0x45,
    'none',
    'numeric',
    `i32.eqz i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u
     i64.eqz i64.eq i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u i64.ge_s i64.ge_u
     f32.eq f32.ne f32.lt f32.gt f32.le f32.ge
     f64.eq f64.ne f64.lt f64.gt f64.le f64.ge
     i32.clz i32.ctz i32.popcnt i32.add i32.sub i32.mul i32.div_s i32.div_u i32.rem_s i32.rem_u
     i32.and i32.or i32.xor i32.shl i32.shr_s i32.shr_u i32.rotl i32.rotr
     i64.clz i64.ctz i64.popcnt i64.add i64.sub i64.mul i64.div_s i64.div_u i64.rem_s i64.rem_u
     i64.and i64.or i64.xor i64.shl i64.shr_s i64.shr_u i64.rotl i64.rotr
     f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt
     f32.add f32.sub f32.mul f32.div f32.min f32.max f32.copysign
     f64.abs f64.neg f64.ceil f64.floor f64.trunc f64.nearest f64.sqrt
     f64.add f64.sub f64.mul f64.div f64.min f64.max f64.copysign
     i32.wrap_i64 i32.trunc_f32_s i32.trunc_f32_u i32.trunc_f64_s i32.trunc_f64_u
     i64.extend_i32_s i64.extend_i32_u i64.trunc_f32_s i64.trunc_f32_u i64.trunc_f64_s i64.trunc_f64_u
     f32.convert_i32_s f32.convert_i32_u f32.convert_i64_s f32.convert_i64_u f32.demote_f64
     f64.convert_i32_s f64.convert_i32_u f64.convert_i64_s f64.convert_i64_u f64.promote_f32
     i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64
     i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s`,
  ],
  [0xd0, 'unread', 'reference', 'ref.null ref.is_null ref.func ref.eq ref.as_non_null br_on_null br_on_non_null'],
];

/** Prefix 0xfc. */
export const BULK_OPCODES: readonly OpcodeRun[] = [
  [
    0,
    'none',
    'numeric',
    `i32.trunc_sat_f32_s i32.trunc_sat_f32_u i32.trunc_sat_f64_s i32.trunc_sat_f64_u
     i64.trunc_sat_f32_s i64.trunc_sat_f32_u i64.trunc_sat_f64_s i64.trunc_sat_f64_u`,
  ],
  [8, 'index-index', 'bulk', 'memory.init'],
  [9, 'index', 'bulk', 'data.drop'],
  [10, 'index-index', 'bulk', 'memory.copy'],
  [11, 'index', 'bulk', 'memory.fill'],
  [12, 'index-index', 'table', 'table.init'],
  [13, 'index', 'table', 'elem.drop'],
  [14, 'index-index', 'table', 'table.copy'],
  [15, 'index', 'table', 'table.grow table.size table.fill'],
];
