// Statements of random programs (random-programs.ts): every instruction on values, branches of all kinds, blocks of many values, calls.
// The same seed makes the same statement.

import { encodeS32, encodeU32 } from '../../host/sandbox/encode.ts';
import type { Opcode } from '../../host/sandbox/opcode.ts';
import { OP } from '../../host/sandbox/opcodes.ts';
import { allOpcodes } from '../support/sandbox/all-opcodes.ts';
import { encodeOpcode, sampleImmediates } from '../support/sandbox/opcode-bytes.ts';

export const VALUE = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };
const VALUES: readonly number[] = Object.values(VALUE);

/** Parameters and results of the block and the function of many values. */
export const WIDTH = 24;
const WIDE = Array.from({ length: WIDTH }, () => VALUE.i32);
const WIDE_TYPE = 3;

/** By index: of evaluate and match, of candidates, of the callee, of what has many values. */
export const TYPES: readonly (readonly number[])[] = [
  [0x60, 2, VALUE.i32, VALUE.i32, 0],
  [0x60, 2, VALUE.i32, VALUE.i32, 1, VALUE.i64],
  [0x60, 1, VALUE.i32, 1, VALUE.i32],
  [0x60, WIDTH, ...WIDE, WIDTH, ...WIDE],
];
export const FUNCTION = { match: 0, evaluate: 1, candidates: 2, callee: 3, wide: 4 } as const;

/** The locals of a function, by their type. */
export interface Frame {
  readonly locals: ReadonlyMap<number, readonly number[]>;
}

interface Instruction {
  readonly bytes: readonly number[];
  readonly operands: readonly number[];
  readonly result: number;
  readonly isLoad: boolean;
}

/** Instructions that take values and leave one, by the type of that: V8 says which types each takes. */
const INSTRUCTIONS = new Map<number, Instruction[]>(VALUES.map((type) => [type, []]));
for (const opcode of allOpcodes()) {
  const instruction = instructionOf(opcode);
  if (instruction) INSTRUCTIONS.get(instruction.result)?.push(instruction);
}

function instructionOf(opcode: Opcode): Instruction | undefined {
  const ofValues = ['numeric', 'vector', 'load', 'atomic-load'].includes(opcode.class);
  if (!ofValues || opcode.pops === 0 || opcode.pushes !== 1 || opcode.name.startsWith('select')) return undefined;
  const bytes = [...encodeOpcode(opcode), ...sampleImmediates(opcode.immediates, opcode.name)];
  for (const operands of combinations(opcode.pops)) {
    for (const result of VALUES) {
      const isLoad = opcode.class === 'load' || opcode.class === 'atomic-load';
      if (isValid(operands, bytes, result)) return { bytes, operands, result, isLoad };
    }
  }
  throw new Error(`V8 takes ${opcode.name} with no operands`);
}

function combinations(length: number): number[][] {
  if (length === 0) return [[]];
  return combinations(length - 1).flatMap((rest) => VALUES.map((type) => [...rest, type]));
}

function isValid(operands: readonly number[], instruction: readonly number[], result: number): boolean {
  const type = [1, 0x60, operands.length, ...operands, 1, result];
  const body = [0, ...operands.flatMap((_, index) => [OP.localGet, index]), ...instruction, OP.end];
  const sections = [
    [1, type.length, ...type],
    [3, 2, 1, 0],
    [5, 4, 1, 3, 1, 1],
    [10, body.length + 2, 1, body.length, ...body],
  ];
  return WebAssembly.validate(Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()]));
}

type Statement = 'set' | 'swap' | 'if' | 'block' | 'table' | 'loop' | 'call' | 'wide' | 'stack' | 'match';
const STATEMENTS: readonly Statement[] = [
  ...(['set', 'set', 'set', 'swap', 'if', 'if', 'block', 'table', 'loop', 'wide', 'stack'] as const),
  ...(['match', 'call'] as const),
];
/** Of statements within a statement, and of operands of operands. */
const DEEPEST = 3;

