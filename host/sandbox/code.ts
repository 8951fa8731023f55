// Reads the instructions of a function body one by one, with their immediates. The only place that knows how long each is.

import { ByteReader } from './binary.ts';
import { SandboxError } from './error.ts';
import { MAX_LABELS } from './limits.ts';
import type { Opcode } from './opcode.ts';
import { coreOpcode, PREFIXES, prefixedOpcodes } from './opcodes.ts';
import { readValueType } from './types.ts';

/** The block type without parameters and results, as `immediate` has it. */
export const EMPTY_BLOCK = -64;
/** The one-byte block types as signed numbers: v128, f64, f32, i64, i32, and the empty one. */
const BLOCK_TYPES = new Set([-5, -4, -3, -2, -1, EMPTY_BLOCK]);

const NO_LABELS: readonly number[] = [];

/**
 * A cursor over instructions. `next` fills the fields with one instruction, whose bytes are [start, offset);
 * they are overwritten by the following one, since a module has tens of thousands and none needs to be kept.
 */
export class InstructionReader {
  private readonly reader: ByteReader;
  private readonly functionIndex: number;
  /** First byte of the current instruction. */
  start: number;
  /** Index, label, constant or block type (a type's index, or below zero a one-byte form) of the current instruction. */
  immediate = 0;
  /** Labels of br_table, its default the last. */
  labels: readonly number[] = NO_LABELS;

  constructor(bytes: Uint8Array, code: number, end: number, functionIndex: number) {
    this.reader = new ByteReader(bytes, code, end);
    this.functionIndex = functionIndex;
    this.start = code;
  }

  /** First byte after the current instruction. */
  get offset(): number {
    return this.reader.offset;
  }

  get done(): boolean {
    return this.reader.done;
  }

  /** Reads one instruction. Throws SandboxError `unknown-opcode`, `malformed`, or the code of a class that can't be read on from. */
  next(): Opcode {
    this.start = this.reader.offset;
    const opcode = this.opcode();
    this.immediates(opcode);
    return opcode;
  }

  /** The location of the current instruction, for errors. */
  get location(): { offset: number; functionIndex: number } {
    return { offset: this.start, functionIndex: this.functionIndex };
  }

  private opcode(): Opcode {
    const byte = this.reader.byte();
    const known = coreOpcode(byte);
    if (known !== undefined) return known;
    if (byte === PREFIXES.gc) {
      throw new SandboxError('gc', 'instruction on garbage-collected types (prefix 0xfb)', this.location);
    }
    const table = prefixedOpcodes(byte);
    if (table === undefined) {
      throw new SandboxError('unknown-opcode', `unknown opcode 0x${byte.toString(16)}`, this.location);
    }
    const number = this.reader.u32();
    const opcode = table[number];
    if (opcode === undefined) {
      const shown = `0x${byte.toString(16)} 0x${number.toString(16)}`;
      throw new SandboxError('unknown-opcode', `unknown opcode ${shown}`, this.location);
    }
    return opcode;
  }

  private immediates(opcode: Opcode): void {
    const reader = this.reader;
    switch (opcode.immediates) {
      case 'none':
        return;
      case 'block':
        this.blockType();
        return;
      case 'label':
      case 'function':
      case 'local':
      case 'global':
      case 'index':
        this.immediate = reader.u32();
        return;
      case 'index-index':
      case 'type-table':
        this.immediate = reader.u32();
        reader.u32();
        return;
      case 'labels':
        this.readLabels();
        return;
      case 'types':
        // `select` with a type has exactly one; the specification leaves room for more.
        if (reader.u32() !== 1) throw reader.malformed('select with other than one type', this.start);
        readValueType(reader);
        return;
      case 'memarg':
        this.memarg();
        return;
      case 'memarg-lane':
        this.memarg();
        reader.byte();
        return;
      case 'memory':
        if (reader.u32() !== 0) throw reader.malformed('memory other than the imported one', this.start);
        return;
      case 'lane':
        reader.byte();
        return;
      case 'zero':
        if (reader.byte() !== 0) throw reader.malformed('reserved byte is not zero', this.start);
        return;
      case 'i32':
        this.immediate = reader.s32();
        return;
      case 'i64':
        reader.skipS64();
        return;
      case 'bytes-4':
        reader.skip(4);
        return;
      case 'bytes-8':
        reader.skip(8);
        return;
      case 'bytes-16':
        reader.skip(16);
        return;
      case 'unread': {
        const code = opcode.class === 'exception' ? 'exception' : 'reference';
        throw new SandboxError(code, `${opcode.name}: rule modules have no ${code}s`, this.location);
      }
      default:
        opcode.immediates satisfies never;
    }
  }

  private blockType(): void {
    const start = this.reader.offset;
    const type = this.reader.s33();
    // Types below zero have one byte each; longer forms of the same number mean nothing.
    if (type < 0 && (!BLOCK_TYPES.has(type) || this.reader.offset !== start + 1)) {
      throw new SandboxError('forbidden-type', 'block type is not a number or vector', this.location);
    }
    this.immediate = type;
  }

  private readLabels(): void {
    const count = this.reader.u32();
    if (count > MAX_LABELS) {
      throw new SandboxError('limit', `br_table with ${count} labels, more than ${MAX_LABELS}`, this.location);
    }
    const labels: number[] = [];
    for (let i = 0; i <= count; i++) labels.push(this.reader.u32());
    this.labels = labels;
  }

  /** Alignment and offset. Bit 6 of the alignment would announce another memory, higher bits mean nothing yet. */
  private memarg(): void {
    const align = this.reader.u32();
    if (align >= 64) throw this.reader.malformed('memory other than the imported one', this.start);
    this.reader.u32();
  }
}
