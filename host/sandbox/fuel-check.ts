// The fuel check: the one sequence of instructions that may change the fuel, at each function's entry and each loop's head.
//   global.get $fuel; i32.const CHARGE; i32.sub; global.set $fuel; global.get $fuel; i32.const 0; i32.lt_s; if; unreachable; end

import { EMPTY_BLOCK, type InstructionReader } from './code.ts';
import { encodeS32, encodeU32 } from './encode.ts';
import { SandboxError } from './error.ts';
import { OP } from './opcodes.ts';

/** The bytes of a check of `charge` units on the global of index `fuel`. */
export function encodeFuelCheck(fuel: number, charge: number): number[] {
  const index = encodeU32(fuel);
  return [
    OP.globalGet,
    ...index,
    OP.i32Const,
    ...encodeS32(charge),
    OP.i32Sub,
    OP.globalSet,
    ...index,
    OP.globalGet,
    ...index,
    OP.i32Const,
    0,
    OP.i32LtS,
    OP.if,
    ...encodeS32(EMPTY_BLOCK),
    OP.unreachable,
    OP.end,
  ];
}

/** Reads the expected check, and returns its charge. Throws SandboxError `fuel-missing` at the first instruction that differs. */
export function readFuelCheck(reader: InstructionReader, fuel: number): number {
  expect(reader, OP.globalGet, fuel);
  const charge = expect(reader, OP.i32Const);
  if (charge < 1) throw missing(reader, `charges ${charge}, not at least 1`);
  expect(reader, OP.i32Sub);
  expect(reader, OP.globalSet, fuel);
  expect(reader, OP.globalGet, fuel);
  expect(reader, OP.i32Const, 0);
  expect(reader, OP.i32LtS);
  expect(reader, OP.if, EMPTY_BLOCK);
  expect(reader, OP.unreachable);
  expect(reader, OP.end);
  return charge;
}

function expect(reader: InstructionReader, code: number, immediate?: number): number {
  if (reader.done) throw missing(reader, 'the code ends');
  const opcode = reader.next();
  if (opcode.code !== code) throw missing(reader, `found ${opcode.name}`);
  if (immediate !== undefined && reader.immediate !== immediate) {
    throw missing(reader, `${opcode.name} has the operand ${reader.immediate}, not ${immediate}`);
  }
  return reader.immediate;
}

function missing(reader: InstructionReader, what: string): SandboxError {
  const reason = `no fuel check at the function's entry or the loop's head: ${what}`;
  return new SandboxError('fuel-missing', reason, reader.location);
}
