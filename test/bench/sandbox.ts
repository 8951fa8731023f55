// What the sandbox costs: the verifier on a module of the size of the stock rules, the fuel on a realistic evaluation loop, and how long
// a unit of fuel takes at worst.   usage: node_modules/.bin/node test/bench/sandbox.ts

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileRuleModule } from '../../host/sandbox/compile-module.ts';
import { instrumentFuel } from '../../host/sandbox/fuel.ts';
import { instantiateRuleModule, type RuleInstance, type RuleModuleExports } from '../../host/sandbox/instantiate.ts';
import { runEvaluate } from '../../host/sandbox/run.ts';
import { verifyModule } from '../../host/sandbox/verify.ts';
import { assembleText, compileAssemblyScript, ruleModuleText, sharedMemory } from '../support/sandbox/wasm-builder.ts';
import { EVENT_SIZE, ruleSetSource, writeWorkload } from './sandbox-workload.ts';

const RING = 65536;
const ROUNDS = 41;
const FIRST_LANE = '(i32x4.extract_lane 0 (local.get $v))';

function quantiles(samples: number[]): { p10: number; median: number } {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN;
  return { p10: at(0.1), median: at(0.5) };
}

function report(what: string, samples: number[], unit: string, digits = 2): void {
  const { p10, median } = quantiles(samples);
  console.log(`${what.padEnd(58)} p10 ${p10.toFixed(digits)}  median ${median.toFixed(digits)} ${unit}`);
}

function milliseconds(work: () => void): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}

/** The verifier as a new process meets it, its code neither loaded nor compiled: time of verifyModule alone. */
function coldVerifications(module: Uint8Array): number[] {
  const path = join(tmpdir(), `wasprey-bench-${process.pid}.wasm`);
  writeFileSync(path, module);
  try {
    return Array.from({ length: 7 }, () =>
      Number(execFileSync(process.execPath, [import.meta.filename, '--cold', path], { encoding: 'utf8' })),
    );
  } finally {
    rmSync(path);
  }
}

function benchVerifier(module: Uint8Array): void {
  const proof = verifyModule(module);
  console.log(
    `module: ${proof.size} bytes, ${proof.functions} functions, ${proof.instructions} instructions, ${proof.loops} loops, largest charge ${proof.largestCharge}`,
  );
  report('verify, warm', Array.from({ length: 200 }, () => milliseconds(() => verifyModule(module))).slice(50), 'ms');
  report('verify, first in a process', coldVerifications(module), 'ms');
}

/** Evaluates the same events with and without fuel, by turns, so that the machine's moods meet both. */
function benchFuel(plain: Uint8Array, fuelled: Uint8Array): void {
  const memory = sharedMemory(64);
  const events = 20_000;
  const to = writeWorkload(memory, RING, events);
  let matches = 0;
  const match = (): void => {
    matches++;
  };
  const bare = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(plain)), { env: { memory, match } })
    .exports as unknown as RuleModuleExports;
  const instance = instantiateRuleModule(compileRuleModule(fuelled), { memory, ruleCount: 1000, match });
  const limits = { fuel: 2 ** 31 - 1, milliseconds: 1 };
  const without: number[] = [];
  const withFuel: number[] = [];
  for (let round = 0; round < ROUNDS + 20; round++) {
    const a = milliseconds(() => bare.evaluate(RING, to));
    const b = milliseconds(() => runEvaluate(instance, RING, to, limits));
    // The first rounds run unoptimised code.
    if (round < 20) continue;
    without.push((a * 1e6) / events);
    withFuel.push((b * 1e6) / events);
  }
  const used = limits.fuel - instance.exports.fuel.value;
  report('evaluate an event, without fuel', without, 'ns');
  report('evaluate an event, with fuel', withFuel, 'ns');
  const slower = quantiles(withFuel).p10 / quantiles(without).p10 - 1;
  console.log(`fuel makes it slower by ${(slower * 100).toFixed(1)} % (p10); ${matches} matches in all`);
  console.log(
    `fuel used: ${(used / events).toFixed(0)} units an event, ${((quantiles(withFuel).p10 * events) / used).toFixed(3)} ns a unit`,
  );
  report(
    'a call of runEvaluate on no events',
    Array.from(
      { length: 50 },
      () =>
        milliseconds(() => {
          for (let i = 0; i < 1000; i++) runEvaluate(instance, RING, RING, limits);
        }) * 1e3,
    ),
    'ns',
    0,
  );
}

