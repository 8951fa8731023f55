// Programs that are dear to V8's optimizer: constructs repeated as often as the sandbox still takes the module for optimizable.

import { concatenate, encodeSection, encodeU32 } from '../../host/sandbox/encode.ts';
import { SandboxError } from '../../host/sandbox/error.ts';
import { instrumentFuel } from '../../host/sandbox/fuel.ts';
import { MAX_FUNCTION_BYTES } from '../../host/sandbox/limits.ts';
import { readModule, readSections, SECTION } from '../../host/sandbox/module.ts';
import { verifyModule } from '../../host/sandbox/verify.ts';
import { assembleText } from '../support/sandbox/wasm-builder.ts';

/** The text of the i-th repetition, in a function of the locals $x and $y of i32, $l0 to $l7 of i32, $f of f32, $w of i64 and $v of v128. */
export type Construct = (i: number) => string;

const X = '(local.get $x)';
const Y = '(local.get $y)';
const SWAP = `${X} ${Y} (local.set $x) (local.set $y)`;
const CALL_LEAF = `(local.set $x (call $leaf ${X}))`;
const branchTable = (labels: number): string => `(block $b (br_table ${'$b '.repeat(labels)} ${X}))`;

/** By name; each has been the worst of its kind. */
export const CONSTRUCTS: Readonly<Record<string, Construct>> = {
  'values merged by if': () => `(if ${X} (then (local.set $x ${Y})))`,
  'values swapped by if': () => `(if ${X} (then ${SWAP}))`,
  'values swapped, and computed with': (i) =>
    `(if ${X} (then ${SWAP})) ${Array.from({ length: 4 }, (_, j) => `(local.set $y (i32.add ${Y} (i32.const ${4 * i + j})))`).join('')}`,
  'values summed by if': () => `(if ${X} (then (local.set $x (i32.add ${X} ${Y}))))`,
  'values merged by if, compared': () => `(if (i32.eqz ${X}) (then (local.set $x ${Y})))`,
  'if in if': () => `(if ${X} (then (if ${Y} (then ${SWAP}))))`,
  'results of if': () => `(local.set $x (if (result i32) ${X} (then ${Y}) (else ${X})))`,
  'three locals turned by if': () =>
    `(if (local.get $l0) (then (local.get $l1) (local.get $l2) (local.get $l0) (local.set $l2) (local.set $l1) (local.set $l0)))`,
  'br_table to three blocks': () =>
    `(block $a (block $b (block $c (br_table $c $b $a ${X})) ${SWAP}) (local.set $y ${X}))`,
  'br_table of many labels': () => branchTable(40),
  'br_table of one label': () => branchTable(1),
  'constants by if': (i) => `(if ${X} (then (local.set $x (i32.const ${i}))) (else (local.set $x (i32.const 1))))`,
  'one condition again and again': (i) => `(if ${X} (then (local.set $y (i32.add ${Y} (i32.const ${i})))))`,
  'one condition, with else': (i) =>
    `(if ${X} (then (local.set $y (i32.add ${Y} (i32.const ${i})))) (else (local.set $y (i32.mul ${Y} (i32.const ${i})))))`,
  'conditions that are loaded': (i) =>
    `(if (i32.load offset=${i * 8} ${Y}) (then (local.set $x (i32.load offset=${i * 8 + 4} ${X}))))`,
  'loaded values merged, then forked on': (i) =>
    `(if (i32.load offset=${i * 4} ${Y}) (then (local.set $x ${Y}))) (br_if 0 ${X})`,
  'reports of a match': () => `(if ${X} (then (call $match ${X} ${Y})))`,
  'calls of a match': () => `(call $match ${X} ${Y})`,
  'calls of a small function': () => CALL_LEAF,
  'calls of a small function by if': () => `(if ${X} (then ${CALL_LEAF}))`,
  loops: () => `(loop $l (br_if $l ${X}))`,
  'loops that change locals': (i) =>
    `(loop $l (local.set $l${i % 8} (i32.add (local.tee $x (i32.add ${X} (local.get $l${(i + 1) % 8}))) ${Y})) (br_if $l ${X}))`,
  'loops in loops': () =>
    `(loop $a (loop $b (loop $c (loop $d (local.set $x (i32.add ${X} ${Y})) (br_if $d ${X})) (br_if $c ${Y})) (br_if $b ${X})) (br_if $a ${Y}))`,
  selects: () => `(local.set $x (select ${X} ${Y} ${X}))`,
  'blocks of results': () => `(local.set $x (block $b (result i32) (br_if $b ${X} ${Y})))`,
  divisions: () => `(local.set $x (i32.rem_s ${X} (i32.or ${Y} (i32.const 1))))`,
  'conversions of floats': () => '(local.set $f (f32.convert_i64_u (i64.trunc_sat_f32_u (local.get $f))))',
  vectors: () => '(local.set $v (i8x16.popcnt (i64x2.mul (local.get $v) (local.get $v))))',
  'vectors of constants': (i) => `(local.set $v (v128.xor (local.get $v) (v128.const i32x4 ${i} 1 2 3)))`,
  loads: (i) => `(local.set $y (i32.add (i32.load offset=${i * 4} ${X}) ${Y}))`,
};

