// What V8's optimizer pays for a function, as far as it grows faster than the code: modules that are dear to optimize run as its baseline
// compiler leaves them (baseline.ts).
//
// Where two paths meet and the code forks again on a value that depends on the path, the optimizer copies the meeting for each path that
// decides the fork, and goes on to the next one. Of n such forks in a row, each on what the one before has made of a value, it makes n * n
// blocks: a module of 200 KB took 30 GB. So forks are charged by how many meetings lie behind their conditions, one after the other. Its time
// also grows with the square of the forks, whatever they depend on.
//
// Each path to a meeting moves the values that differ there, and each call its parameters and results: a function of 24,000 calls with 64 of
// each, at two bytes a call, took more than 3 GB. So these are counted as well.
//
// Small loops are unrolled: their code costs up to LOOP_COPIES times as much.

import { EMPTY_BLOCK, type InstructionReader } from './code.ts';
import type { CodeTypes } from './compile-cost.ts';
import { MAX_PARAMETERS } from './limits.ts';
import type { Opcode } from './opcode.ts';
import { OP } from './opcodes.ts';
import { LOOP_COPIES, type OptimizerWork } from './optimizer-work.ts';
import { type Meeting, ValueDepths } from './value-depths.ts';

const NONE: readonly number[] = [];

interface Frame {
  readonly kind: 'function' | 'block' | 'loop' | 'if' | 'else';
  /** Operands below the block's own. */
  readonly base: number;
  readonly parameters: readonly number[];
  readonly results: number;
  /** The locals where an `if` is entered, for its `else`, or at a loop's head; undefined of other blocks, and where no `if` is reached. */
  entry: number[] | undefined;
  /** How many paths lead to its end. */
  paths: number;
  meeting: Meeting | undefined;
  /** Where the last branch to the block stands: the labels of a br_table bring the same values. */
  branch: number;
}

/**
 * Follows the values of one function. What is loaded from memory has depth 0, wherever the address comes from: the optimizer never
 * knows it. Feed `step` each instruction that is not part of a fuel check; for what V8 refuses the numbers mean nothing.
 */
export class OptimizerCost {
  private readonly types: CodeTypes;
  private readonly frames: Frame[] = [];
  private readonly depths = new ValueDepths();
  private locals: number[];
  private readonly operands: number[] = [];
  private reachable = true;
  /** Depths of all forks' conditions, together. */
  private meetings = 0;
  private forks = 0;
  private moves = 0;
  /** Code in loops, and the outermost that is open: how many frames are around it, and where it begins. */
  private loopBytes = 0;
  private loop: { readonly frames: number; readonly start: number } | undefined;

  /** @param locals parameters and locals */
  constructor(types: CodeTypes, locals: number) {
    this.types = types;
    this.locals = Array.from({ length: locals }, () => this.depths.add(0));
    this.frames.push(this.frame('function', [], 0));
  }

  /** @param bytes of its code */
  work(bytes: number): OptimizerWork {
    const copied = (LOOP_COPIES - 1) * this.loopBytes;
    return { meetings: this.meetings, forks: this.forks ** 2, moves: this.moves, bytes: bytes + copied };
  }

  step(opcode: Opcode, at: InstructionReader): void {
    switch (opcode.code) {
      case OP.block:
        this.open('block', at.immediate);
        return;
      case OP.loop:
        this.loop ??= { frames: this.frames.length, start: at.offset };
        this.open('loop', at.immediate);
        return;
      case OP.if:
        this.fork(1);
        this.open('if', at.immediate);
        return;
      case OP.else:
        this.otherwise();
        return;
      case OP.end:
        this.close();
        if (this.loop?.frames === this.frames.length) {
          this.loopBytes += at.offset - this.loop.start;
          this.loop = undefined;
        }
        return;
      case OP.brIf:
        this.fork(1);
        this.branch(at.immediate, at);
        return;
      case OP.brTable:
        this.fork(at.labels.length);
        for (const label of at.labels) this.branch(label, at);
        this.reachable = false;
        return;
      case OP.br:
        this.branch(at.immediate, at);
        this.reachable = false;
        return;
      case OP.return:
        this.leave();
        this.reachable = false;
        return;
      case OP.unreachable:
        this.reachable = false;
        return;
      case OP.call:
        this.call(at.immediate);
        return;
      case OP.localGet:
        this.operands.push(this.locals[at.immediate] ?? 0);
        return;
      case OP.localSet:
        this.set(at.immediate, this.pop());
        return;
      case OP.localTee: {
        const value = this.pop();
        this.set(at.immediate, value);
        this.operands.push(value);
        return;
      }
      default:
        this.compute(opcode);
    }
  }

  private get top(): Frame | undefined {
    return this.frames.at(-1);
  }

  /** Code that is never reached may take operands that nobody has left. */
  private pop(): number {
    if (this.operands.length <= (this.top?.base ?? 0)) return 0;
    return this.operands.pop() ?? 0;
  }

  private set(local: number, value: number): void {
    if (local < this.locals.length) this.locals[local] = value;
  }

  /** The deepest of the operands that are taken. */
  private take(count: number): number {
    let depth = 0;
    for (let i = 0; i < count; i++) depth = Math.max(depth, this.depths.of(this.pop()));
    return depth;
  }

