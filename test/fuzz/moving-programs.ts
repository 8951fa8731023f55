// Programs of few bytes in which many values are moved: by paths that meet, and by calls. They are written as bytes: binaryen keeps the
// results of a call in locals.

import { concatenate, encodeName, encodeSection, encodeU32 } from '../../host/sandbox/encode.ts';
import { SandboxError } from '../../host/sandbox/error.ts';
import { instrumentFuel } from '../../host/sandbox/fuel.ts';
import { MAX_PARAMETERS } from '../../host/sandbox/limits.ts';
import { SECTION } from '../../host/sandbox/module.ts';
import { OP } from '../../host/sandbox/opcodes.ts';
import { verifyModule } from '../../host/sandbox/verify.ts';

const I32 = 0x7f;
const V128 = 0x7b;
const EMPTY = 0x40;
/** Functions by number: `match` is imported. */
const [MATCH, EVALUATE, CANDIDATES, WIDE, VECTORS, RESULTS] = [0, 1, 2, 3, 4, 5];

const u32 = (value: number): number[] => [...encodeU32(value)];
const many = <T>(count: number, make: (index: number) => readonly T[]): T[] =>
  Array.from({ length: count }, (_, index) => make(index)).flat();
const list = (items: readonly (readonly number[])[]): number[] => [...u32(items.length), ...items.flat()];
const wide = (type: number): number[] => [...u32(MAX_PARAMETERS), ...many(MAX_PARAMETERS, () => [type])];
const type = (parameters: readonly number[], results: readonly number[]): number[] => [0x60, ...parameters, ...results];

const TYPES = [
  type([2, I32, I32], [0]),
  type([2, I32, I32], [1, 0x7e]),
  type(wide(I32), wide(I32)),
  type(wide(V128), wide(V128)),
  type([0], wide(I32)),
];

const get = (local: number): number[] => [OP.localGet, ...u32(local)];
const set = (local: number): number[] => [OP.localSet, ...u32(local)];
const load = (offset: number): number[] => [...get(0), 0x28, 2, ...u32(offset)];
const report = (value: readonly number[]): number[] => [...value, ...get(1), OP.call, MATCH];

/** Its parameters, the other way round. */
const REVERSED = [0, ...many(MAX_PARAMETERS, (index) => get(MAX_PARAMETERS - 1 - index)), OP.end];
const LOADED = [0, ...many(MAX_PARAMETERS, (index) => [0x41, 0, 0x28, 2, ...u32(4 * index)]), OP.end];

function moduleOf(evaluate: readonly number[]): Uint8Array {
  const name = (text: string): number[] => [...encodeName(text)];
  const section = (id: number, content: readonly number[]) => encodeSection(id, Uint8Array.from(content));
  const bodies = [evaluate, [0, 0x42, 0, OP.end], REVERSED, REVERSED, LOADED];
  const memory = [...name('env'), ...name('memory'), 2, 3, 1, ...u32(65536)];
  return concatenate([
    [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(SECTION.type, list(TYPES)),
    section(SECTION.import, list([memory, [...name('env'), ...name('match'), 0, 0]])),
    section(SECTION.function, list([[0], [1], [2], [3], [4]])),
    section(
      SECTION.export,
      list([
        [...name('evaluate'), 0, EVALUATE],
        [...name('candidates'), 0, CANDIDATES],
      ]),
    ),
    section(SECTION.code, list(bodies.map((body) => [...u32(body.length), ...body]))),
  ]);
}

/** Locals of which each path brings one value to the meeting and keeps another, so that all are moved. @param paths code of all but the last */
function meeting(locals: number, paths: readonly number[]): number[] {
  const kept = (index: number): number => 2 + index;
  const moved = (index: number): number => 2 + locals + index;
  return [
    ...[1, ...u32(2 * locals), I32],
    ...many(locals, (index) => [...load(4 * index), 0x22, ...u32(kept(index)), ...set(moved(index))]),
    ...[OP.block, EMPTY, ...paths],
    ...many(locals, (index) => [...load(4 * index + 2), ...set(moved(index))]),
    OP.end,
    ...many(locals, (index) => [...get(kept(index)), ...get(moved(index)), OP.call, MATCH]),
    OP.end,
  ];
}

const calls = (count: number, callee: number, before: readonly number[], after: readonly number[]): number[] => [
  ...[0, ...before],
  ...many(count, () => [OP.call, callee]),
  ...[...after, OP.end],
];

/** Bodies of `evaluate`, by what moves values, so many times. */
export const MOVES: Readonly<Record<string, (times: number) => number[]>> = {
  'branches of many locals': (times) =>
    meeting(
      500,
      many(times, (index) => [...load(4 * index), OP.brIf, 0]),
    ),
  'labels of many locals': (times) => {
    const table = [OP.block, EMPTY, ...get(1), OP.brTable, ...u32(times), ...many(times, () => [1]), 0, OP.end];
    return meeting(250, [...load(0), OP.brIf, 0, ...table]);
  },
  'calls of many values': (times) =>
    calls(
      times,
      WIDE,
      many(MAX_PARAMETERS, (index) => load(4 * index)),
      many(MAX_PARAMETERS / 2, () => [OP.call, MATCH]),
    ),
  'calls of many vectors': (times) =>
    calls(
      times,
      VECTORS,
      many(MAX_PARAMETERS, (index) => [...get(0), 0xfd, 0x00, 0, ...u32(16 * index)]),
      many(MAX_PARAMETERS, () => report([0xfd, 0x1b, 0])),
    ),
  'calls with many results': (times) => [
    0,
    ...many(times, () => [OP.call, RESULTS, ...many(MAX_PARAMETERS / 2, () => [OP.call, MATCH])]),
    OP.end,
  ],
};

/** The module that moves values as often as the verifier takes it, or as V8's optimizer gets it. */
export function largestMoving(body: (times: number) => number[], optimized: boolean): Uint8Array<ArrayBuffer> {
  let fits: Uint8Array<ArrayBuffer> | undefined;
  let times = 1;
  for (let step = 16_384; step >= 16; step /= 2) {
    const module = taken(moduleOf(body(times + step)), optimized);
    if (module) [times, fits] = [times + step, module];
  }
  if (!fits) throw new Error('the verifier takes none of them');
  return fits;
}

function taken(module: Uint8Array, optimized: boolean): Uint8Array<ArrayBuffer> | undefined {
  try {
    const bytes = instrumentFuel(module);
    return verifyModule(bytes).optimizable || !optimized ? bytes : undefined;
  } catch (error) {
    if (error instanceof SandboxError) return undefined;
    throw error;
  }
}
