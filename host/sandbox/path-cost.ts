// The longest path through the code between two fuel checks, in units of fuel: the required charge of the check.
// Both the instrumentation (to set the charge) and the verifier (to check it) compute it here, in one pass.

import type { InstructionReader } from './code.ts';
import { SandboxError } from './error.ts';
import { MAX_NESTING } from './limits.ts';
import { OPCODE_CLASSES, type Opcode, type OpcodeClass } from './opcode.ts';
import { OP } from './opcodes.ts';

/**
 * Fuel for one instruction of a class. Measured with test/bench/sandbox.ts, a unit is at most 1 ns, but up to 18 ns where a hostile
 * module makes each load miss the caches; loads weigh no more than 8 since in honest ones they don't.
 */
const WEIGHTS: Readonly<Record<OpcodeClass, number>> = {
  control: 1,
  call: 1,
  'indirect-call': 1,
  'tail-call': 1,
  exception: 1,
  reference: 1,
  gc: 1,
  local: 1,
  'global-get': 1,
  'global-set': 1,
  table: 1,
  load: 8,
  store: 1,
  'memory-size': 1,
  'memory-grow': 1,
  bulk: 1,
  'atomic-load': 8,
  'atomic-write': 1,
  'atomic-wait': 1,
  fence: 16,
  constant: 1,
  numeric: 1,
  vector: 2,
};
const WEIGHT_BY_INDEX = OPCODE_CLASSES.map((name) => WEIGHTS[name]);
/** Weight of the fuel check itself, and of the call or the jump before it. */
const CHECK_WEIGHT = 4;
/** Locals that CHECK_WEIGHT covers. Each further one costs a unit at each call: V8 sets them to zero. */
const LOCALS_OF_CHECK = 16;
/** Weight of a call of env.match, which leaves the sandbox. The module does not pay for the host's handling of the match. */
const MATCH_WEIGHT = 10;

interface Frame {
  readonly kind: 'function' | 'block' | 'loop' | 'if' | 'else';
  /** Index of the region that the frame's end belongs to; a loop's end belongs to the region around it. */
  readonly region: number;
  /** Cost at the start of an `if`, for its `else`; -1 if unreachable. */
  readonly entry: number;
  /** Largest cost with which a branch reaches the frame's end; -1 for none. */
  exit: number;
}

interface Region {
  /** Cost in the surrounding region where the loop is entered. Nothing within the loop adds to it: the loop pays for itself. */
  readonly outer: number;
  longest: number;
  /** Number of the loop in the order of the loops' heads; -1 for the function itself. */
  readonly loop: number;
}

/**
 * Walks one function. A region is the function's body or a loop's body, without the loops in it: within a region all jumps go forward,
 * so an instruction runs at most once for each time that the region's check does, and the longest path bounds what one check pays for.
 * Pass each instruction outside of checks to `step`; it returns the region that ends with it, if any.
 */
export class PathCost {
  private readonly frames: Frame[] = [];
  private readonly regions: Region[] = [];
  private cost = 0;
  private reachable = true;
  private loops = 0;

  /** @param locals of the function, without its parameters */
  constructor(locals: number) {
    this.frames.push({ kind: 'function', region: 0, entry: 0, exit: -1 });
    this.regions.push({ outer: 0, longest: 0, loop: -1 });
    this.spend(Math.max(locals - LOCALS_OF_CHECK, 0));
  }

  /** Whether the function's last `end` has been seen. */
  get ended(): boolean {
    return this.frames.length === 0;
  }

  /**
   * Takes in one instruction. At the end of a region returns its number (-1 for the function, otherwise that of the loop) and the charge
   * it needs; undefined elsewhere. `isMatch`: a call of the imported function.
   */
  step(opcode: Opcode, at: InstructionReader, isMatch: boolean): { loop: number; charge: number } | undefined {
    switch (opcode.code) {
      case OP.block:
        this.open('block', at);
        return undefined;
      case OP.loop:
        this.open('loop', at);
        return undefined;
      case OP.if:
        this.spend(1);
        this.open('if', at);
        return undefined;
      case OP.else:
        this.otherwise(at);
        return undefined;
      case OP.end:
        return this.close();
      case OP.br:
        this.spend(1);
        this.branch(at.immediate, at);
        this.reachable = false;
        return undefined;
      case OP.brIf:
        this.spend(1);
        this.branch(at.immediate, at);
        return undefined;
      case OP.brTable:
        this.spend(1);
        for (const label of at.labels) this.branch(label, at);
        this.reachable = false;
        return undefined;
      case OP.return:
      case OP.unreachable:
        this.spend(1);
        this.reachable = false;
        return undefined;
      default:
        this.spend(isMatch ? MATCH_WEIGHT : (WEIGHT_BY_INDEX[opcode.classIndex] as number));
        return undefined;
    }
  }

  /** Regions are never empty while frames are open. */
  private get region(): Region {
    return this.regions[this.regions.length - 1] as Region;
  }

  private spend(weight: number): void {
    if (!this.reachable) return;
    this.cost += weight;
    const region = this.region;
    if (this.cost > region.longest) region.longest = this.cost;
  }

  private open(kind: 'block' | 'loop' | 'if', at: InstructionReader): void {
    if (this.frames.length > MAX_NESTING) {
      throw new SandboxError('limit', `blocks nested more than ${MAX_NESTING} deep`, at.location);
    }
    const region = this.regions.length - 1;
    this.frames.push({ kind, region, entry: this.reachable ? this.cost : -1, exit: -1 });
    if (kind === 'loop') {
      this.regions.push({ outer: this.cost, longest: 0, loop: this.loops++ });
      this.cost = 0;
    }
  }

  private otherwise(at: InstructionReader): void {
    const frame = this.frames.pop();
    if (frame?.kind !== 'if') throw new SandboxError('malformed', 'else without if', at.location);
    const exit = this.reachable ? Math.max(frame.exit, this.cost) : frame.exit;
    this.frames.push({ kind: 'else', region: frame.region, entry: frame.entry, exit });
    this.reachable = frame.entry >= 0;
    this.cost = Math.max(frame.entry, 0);
  }

  private close(): { loop: number; charge: number } | undefined {
    const frame = this.frames.pop() as Frame;
    if (frame.kind === 'loop' || frame.kind === 'function') {
      const region = this.regions.pop() as Region;
      // A loop is left at its end only by falling out of it; what the surrounding region has spent is as it was at the loop's head.
      this.cost = region.outer;
      return { loop: region.loop, charge: region.longest + CHECK_WEIGHT };
    }
    let exit = this.reachable ? Math.max(frame.exit, this.cost) : frame.exit;
    // An `if` without `else` may be passed over.
    if (frame.kind === 'if') exit = Math.max(exit, frame.entry);
    this.reachable = exit >= 0;
    this.cost = Math.max(exit, 0);
    return undefined;
  }

  private branch(label: number, at: InstructionReader): void {
    const frame = this.frames[this.frames.length - 1 - label];
    if (frame === undefined) throw new SandboxError('malformed', `branch to the unknown label ${label}`, at.location);
    // Backwards, to a loop's head: the check there pays for the code that follows.
    if (!this.reachable || frame.kind === 'loop') return;
    const inner = this.regions[frame.region + 1];
    const cost = inner === undefined ? this.cost : inner.outer;
    if (cost > frame.exit) frame.exit = cost;
  }
}