/** A function that is small enough to be put in the place of its calls. */
const LEAF = `(func $leaf (param $x i32) (result i32) ${Array.from({ length: 40 }, (_, i) => `(if (local.get $x) (then (local.set $x (i32.const ${i}))))`).join('')} (local.get $x))`;
const LOCALS = ['l0', 'l1', 'l2', 'l3', 'l4', 'l5', 'l6', 'l7'];

/** @param period after so many repetitions they begin anew */
function textOf(constructs: readonly Construct[], times: number, period = times): string {
  const repetition = (i: number): string => (constructs[i % constructs.length] as Construct)(i);
  const body = Array.from({ length: times }, (_, i) => repetition(i % period)).join('\n');
  const values = LOCALS.map((name, i) => `(local.set $${name} (i32.load offset=${4 * i} ${X}))`).join('');
  // At the end all values are of consequence.
  const used = ['x', 'y', ...LOCALS].map((name) => `(call $match (local.get $${name}) ${Y})`).join('');
  return `(module
    (import "env" "memory" (memory $memory 1 65536 shared))
    (import "env" "match" (func $match (param i32 i32)))
    (export "evaluate" (func $evaluate)) (export "candidates" (func $candidates))
    (func $evaluate (param $x i32) (param $y i32)
      ${LOCALS.map((name) => `(local $${name} i32)`).join('')} (local $f f32) (local $w i64) (local $v v128)
      ${values} (block $out ${body}) ${used}
      (call $match (i32.wrap_i64 (i64.add (local.get $w) (i64x2.extract_lane 0 (local.get $v)))) (i32.trunc_sat_f32_s (local.get $f))))
    (func $candidates (param i32 i32) (result i64) (i64.const 0))
    ${LEAF})`;
}

/** The module of as many repetitions as are still optimizable. */
export function worstModule(constructs: readonly Construct[]): { bytes: Uint8Array; times: number } {
  const make = (times: number): Uint8Array => instrumentFuel(assembleText(textOf(constructs, times)));
  const isOptimizable = (times: number): boolean => {
    try {
      return verifyModule(make(times)).optimizable;
    } catch (error) {
      if (error instanceof SandboxError) return false;
      throw error;
    }
  };
  let fits = 250;
  while (isOptimizable(fits * 2)) fits *= 2;
  // To a part in eight: what it costs is smooth.
  for (let step = fits / 2; step > fits / 8; step /= 2) {
    if (isOptimizable(Math.round(fits + step))) fits = Math.round(fits + step);
  }
  return { bytes: make(fits), times: fits };
}

/** So many repetitions are assembled; larger modules repeat their bytes. */
const ASSEMBLED = 200;

/**
 * The module of one function that is nearly as large as the verifier takes. Undefined if binaryen gives each repetition a local of its own:
 * there may be few of these.
 */
export function largestModule(constructs: readonly Construct[]): { bytes: Uint8Array; times: number } | undefined {
  const [once, twice] = [1, 2].map((rounds) => assembleText(textOf(constructs, rounds * ASSEMBLED, ASSEMBLED)));
  if (!once || !twice || localsOf(once) !== localsOf(twice)) return undefined;
  const [short, long] = [bodyOf(once), bodyOf(twice)];
  // Up to the end of the first round both are the same, and perhaps some bytes further: the round is taken from there.
  const end = short.findIndex((byte, index) => byte !== long[index]);
  const round = long.subarray(end - (long.length - short.length), end);
  for (let times = Math.floor(MAX_FUNCTION_BYTES / round.length); ; times = Math.floor(times * 0.9)) {
    const rounds = Array.from({ length: times }, () => round);
    const bytes = takenModule(once, concatenate([short.subarray(0, end), ...rounds, short.subarray(end)]));
    if (bytes) return { bytes, times: times * ASSEMBLED };
  }
}

function localsOf(bytes: Uint8Array): number | undefined {
  return readModule(bytes).bodies[0]?.localCount;
}

/** Of `evaluate`, which is the first function, without its length. */
function bodyOf(bytes: Uint8Array): Uint8Array {
  const [body] = readModule(bytes).bodies;
  if (!body) throw new Error('no function');
  return bytes.subarray(body.locals, body.end);
}

/** The module with that body, if the verifier takes it. */
function takenModule(module: Uint8Array, body: Uint8Array): Uint8Array | undefined {
  const code = readSections(module).find(({ id }) => id === SECTION.code);
  const { bodies } = readModule(module);
  if (!code) throw new Error('no code');
  const all = [body, ...bodies.slice(1).map(({ locals, end }) => module.subarray(locals, end))];
  const content = concatenate([encodeU32(all.length), ...all.flatMap((each) => [encodeU32(each.length), each])]);
  const whole = concatenate([
    module.subarray(0, code.start),
    encodeSection(code.id, content),
    module.subarray(code.end),
  ]);
  try {
    const bytes = instrumentFuel(whole);
    verifyModule(bytes);
    return bytes;
  } catch (error) {
    if (error instanceof SandboxError) return undefined;
    throw error;
  }
}