  private push(count: number, depth: number): void {
    for (let i = 0; i < count; i++) this.operands.push(this.depths.add(depth));
  }

  private compute(opcode: Opcode): void {
    const depth = this.take(opcode.pops);
    // A load of a lane takes the other lanes from its second operand.
    const loaded = (opcode.class === 'load' || opcode.class === 'atomic-load') && opcode.pops === 1;
    this.push(opcode.pushes, loaded ? 0 : depth);
  }

  private fork(ways: number): void {
    const depth = this.depths.of(this.pop());
    if (!this.reachable) return;
    this.meetings += depth * ways;
    this.forks++;
  }

  /** The optimizer may put a function in the place of its call: then its returns meet. */
  private call(index: number): void {
    const signature = this.types.ofFunction(index);
    const [parameters, results] = [signature?.parameters.length ?? 0, signature?.results.length ?? 0];
    const depth = this.take(parameters);
    this.push(results, depth + 1);
    this.move(parameters + results);
  }

  private frame(kind: Frame['kind'], parameters: readonly number[], results: number): Frame {
    const entry = kind === 'if' && this.reachable ? this.locals.slice() : undefined;
    return { kind, base: this.operands.length, parameters, results, entry, paths: 0, meeting: undefined, branch: -1 };
  }

  private open(kind: 'block' | 'loop' | 'if', type: number): void {
    const signature = type < 0 ? undefined : this.types.ofBlock(type);
    const parameters = signature ? signature.parameters.map(() => this.pop()).reverse() : NONE;
    // Without a type of its own a block leaves one value, unless it is the empty one.
    const results = signature?.results.length ?? (type === EMPTY_BLOCK ? 0 : 1);
    const frame = this.frame(kind, parameters, results);
    this.frames.push(frame);
    // From one round to the next a loop's values change: none of them is that from before the loop.
    if (kind === 'loop') {
      this.locals = this.locals.map((value) => this.depths.add(this.depths.of(value)));
      frame.entry = [...this.locals];
    }
    for (const value of parameters) {
      this.operands.push(kind === 'loop' ? this.depths.add(this.depths.of(value)) : value);
    }
  }

  private otherwise(): void {
    const frame = this.frames.pop();
    if (!frame) return;
    if (this.reachable) this.arrive(frame);
    this.operands.length = frame.base;
    this.operands.push(...frame.parameters);
    this.reachable = frame.entry !== undefined;
    if (frame.entry) this.locals = frame.entry;
    this.frames.push({ ...frame, kind: 'else', entry: undefined });
  }

  private close(): void {
    const frame = this.frames.pop();
    if (!frame) return;
    const { meeting, entry, kind } = frame;
    if (kind === 'if' && entry) {
      // Without `else` it may be passed over; its results are then its parameters.
      frame.paths++;
      this.meetWith(frame, entry, frame.parameters);
    } else if (!meeting && this.reachable) {
      // One path alone: its values go on as they are.
      this.trim(frame);
      return;
    }
    if (this.reachable) this.arrive(frame);
    this.operands.length = Math.min(this.operands.length, frame.base);
    this.reachable = frame.meeting !== undefined;
    if (frame.meeting) this.settle(frame.meeting, frame.paths);
    else this.push(frame.results, 0);
  }

  /** Code that is refused may leave more operands than the block's results. */
  private trim(frame: Frame): void {
    const surplus = this.operands.length - frame.base - frame.results;
    if (surplus > 0) this.operands.splice(frame.base, surplus);
  }

  /** The values after a meeting. */
  private settle(meeting: Meeting, paths: number): void {
    for (let i = 0; i < meeting.length; i++) {
      const met = meeting[i] as number;
      if (met < 0) this.move(paths);
      const value = this.depths.after(met);
      if (i < this.locals.length) meeting[i] = value;
      else this.operands.push(value);
    }
    meeting.length = this.locals.length;
    this.locals = meeting;
  }

  private branch(label: number, at: InstructionReader): void {
    const frame = this.frames[this.frames.length - 1 - label];
    if (!frame || !this.reachable) return;
    if (frame.kind === 'loop') this.repeat(frame);
    else if (frame.kind === 'function') this.leave();
    else if (frame.branch === at.start) frame.paths++;
    else {
      frame.branch = at.start;
      this.arrive(frame);
    }
  }

  private move(values: number): void {
    this.moves += values * (this.loop ? LOOP_COPIES : 1);
  }

  /** Back to the loop's head, which has been renewed for all rounds. */
  private repeat({ entry, parameters }: Frame): void {
    this.move(parameters.length + this.locals.filter((value, local) => value !== entry?.[local]).length);
  }

  /** Out of the function, with no more results than there are operands. */
  private leave(): void {
    this.move(Math.min(this.operands.length, MAX_PARAMETERS));
  }

  /** The path that the code is on comes to the block's end. */
  private arrive(frame: Frame): void {
    frame.paths++;
    const results = frame.results === 0 ? NONE : this.operands.slice(-frame.results);
    this.meetWith(frame, this.locals, results);
  }

  private meetWith(frame: Frame, locals: readonly number[], results: readonly number[]): void {
    // Nothing comes after the function's end.
    if (frame.kind === 'function') return;
    if (frame.meeting) this.depths.meet(frame.meeting, locals, results);
    else frame.meeting = this.depths.first(locals, results, frame.results);
  }
}