/** Writes statements of one function. */
export class StatementWriter {
  readonly bytes: number[] = [];
  private readonly frame: Frame;
  private readonly calls: boolean;
  /** Blocks of the statement's own, and whether they may be left by any branch. Beyond them is one that holds all statements. */
  private readonly blocks: boolean[] = [];
  private state = 0;
  private variant = 0;

  constructor(frame: Frame, { calls }: { calls: boolean }) {
    this.frame = frame;
    this.calls = calls;
  }

  /** @param variant varies its constants */
  statement(seed: number, variant: number): void {
    this.state = seed;
    this.variant = variant;
    this.write(0);
  }

  private write(depth: number): void {
    const kind = depth < DEEPEST ? this.one(STATEMENTS) : 'set';
    switch (kind) {
      case 'swap':
        this.swap();
        break;
      case 'if':
        this.ifElse(depth);
        break;
      case 'block':
        this.block(depth);
        break;
      case 'table':
        this.table(depth);
        break;
      case 'loop':
        this.loop(depth);
        break;
      case 'wide':
        this.wide(depth);
        break;
      case 'stack':
        this.stack(depth);
        break;
      case 'match':
      case 'call':
        if (this.calls) this.call(kind, depth);
        else this.set(depth);
        break;
      case 'set':
        this.set(depth);
        break;
    }
  }

  private several(depth: number): void {
    for (let left = 1 + this.below(3); left > 0; left--) this.write(depth + 1);
  }

  private within(leavable: boolean, opening: readonly number[], body: () => void): void {
    this.bytes.push(...opening);
    this.blocks.push(leavable);
    body();
    this.blocks.pop();
    this.bytes.push(OP.end);
  }

  private set(depth: number): void {
    const type = this.one(VALUES);
    this.value(type, depth);
    this.bytes.push(OP.localSet, ...this.local(type));
  }

  private swap(): void {
    const locals = Array.from({ length: 2 + this.below(4) }, () => this.local(VALUE.i32));
    for (const local of locals) this.bytes.push(OP.localGet, ...local);
    for (const local of locals) this.bytes.push(OP.localSet, ...local);
  }

  private ifElse(depth: number): void {
    this.value(VALUE.i32, depth);
    const hasElse = this.below(3) === 0;
    this.within(true, [OP.if, 0x40], () => {
      this.several(depth);
      if (!hasElse) return;
      this.bytes.push(OP.else);
      this.several(depth);
    });
  }

  private block(depth: number): void {
    this.within(true, [OP.block, 0x40], () => {
      this.several(depth);
      this.value(VALUE.i32, depth);
      this.bytes.push(OP.brIf, this.label());
      this.several(depth);
    });
  }

  private table(depth: number): void {
    const blocks = 1 + this.below(4);
    const labels = 1 + (this.below(3) === 0 ? this.below(60) : this.below(6));
    for (let left = blocks; left > 0; left--) {
      this.bytes.push(OP.block, 0x40);
      this.blocks.push(true);
    }
    this.value(VALUE.i32, depth);
    this.bytes.push(OP.brTable, ...encodeU32(labels));
    for (let left = labels + 1; left > 0; left--) this.bytes.push(this.label());
    for (let left = blocks; left > 0; left--) {
      this.blocks.pop();
      this.bytes.push(OP.end);
      this.write(depth + 1);
    }
  }

  private loop(depth: number): void {
    this.within(false, [OP.loop, 0x40], () => {
      this.several(depth);
      this.value(VALUE.i32, depth);
      this.bytes.push(OP.brIf, 0);
    });
  }

  private call(kind: 'match' | 'call', depth: number): void {
    this.value(VALUE.i32, depth);
    if (kind === 'call') {
      this.bytes.push(OP.call, FUNCTION.callee, OP.localSet, ...this.local(VALUE.i32));
    } else {
      this.value(VALUE.i32, depth);
      this.bytes.push(OP.call, FUNCTION.match);
    }
  }

