// An upper bound of V8's cost to compile a function: wherever control flow forks or joins, its compilers visit all locals and
// operands on the stack. Functions are compiled on their first run, so without a limit a small module of many blocks and locals would
// block the worker for seconds and take gigabytes. This tracks the height of the operand stack, which also limits the function's frame.

import { EMPTY_BLOCK, type InstructionReader } from './code.ts';
import type { Opcode } from './opcode.ts';
import { OP } from './opcodes.ts';
import type { FunctionType } from './types.ts';

/** A block: the number of operands below its own, and of its results. */
interface Frame {
  readonly base: number;
  readonly parameters: number;
  readonly results: number;
}

/** The types that a function's code refers to; undefined for invalid indices, which V8 refuses. */
export interface CodeTypes {
  readonly ofBlock: (type: number) => FunctionType | undefined;
  readonly ofFunction: (index: number) => FunctionType | undefined;
}

/** The check at a function's entry or a loop's head has an `if` of its own. */
const JOINS_OF_HEAD = 2;

/** Pass each instruction outside of fuel checks to `step`; for code that V8 refuses the numbers are meaningless. */
export class CompileCost {
  private readonly types: CodeTypes;
  private readonly locals: number;
  private readonly frames: Frame[] = [];
  private height = 0;
  /** Largest number of operands on the stack. */
  most = 0;
  /** Total number of visited locals and operands. */
  work: number;

  /** @param locals parameters and locals */
  constructor(types: CodeTypes, locals: number) {
    this.types = types;
    this.locals = locals;
    this.work = JOINS_OF_HEAD * locals;
  }

  step(opcode: Opcode, at: InstructionReader): void {
    this.change(opcode.pops, opcode.pushes);
    switch (opcode.code) {
      case OP.block:
      case OP.if:
        this.join(1);
        this.open(at.immediate);
        return;
      case OP.loop:
        this.join(JOINS_OF_HEAD);
        this.open(at.immediate);
        return;
      case OP.else: {
        this.join(1);
        const frame = this.frames.at(-1);
        if (frame) this.height = frame.base + frame.parameters;
        return;
      }
      case OP.end: {
        const frame = this.frames.pop();
        if (frame) this.height = frame.base;
        this.change(0, frame?.results ?? 0);
        this.join(1);
        return;
      }
      case OP.brIf:
        this.join(1);
        return;
      case OP.brTable:
        this.join(at.labels.length);
        this.leave();
        return;
      case OP.br:
        this.join(1);
        this.leave();
        return;
      case OP.return:
      case OP.unreachable:
        this.leave();
        return;
      case OP.call:
        this.call(at.immediate);
        return;
    }
  }

  private get base(): number {
    return this.frames.at(-1)?.base ?? 0;
  }

  /** Unreachable code may pop missing operands, but none below the block. */
  private change(pops: number, pushes: number): void {
    this.height = Math.max(this.height - pops, this.base) + pushes;
    if (this.height > this.most) this.most = this.height;
  }

  private join(times: number): void {
    this.work += times * (this.locals + this.height);
  }

  private open(type: number): void {
    const signature = type < 0 ? undefined : this.types.ofBlock(type);
    const parameters = signature?.parameters.length ?? 0;
    this.change(parameters, parameters);
    // Without a type of its own a block leaves one value, unless it is the empty one.
    const results = signature?.results.length ?? (type === EMPTY_BLOCK ? 0 : 1);
    this.frames.push({ base: this.height - parameters, parameters, results });
  }

  private leave(): void {
    this.height = this.base;
  }

  private call(index: number): void {
    const signature = this.types.ofFunction(index);
    const [parameters, results] = [signature?.parameters.length ?? 0, signature?.results.length ?? 0];
    this.change(parameters, results);
    this.work += parameters + results;
  }
}
