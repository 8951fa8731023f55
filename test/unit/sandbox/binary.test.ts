// The reader takes exactly what the specification calls well-formed: LEB128 in its bounds, sections in order, nothing left over.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ByteReader } from '../../../host/sandbox/binary.ts';
import { encodeS32, encodeSection, encodeU32 } from '../../../host/sandbox/encode.ts';
import { SandboxError } from '../../../host/sandbox/error.ts';
import { verifyModule } from '../../../host/sandbox/verify.ts';
import { ruleModule, ruleModuleBytes } from '../../support/sandbox/wasm-builder.ts';

const malformed = (error: unknown): boolean => error instanceof SandboxError && error.code === 'malformed';

function refusedAs(code: string, bytes: Uint8Array): void {
  assert.throws(
    () => verifyModule(bytes),
    (error) => error instanceof SandboxError && error.code === code,
  );
}

describe('sandbox: LEB128', () => {
  it('reads what the encoder writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (value) => {
        assert.equal(new ByteReader(Uint8Array.from(encodeU32(value))).u32(), value);
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (value) => {
        assert.equal(new ByteReader(Uint8Array.from(encodeS32(value))).s32(), value);
        assert.equal(new ByteReader(Uint8Array.from(encodeS32(value))).s33(), value);
      }),
    );
  });
  const read = (bytes: number[]): ByteReader => new ByteReader(Uint8Array.from(bytes));
  it('reads longer forms of a number, up to the length that its type allows', () => {
    assert.equal(read([0x81, 0x80, 0x80, 0x80, 0x00]).u32(), 1);
    assert.equal(read([0xff, 0xff, 0xff, 0xff, 0x7f]).s32(), -1);
    assert.equal(read([0xff, 0xff, 0xff, 0xff, 0x0f]).u32(), 2 ** 32 - 1);
    assert.equal(read([0x80, 0x80, 0x80, 0x80, 0x70]).s33(), -(2 ** 32));
  });
  it('refuses numbers that are too long, or whose unused bits are set', () => {
    for (const last of [0x10, 0x1f, 0x80])
      assert.throws(() => read([0x80, 0x80, 0x80, 0x80, last, 0]).u32(), malformed);
    for (const last of [0x08, 0x70, 0x80])
      assert.throws(() => read([0x80, 0x80, 0x80, 0x80, last, 0]).s32(), malformed);
    for (const last of [0x10, 0x60, 0x80])
      assert.throws(() => read([0x80, 0x80, 0x80, 0x80, last, 0]).s33(), malformed);
    const nine = Array(9).fill(0x80);
    for (const last of [0x01, 0x7e, 0x80]) assert.throws(() => read([...nine, last, 0]).skipS64(), malformed);
    read([...nine, 0x7f]).skipS64();
  });
  it('refuses numbers that are cut off', () => {
    assert.throws(() => read([0x80]).u32(), malformed);
    assert.throws(() => read([]).s32(), malformed);
    assert.throws(() => read([0xff, 0xff]).skipS64(), malformed);
  });
});

describe('sandbox: the shape of a module', () => {
  const good = ruleModule();

  it('refuses a module cut off anywhere', () => {
    for (let length = 0; length < good.length; length++) {
      assert.throws(() => verifyModule(good.slice(0, length)), SandboxError, `cut to ${length} bytes`);
    }
  });
  it('refuses bytes after the last section', () => {
    refusedAs('malformed', Uint8Array.from([...good, 0x0a]));
    refusedAs('malformed', Uint8Array.from([...good, 0]));
  });
  it('refuses another version and another magic', () => {
    refusedAs('malformed', Uint8Array.from([0, 0x61, 0x73, 0x6d, 2, 0, 0, 0]));
    refusedAs('malformed', Uint8Array.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]));
    refusedAs('malformed', new TextEncoder().encode('- rule: not WebAssembly'));
  });
  it('refuses sections repeated, out of order or unknown', () => {
    refusedAs('malformed', ruleModuleBytes([], [[10, 1, 0]]));
    refusedAs('malformed', ruleModuleBytes([], [[7, 1, 0]]));
    refusedAs('malformed', ruleModuleBytes([], [[14, 1, 0]]));
    refusedAs('malformed', ruleModuleBytes([], [[255, 1, 0]]));
  });
  it('refuses bytes left over in a section, and code after the end of a function', () => {
    const sections = [...encodeSection(1, Uint8Array.from([0, 0]))];
    refusedAs('malformed', Uint8Array.from([...good.slice(0, 8), ...sections]));
    refusedAs('malformed', ruleModuleBytes([0x0b, 0x01]));
  });
  it('refuses a function without end, an else without if, a branch to nowhere', () => {
    refusedAs('malformed', ruleModuleBytes([0x02, 0x40]));
    refusedAs('malformed', ruleModuleBytes([0x05]));
    refusedAs('malformed', ruleModuleBytes([0x0c, 5]));
    refusedAs('malformed', ruleModuleBytes([0x41, 0, 0x0e, 1, 0, 9]));
  });
  it('refuses a call of a function that is not there', () => {
    refusedAs('malformed', ruleModuleBytes([0x10, 77]));
  });
  it('refuses another memory than the first', () => {
    refusedAs('malformed', ruleModuleBytes([0x3f, 1, 0x1a]));
    refusedAs('malformed', ruleModuleBytes([0x41, 0, 0x28, 0x42, 1, 0, 0x1a]));
  });
  it('refuses counts that no module of its size could have', () => {
    // A type section that announces 2^32 - 1 types, and a br_table likewise.
    refusedAs('limit', Uint8Array.from([...good.slice(0, 8), 1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f]));
    refusedAs('limit', ruleModuleBytes([0x41, 0, 0x0e, 0xff, 0xff, 0xff, 0xff, 0x0f]));
  });
  it('refuses a module and a function that are too large', () => {
    refusedAs('limit', new Uint8Array(4 * 1024 * 1024 + 1));
    refusedAs('limit', ruleModuleBytes(Array(2 * 1024 * 1024).fill(0x01)));
  });
});