  /** Many values go through a fork, a loop or a call, and back into locals. */
  private wide(depth: number): void {
    for (let index = 0; index < WIDTH; index++) this.bytes.push(OP.localGet, ...this.local(VALUE.i32));
    switch (this.below(this.calls ? 3 : 2)) {
      case 0:
        this.value(VALUE.i32, depth);
        this.within(false, [OP.if, WIDE_TYPE], () => this.several(depth));
        break;
      case 1:
        this.within(false, [OP.loop, WIDE_TYPE], () => {
          this.several(depth);
          this.value(VALUE.i32, depth);
          this.bytes.push(OP.brIf, 0);
        });
        break;
      default:
        this.bytes.push(OP.call, FUNCTION.wide);
    }
    for (let index = 0; index < WIDTH; index++) this.bytes.push(OP.localSet, ...this.local(VALUE.i32));
  }

  /** Operands that stay on the stack meanwhile. */
  private stack(depth: number): void {
    const held = Array.from({ length: 1 + this.below(12) }, () => this.one(VALUES));
    for (const type of held) this.value(type, DEEPEST);
    this.several(depth);
    for (const type of held.reverse()) this.bytes.push(OP.localSet, ...this.local(type));
  }

  private value(type: number, depth: number): void {
    const chance = this.below(10);
    if (chance < 2 || depth >= DEEPEST) this.bytes.push(OP.localGet, ...this.local(type));
    else if (chance < 3) this.constant(type);
    else if (chance < 4) this.select(type, depth + 1);
    else if (chance < 5) this.chosen(type, depth + 1);
    else this.computed(type, depth + 1);
  }

  private constant(type: number): void {
    const number = this.below(2 ** 20) + this.variant;
    const bits = new DataView(new ArrayBuffer(8));
    if (type === VALUE.i32) this.bytes.push(OP.i32Const, ...encodeS32(number));
    else if (type === VALUE.i64) this.bytes.push(0x42, ...encodeS32(number));
    else if (type === VALUE.v128)
      this.bytes.push(0xfd, 0x0c, ...Array.from({ length: 16 }, (_, i) => (number + i) % 256));
    else if (type === VALUE.f32) {
      bits.setFloat32(0, number, true);
      this.bytes.push(0x43, ...new Uint8Array(bits.buffer, 0, 4));
    } else {
      bits.setFloat64(0, number, true);
      this.bytes.push(0x44, ...new Uint8Array(bits.buffer));
    }
  }

  private select(type: number, depth: number): void {
    this.value(type, depth);
    this.value(type, depth);
    this.value(VALUE.i32, depth);
    this.bytes.push(0x1c, 1, type);
  }

  /** The result of an `if`, or of a block that is left early. */
  private chosen(type: number, depth: number): void {
    if (this.below(2) === 0) {
      this.value(VALUE.i32, depth);
      this.within(false, [OP.if, type], () => {
        this.value(type, depth);
        this.bytes.push(OP.else);
        this.value(type, depth);
      });
      return;
    }
    this.within(false, [OP.block, type], () => {
      this.value(type, depth);
      this.value(VALUE.i32, depth);
      this.bytes.push(OP.brIf, 0);
    });
  }

  private computed(type: number, depth: number): void {
    const instruction = this.one(INSTRUCTIONS.get(type) ?? []);
    for (const operand of instruction.operands) {
      this.value(operand, depth);
      // An address within the memory.
      if (instruction.isLoad && operand === VALUE.i32) this.bytes.push(OP.i32Const, ...encodeS32(0xfff0), 0x71);
    }
    this.bytes.push(...instruction.bytes);
  }

  private label(): number {
    const leavable = this.blocks.flatMap((may, index) => (may ? [this.blocks.length - 1 - index] : []));
    return this.one([...leavable, this.blocks.length]);
  }

  private local(type: number): number[] {
    return encodeU32(this.one(this.frame.locals.get(type) ?? []));
  }

  private one<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('nothing to choose from');
    return item;
  }

  /** mulberry32 */
  private below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }
}
