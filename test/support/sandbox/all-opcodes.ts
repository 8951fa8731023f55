// All instructions that the sandbox's opcode tables know, to compare them with V8 and to make programs of them.

import type { Opcode } from '../../../host/sandbox/opcode.ts';
import { coreOpcode, PREFIXES, prefixedOpcodes } from '../../../host/sandbox/opcodes.ts';

export function allOpcodes(): Opcode[] {
  const core = Array.from({ length: 0x100 }, (_, byte) => coreOpcode(byte));
  const prefixed = Object.values(PREFIXES).flatMap((prefix) => prefixedOpcodes(prefix) ?? []);
  return [...core, ...prefixed].filter((opcode) => opcode !== undefined);
}