/** How long a unit takes in loops that are made to take long. */
function benchWorstUnits(): void {
  const memory = sharedMemory(4096);
  const bytes = new Uint8Array(memory.buffer);
  // Touched once, so that page faults don't count: native's mappings are populated.
  for (let at = 0; at < bytes.length; at += 4096) bytes[at] = 1;
  writePointerChain(memory);
  // A step of a random walk; what is loaded goes into it, so that no load can begin before the last has ended.
  const step = '(local.set $x (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (i32.const 1013904223)))';
  const walk = (load: string): string =>
    `${step} (local.set $x (i32.add (local.get $x) (${load} (i32.and (local.get $x) (i32.const 0xfffffc0)))))`.repeat(
      8,
    );
  const scattered = Array.from({ length: 400 }, (_, i) => {
    const offset = (i * 2654435761) % 0xfff0000;
    return `(local.set $x (i32.add (local.get $x) (i32.load8_u offset=${offset} (i32.and (local.get $x) (i32.const 0xffc0)))))`;
  });
  const cases: readonly (readonly [what: string, body: string, used?: string])[] = [
    ['nothing but the check', ''],
    ['loads that wait for each other and miss the caches', walk('i32.load')],
    ['a chain of pointers through the memory', '(local.set $x (i32.load (local.get $x)))'.repeat(32), '(i32.const 0)'],
    ['loads from fixed places all over the memory', scattered.join('\n')],
    ['atomic loads that miss', walk('i32.atomic.load')],
    ['atomic.fence', '(atomic.fence)'.repeat(8)],
    [
      'i64.div_s',
      '(local.set $y (i64.div_s (i64.const -7000000000000000001) (i64.or (local.get $y) (i64.const 1))))'.repeat(8),
      '(i32.wrap_i64 (local.get $y))',
    ],
    [
      'f64.sqrt',
      '(local.set $f (f64.sqrt (f64.add (local.get $f) (f64.const 2))))'.repeat(8),
      '(i32.trunc_sat_f64_s (local.get $f))',
    ],
    ...['i64x2.mul', 'f64x2.div', 'i16x8.extmul_high_i8x16_s'].map(
      (name) => [name, `(local.set $v (${name} (local.get $v) (local.get $v)))`.repeat(8), FIRST_LANE] as const,
    ),
    ...['i8x16.popcnt', 'f64x2.sqrt', 'i32x4.trunc_sat_f64x2_u_zero', 'f32x4.convert_i32x4_u'].map(
      (name) => [name, `(local.set $v (${name} (local.get $v)))`.repeat(8), FIRST_LANE] as const,
    ),
    ['i8x16.shr_s', '(local.set $v (i8x16.shr_s (local.get $v) (local.get $x)))'.repeat(8), FIRST_LANE],
    ['calls of a function', '(call $leaf)'.repeat(8)],
  ];
  const fuel = 20_000_000;
  for (const [what, body, used] of cases) {
    // What is computed must be of consequence, or V8 leaves it out.
    const end = `(local.set $x (i32.add (local.get $x) ${used ?? '(i32.const 1)'})) (br_if $l (i32.ne (local.get $x) (i32.const 123456789)))`;
    const text = ruleModuleText({
      evaluate: `(loop $l ${body} ${end})`,
      locals: '(local $x i32) (local $y i64) (local $f f64) (local $v v128)',
      more: '(func $leaf)',
    });
    const instance = startPlain(text, memory);
    const times = Array.from({ length: 12 }, () => {
      instance.exports.fuel.value = fuel;
      const spent = milliseconds(() => assert.throws(() => instance.exports.evaluate(7, 0)));
      return (spent * 1e6) / (fuel - instance.exports.fuel.value);
    });
    report(`a unit: ${what}`, times.slice(3), 'ns');
  }
}

/** One cycle through all cache lines in random order: each holds the address of the next. */
function writePointerChain(memory: WebAssembly.Memory): void {
  const words = new Uint32Array(memory.buffer);
  const lines = Uint32Array.from({ length: words.length / 16 }, (_, line) => line);
  let random = 1;
  for (let i = lines.length - 1; i > 0; i--) {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((random / 2 ** 32) * i);
    const moved = lines[i] as number;
    lines[i] = lines[other] as number;
    lines[other] = moved;
  }
  for (let i = 0; i < lines.length; i++) {
    words[(lines[i] as number) * 16] = (lines[(i + 1) % lines.length] as number) * 64;
  }
}

/** A module in text without checks, instrumented. */
function startPlain(text: string, memory: WebAssembly.Memory): RuleInstance {
  const plain = text
    .replaceAll(/\(global\.set \$fuel[\s\S]*?\(then \(unreachable\)\)\)/g, '')
    .replace('(export "fuel" (global $fuel))', '')
    .replace('(global $fuel (mut i32) (i32.const 0))', '');
  return instantiateRuleModule(compileRuleModule(instrumentFuel(assembleText(plain))), {
    memory,
    ruleCount: 0,
    match: () => {},
  });
}

if (process.argv[2] === '--cold') {
  const module = readFileSync(process.argv[3] ?? '');
  console.log(milliseconds(() => verifyModule(module)));
} else {
  console.log(`${cpus().length} x ${cpus()[0]?.model}, Node ${process.version}; events of ${EVENT_SIZE} bytes`);
  const plain = compileAssemblyScript(ruleSetSource(112));
  const fuelled = instrumentFuel(plain);
  console.log(
    `112 rules: ${plain.length} bytes, with fuel ${fuelled.length} (+${((fuelled.length / plain.length - 1) * 100).toFixed(1)} %)`,
  );
  report('instrument', Array.from({ length: 60 }, () => milliseconds(() => instrumentFuel(plain))).slice(20), 'ms');
  benchVerifier(fuelled);
  benchFuel(plain, fuelled);
  benchWorstUnits();
}
