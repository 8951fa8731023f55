// Proves of one function's instructions that they only read: each instruction is of an allowed class, and a fuel check that charges
// enough stands at the entry and at each loop's head. Collects the calls, from which call-graph.ts proves that there is no recursion.

import { InstructionReader } from './code.ts';
import { type CodeTypes, CompileCost } from './compile-cost.ts';
import { type SandboxCode, SandboxError } from './error.ts';
import { readFuelCheck } from './fuel-check.ts';
import type { Body } from './module.ts';
import { OPCODE_CLASSES, type OpcodeClass } from './opcode.ts';
import { OP } from './opcodes.ts';
import { OptimizerCost } from './optimizer-cost.ts';
import type { OptimizerWork } from './optimizer-work.ts';
import { PathCost } from './path-cost.ts';

/** For each class of instruction, why it is refused in a rule module; undefined for allowed classes. */
const REFUSED: Readonly<Record<OpcodeClass, readonly [SandboxCode, string] | undefined>> = {
  control: undefined,
  call: undefined,
  'indirect-call': ['indirect-call', 'the target of the call is unknown'],
  'tail-call': ['tail-call', 'rule modules may not have tail calls'],
  exception: ['exception', 'rule modules may not have exceptions'],
  reference: ['reference', 'rule modules may not have references'],
  gc: ['gc', 'rule modules may not have garbage-collected types'],
  local: undefined,
  'global-get': undefined,
  'global-set': ['global-set', 'only a fuel check may change a global'],
  table: ['table', 'rule modules may not have tables'],
  load: undefined,
  store: ['store', 'writes to memory; a rule module may only read'],
  'memory-size': undefined,
  'memory-grow': ['memory-grow', 'the memory is mapped by the host and may not grow'],
  bulk: ['bulk-memory', 'writes to memory; a rule module may only read'],
  'atomic-load': undefined,
  'atomic-write': ['atomic-write', 'writes to memory; a rule module may only read'],
  'atomic-wait': ['atomic-wait', 'blocks or wakes a thread of the host'],
  fence: undefined,
  constant: undefined,
  numeric: undefined,
  vector: undefined,
};
const REFUSED_BY_INDEX = OPCODE_CLASSES.map((name) => REFUSED[name]);

/** Facts about a function that passed. */
export interface FunctionProof {
  /** Function indices that it calls, each once. */
  readonly calls: ReadonlySet<number>;
  /** Instructions, fuel checks not counted. */
  readonly instructions: number;
  readonly loops: number;
  /** Units of fuel that the check at the entry charges, and the largest charge at a loop's head (0 without loops). */
  readonly entryCharge: number;
  readonly loopCharge: number;
  /** Largest number of operands on its stack, and its cost to compile (compile-cost.ts). */
  readonly operands: number;
  readonly compileWork: number;
  readonly optimizerWork: OptimizerWork;
}

export interface FunctionContext {
  readonly functionIndex: number;
  /** Index of the fuel global, and of the imported env.match. */
  readonly fuel: number;
  readonly match: number;
  readonly types: CodeTypes;
  /** Its parameters and locals. */
  readonly locals: number;
  /** What compiling it may take. */
  readonly compileWork: number;
}

/** Verifies a function's code. Throws SandboxError with the offset of the first instruction that is not allowed. */
export function verifyCode(bytes: Uint8Array, body: Body, context: FunctionContext): FunctionProof {
  const { functionIndex, fuel, match, compileWork } = context;
  const reader = new InstructionReader(bytes, body.code, body.end, functionIndex);
  const path = new PathCost(body.localCount);
  const compiling = new CompileCost(context.types, context.locals);
  const optimizing = new OptimizerCost(context.types, context.locals);
  const calls = new Set<number>();
  let instructions = 0;
  /** Charge found at each loop's head, in the order of the heads, and where the head stands. */
  const heads: { charge: number; offset: number }[] = [];

  const entry = { charge: readFuelCheck(reader, fuel), offset: body.code };
  while (!reader.done) {
    if (path.ended) throw new SandboxError('malformed', "code after the function's end", reader.location);
    const opcode = reader.next();
    const refused = REFUSED_BY_INDEX[opcode.classIndex];
    if (refused !== undefined) {
      throw new SandboxError(refused[0], `${opcode.name}: ${refused[1]}`, reader.location);
    }
    instructions++;
    compiling.step(opcode, reader);
    if (compiling.work > compileWork) {
      const reason =
        'too many blocks and branches of functions with many locals or operands: compiling would take too long';
      throw new SandboxError('limit', reason, reader.location);
    }
    optimizing.step(opcode, reader);
    const isCall = opcode.code === OP.call;
    if (isCall) calls.add(reader.immediate);
    const region = path.step(opcode, reader, isCall && reader.immediate === match);
    if (region !== undefined) {
      const head = region.loop < 0 ? entry : heads[region.loop];
      if (head !== undefined && head.charge < region.charge) {
        const reason = `the fuel check charges ${head.charge}, but the code after it can cost ${region.charge}`;
        throw new SandboxError('fuel-too-small', reason, { offset: head.offset, functionIndex });
      }
    }
    if (opcode.code === OP.loop) heads.push({ offset: reader.offset, charge: readFuelCheck(reader, fuel) });
  }
  if (!path.ended) {
    throw new SandboxError('malformed', 'function without end', { offset: body.end, functionIndex });
  }
  const loopCharge = heads.reduce((largest, head) => Math.max(largest, head.charge), 0);
  return {
    calls,
    instructions,
    loops: heads.length,
    entryCharge: entry.charge,
    loopCharge,
    operands: compiling.most,
    compileWork: compiling.work,
    optimizerWork: optimizing.work(body.end - body.code),
  };
}
