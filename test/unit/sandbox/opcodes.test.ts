// The opcode tables are held against V8: what the sandbox lets through V8 knows, with immediates of the same length.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeU32 } from '../../../host/sandbox/encode.ts';
import { SandboxError } from '../../../host/sandbox/error.ts';
import type { Opcode } from '../../../host/sandbox/opcode.ts';
import { verifyModule } from '../../../host/sandbox/verify.ts';
import { allOpcodes } from '../../support/sandbox/all-opcodes.ts';
import { encodeOpcode, sampleImmediates } from '../../support/sandbox/opcode-bytes.ts';
import { checkBytes, ruleModuleBytes } from '../../support/sandbox/wasm-builder.ts';

function codeOf(bytes: Uint8Array): string {
  try {
    verifyModule(bytes);
    return 'passes';
  } catch (error) {
    if (error instanceof SandboxError) return error.code;
    throw error;
  }
}

/** The instruction where the stack holds whatever it may ask for: after `unreachable`; blocks get an end. */
function inContext(opcode: Opcode): number[] {
  const instruction = [...encodeOpcode(opcode), ...sampleImmediates(opcode.immediates, opcode.name)];
  if (opcode.name === 'else') return [0x41, 0, 0x04, 0x40, ...instruction, 0x0b];
  if (opcode.name === 'loop') return [...instruction, ...checkBytes(), 0x0b];
  if (opcode.immediates === 'block') return [0x00, ...instruction, 0x0b];
  if (opcode.name === 'end') return [0x02, 0x40, ...instruction];
  return [0x00, ...instruction, 0x00];
}

const REFUSED_CLASSES = new Set([
  'indirect-call',
  'tail-call',
  'exception',
  'reference',
  'gc',
  'global-set',
  'table',
  'store',
  'memory-grow',
  'bulk',
  'atomic-write',
  'atomic-wait',
]);
const WRITES = /store|rmw|grow|memory\.(fill|copy|init)|data\.drop/;

describe('sandbox: opcode tables', () => {
  const opcodes = allOpcodes();

  it('has the instructions of the specification, each once', () => {
    assert.equal(new Set(opcodes.map((opcode) => opcode.name)).size, opcodes.length);
    assert.equal(new Set(opcodes.map((opcode) => opcode.code)).size, opcodes.length);
    const count = (from: number, to: number): number =>
      opcodes.filter((opcode) => opcode.code >= from && opcode.code < to).length;
    // Of the vectors: 236 of WebAssembly 2.0 and 20 relaxed. Of the atomics: 4 of their own, 7 loads, 7 stores, 49 that modify.
    assert.equal(count(0xfd000, 0xfd100), 236);
    assert.equal(count(0xfd100, 0xfe000), 20);
    assert.equal(count(0xfe000, 0xff000), 4 + 7 + 7 + 49);
    assert.equal(count(0xfc000, 0xfd000), 18);
  });

  it('classes everything that writes as refused', () => {
    const writing = opcodes.filter(({ name }) => WRITES.test(name));
    // 9 stores and 5 of vectors, 7 and 49 of atomics; 2 that grow, 4 of bulk memory.
    assert.equal(writing.length, 9 + 5 + 7 + 49 + 2 + 4);
    for (const opcode of writing) assert.ok(REFUSED_CLASSES.has(opcode.class), opcode.name);
  });

  for (const opcode of opcodes) {
    const refused = REFUSED_CLASSES.has(opcode.class);
    it(`${opcode.name}: ${refused ? 'refused' : 'read as V8 reads it'}`, () => {
      const bytes = ruleModuleBytes(inContext(opcode));
      if (refused) {
        assert.equal(codeOf(bytes), opcode.class === 'bulk' ? 'bulk-memory' : opcode.class);
      } else {
        assert.equal(codeOf(bytes), 'passes');
        assert.ok(WebAssembly.validate(new Uint8Array(bytes)), 'V8 refuses it');
      }
    });
  }

  it('knows how many operands each takes and leaves, as V8 does', () => {
    const constants = [
      [0x41, 0],
      [0x42, 0],
      [0x43, 0, 0, 0, 0],
      [0x44, 0, 0, 0, 0, 0, 0, 0, 0],
      [0xfd, 0x0c, ...Array(16).fill(0)],
    ];
    const sequences = (length: number): number[][] =>
      length === 0 ? [[]] : sequences(length - 1).flatMap((before) => constants.map((one) => [...before, ...one]));
    const byLength = [0, 1, 2, 3].map(sequences);
    for (const opcode of opcodes) {
      // Control is for compile-cost.ts, and its last instructions may leave what they like.
      const isSimple = !REFUSED_CLASSES.has(opcode.class) && !['control', 'call'].includes(opcode.class);
      if (!isSimple) continue;
      const instruction = [...encodeOpcode(opcode), ...sampleImmediates(opcode.immediates, opcode.name)];
      const rest = Array<number>(opcode.pushes).fill(0x1a);
      const fits = (byLength[opcode.pops] ?? []).some((operands) =>
        WebAssembly.validate(new Uint8Array(ruleModuleBytes([...operands, ...instruction, ...rest]))),
      );
      assert.ok(fits, `${opcode.name} does not take ${opcode.pops} operands and leave ${opcode.pushes}`);
    }
  });

  it('refuses every opcode that is in no table, whatever V8 thinks of it', () => {
    const known = new Set(opcodes.map((opcode) => opcode.code));
    for (let byte = 0; byte < 0x100; byte++) {
      if (known.has(byte) || byte >= 0xfb) continue;
      assert.equal(codeOf(ruleModuleBytes([0x00, byte, 0, 0, 0])), 'unknown-opcode', `0x${byte.toString(16)}`);
    }
    assert.equal(codeOf(ruleModuleBytes([0x00, 0xff, 0])), 'unknown-opcode');
    for (const prefix of [0xfc, 0xfd, 0xfe]) {
      for (let number = 0; number < 0x300; number++) {
        if (known.has(prefix * 0x1000 + number)) continue;
        const code = codeOf(ruleModuleBytes([0x00, prefix, ...encodeU32(number), 0, 0, 0]));
        assert.equal(code, 'unknown-opcode', `0x${prefix.toString(16)} 0x${number.toString(16)}`);
      }
    }
  });
});
