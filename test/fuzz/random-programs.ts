// Random programs that the sandbox's verifier takes, of all instructions that it lets through: to search for those that cost V8 most.
// A program is a few statements that are repeated. It is written as bytes: binaryen would change it.

import { concatenate, encodeName, encodeSection, encodeU32 } from '../../host/sandbox/encode.ts';
import { SandboxError } from '../../host/sandbox/error.ts';
import { instrumentFuel } from '../../host/sandbox/fuel.ts';
import { MAX_FUNCTION_BYTES, OPTIMIZED_FUNCTION_BYTES } from '../../host/sandbox/limits.ts';
import { SECTION } from '../../host/sandbox/module.ts';
import { OP } from '../../host/sandbox/opcodes.ts';
import { verifyModule } from '../../host/sandbox/verify.ts';
import { type Frame, FUNCTION, StatementWriter, TYPES, VALUE, WIDTH } from './random-statements.ts';

/** What a search changes. A seed stands for one statement. */
export interface Program {
  /** Of evaluate, beside one of each other type. */
  readonly integers: number;
  readonly statements: readonly number[];
  /** Of a function that statements call: the optimizer may put it in the place of its calls. */
  readonly callee: readonly number[];
}

export interface SizedProgram {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** How often its statements are repeated. */
  readonly rounds: number;
}

const I64_CONST = 0x42;
/** Statements are written so often with constants of their own before the bytes repeat. */
const VARIANTS = 8;

/**
 * The program of as many rounds as the verifier takes, to a part in eight; undefined if it takes none.
 * @param optimized only as many as V8's optimizer gets
 */
export function largestProgram(program: Program, optimized: boolean): SizedProgram | undefined {
  const round = roundOf(program);
  const most = optimized ? OPTIMIZED_FUNCTION_BYTES : MAX_FUNCTION_BYTES;
  for (let rounds = Math.ceil(most / round.length); rounds > 0; rounds = Math.floor(rounds * 0.875)) {
    const module = verified(moduleOf(program, round, rounds));
    if (module && (module.optimizable || !optimized)) return { bytes: module.bytes, rounds: rounds * VARIANTS };
  }
  return undefined;
}

/** The module with its fuel; undefined if the verifier refuses it. */
function verified(module: Uint8Array): { bytes: Uint8Array<ArrayBuffer>; optimizable: boolean } | undefined {
  try {
    const bytes = instrumentFuel(module);
    return { bytes, optimizable: verifyModule(bytes).optimizable };
  } catch (error) {
    if (error instanceof SandboxError) return undefined;
    throw error;
  }
}

/** Locals by type: two parameters, the integers, then one of each other type. */
function frameOf(parameters: number, integers: number): Frame {
  const others = [VALUE.i64, VALUE.f32, VALUE.f64, VALUE.v128];
  const locals = new Map([[VALUE.i32, Array.from({ length: parameters + integers }, (_, index) => index)]]);
  for (const [index, type] of others.entries()) locals.set(type, [parameters + integers + index]);
  return { locals };
}

function declaredLocals(integers: number): number[] {
  const others = [VALUE.i64, VALUE.f32, VALUE.f64, VALUE.v128];
  return [...encodeU32(1 + others.length), ...encodeU32(integers), VALUE.i32, ...others.flatMap((type) => [1, type])];
}

function roundOf(program: Program): Uint8Array {
  const writer = new StatementWriter(frameOf(2, program.integers), { calls: true });
  for (let variant = 0; variant < VARIANTS; variant++) {
    for (const seed of program.statements) writer.statement(seed, variant);
  }
  return Uint8Array.from(writer.bytes);
}

function moduleOf(program: Program, round: Uint8Array, rounds: number): Uint8Array<ArrayBuffer> {
  const name = (text: string) => [...encodeName(text)];
  const list = (items: readonly (readonly number[])[]) => [...encodeU32(items.length), ...items.flat()];
  const section = (id: number, content: ArrayLike<number>) => encodeSection(id, Uint8Array.from(content));
  const bodies = [evaluateBody(program, round, rounds), [0, I64_CONST, 0, OP.end], calleeBody(program), wideBody()];
  return concatenate([
    [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(SECTION.type, list(TYPES)),
    section(
      SECTION.import,
      list([
        [...name('env'), ...name('memory'), 2, 3, 1, ...encodeU32(65536)],
        [...name('env'), ...name('match'), 0, 0],
      ]),
    ),
    section(SECTION.function, list([[0], [1], [2], [3]])),
    section(
      SECTION.export,
      list([
        [...name('evaluate'), 0, FUNCTION.evaluate],
        [...name('candidates'), 0, FUNCTION.candidates],
      ]),
    ),
    encodeSection(
      SECTION.code,
      concatenate([encodeU32(bodies.length), ...bodies.flatMap((body) => [encodeU32(body.length), body])]),
    ),
  ]);
}

/** Its integers come from memory, and at the end all values are of consequence. */
function evaluateBody({ integers }: Program, round: Uint8Array, rounds: number): Uint8Array {
  const loads: number[] = [];
  const sum: number[] = [OP.localGet, 0];
  for (let local = 2; local < 2 + integers; local++) {
    loads.push(OP.localGet, 0, 0x28, 2, ...encodeU32(4 * local), OP.localSet, ...encodeU32(local));
    sum.push(OP.localGet, ...encodeU32(local), 0x6a);
  }
  const [i64, f32, f64, v128] = [0, 1, 2, 3].map((index) => encodeU32(2 + integers + index)) as [
    number[],
    number[],
    number[],
    number[],
  ];
  // i64, then f32 and f64 by trunc_sat, then a lane of v128.
  const others = [
    ...[OP.localGet, ...i64, 0xa7, OP.localGet, ...f32, 0xfc, 0x00, 0x6a],
    ...[OP.localGet, ...f64, 0xfc, 0x02, 0x6a, OP.localGet, ...v128, 0xfd, 0x1b, 0, 0x6a],
  ];
  return concatenate([
    declaredLocals(integers),
    loads,
    [OP.block, 0x40],
    ...Array.from({ length: rounds }, () => round),
    [OP.end],
    sum,
    others,
    [OP.call, FUNCTION.match, OP.end],
  ]);
}

function calleeBody({ callee }: Program): number[] {
  const writer = new StatementWriter(frameOf(1, 1), { calls: false });
  for (const seed of callee) writer.statement(seed, 0);
  return [...declaredLocals(1), OP.block, 0x40, ...writer.bytes, OP.end, OP.localGet, 0, OP.end];
}

/** Returns its parameters, the other way round. */
function wideBody(): number[] {
  return [0, ...Array.from({ length: WIDTH }, (_, index) => [OP.localGet, WIDTH - 1 - index]).flat(), OP.end];
}
