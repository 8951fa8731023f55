// Mutated modules: each is refused with a SandboxError, or runs harmlessly: no write, no hang, no match that is not its own.
// WASPREY_FUZZ_RUNS sets the number of mutants (3000), WASPREY_FUZZ_SEED repeats a run; the seed is in every message.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import binaryen from 'assemblyscript/binaryen';
import { InstructionReader } from '../../host/sandbox/code.ts';
import { compileRuleModule, type VerifiedModule } from '../../host/sandbox/compile-module.ts';
import { encodeU32 } from '../../host/sandbox/encode.ts';
import { type SandboxCode, SandboxError } from '../../host/sandbox/error.ts';
import { instrumentFuel } from '../../host/sandbox/fuel.ts';
import { instantiateRuleModule } from '../../host/sandbox/instantiate.ts';
import { readModule } from '../../host/sandbox/module.ts';
import { runCandidates, runEvaluate } from '../../host/sandbox/run.ts';
import { ruleSetSource } from '../bench/sandbox-workload.ts';
import { allOpcodes } from '../support/sandbox/all-opcodes.ts';
import {
  check,
  compileAssemblyScript,
  ruleModule,
  sharedMemory,
  writeRecords,
} from '../support/sandbox/wasm-builder.ts';

const RUNS = Number(process.env.WASPREY_FUZZ_RUNS ?? 3000);
const SEED = Number(process.env.WASPREY_FUZZ_SEED ?? Date.now() % 2 ** 31);
const RING = 65536;
const RULES = 8;
/** CPU time of a call; twice what RUN_LIMITS is made for, since this machine is shared. */
const HANG_MS = 200;

/** What a text of the module must not have, as binaryen, which shares no code with the sandbox, writes it. */
const FORBIDDEN_TEXT =
  /\.store|memory\.(grow|fill|copy|init|atomic)|\.rmw|call_indirect|call_ref|return_call|\(table|\(data|\(start|\(elem|table\./;

class Random {
  private state: number;
  constructor(seed: number) {
    this.state = seed | 0;
  }
  /** An integer in [0, limit). */
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }
  pick<T>(items: readonly T[]): T {
    // Callers pass lists that are not empty.
    return items[this.below(items.length)] as T;
  }
}

const OPCODE_BYTES = allOpcodes().map((opcode) =>
  opcode.code < 0x100 ? [opcode.code] : [Math.floor(opcode.code / 0x1000), ...encodeU32(opcode.code % 0x1000)],
);

/** Ranges of bytes of the single instructions in the module's code. */
function instructions(bytes: Uint8Array): { start: number; end: number }[] {
  return readModule(bytes).bodies.flatMap((body) => {
    const ranges: { start: number; end: number }[] = [];
    const reader = new InstructionReader(bytes, body.code, body.end, 0);
    while (!reader.done) {
      reader.next();
      ranges.push({ start: reader.start, end: reader.offset });
    }
    return ranges;
  });
}

type Mutation = (bytes: number[], random: Random, ranges: { start: number; end: number }[]) => void;

const flipBit: Mutation = (bytes, random) => {
  const at = random.below(bytes.length);
  bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
};
const setByte: Mutation = (bytes, random) => {
  bytes[random.below(bytes.length)] = random.below(256);
};
const insertByte: Mutation = (bytes, random) => {
  bytes.splice(random.below(bytes.length), 0, random.below(256));
};
const deleteByte: Mutation = (bytes, random) => {
  bytes.splice(random.below(bytes.length), 1);
};
/** Keeps the length, so that section and body sizes stay true: most mutants of this kind get past the reader. */
const replaceOpcode: Mutation = (bytes, random, ranges) => {
  const { start, end } = random.pick(ranges);
  const fitting = OPCODE_BYTES.filter((opcode) => opcode.length <= end - start);
  bytes.splice(start, end - start, ...padded(random.pick(fitting), end - start));
};
const copyInstruction: Mutation = (bytes, random, ranges) => {
  const from = random.pick(ranges);
  const to = random.pick(ranges);
  if (to.end - to.start < from.end - from.start) return;
  bytes.splice(to.start, to.end - to.start, ...padded(bytes.slice(from.start, from.end), to.end - to.start));
};
const changeOperand: Mutation = (bytes, random, ranges) => {
  const { start, end } = random.pick(ranges);
  if (end - start > 1) bytes[start + 1 + random.below(end - start - 1)] = random.below(256);
};
const swapRanges: Mutation = (bytes, random) => {
  const length = 1 + random.below(24);
  const from = random.below(Math.max(1, bytes.length - length));
  const to = random.below(Math.max(1, bytes.length - length));
  const piece = bytes.slice(from, from + length);
  for (const [index, byte] of piece.entries()) bytes[to + index] = byte;
};

/** Fills up with nop. */
function padded(instruction: readonly number[], length: number): number[] {
  return [...instruction, ...Array<number>(length - instruction.length).fill(0x01)];
}

const MUTATIONS = [
  flipBit,
  setByte,
  insertByte,
  deleteByte,
  replaceOpcode,
  replaceOpcode,
  copyInstruction,
  copyInstruction,
  changeOperand,
  changeOperand,
  swapRanges,
];

function bases(): Uint8Array[] {
  const text = ruleModule({
    fuel: '(global $fuel (mut i32) (i32.const 0)) (global $limit i32 (i32.const 4096))',
    locals: '(local $i i32) (local $v v128) (local $x i64)',
    evaluate: `
      (block $done
        (loop $next ${check(400)}
          (br_if $done (i32.ge_u (local.get $from) (local.get $to)))
          (local.set $v (v128.load (local.get $from)))
          (local.set $x (i64.atomic.load (local.get $from)))
          (if (i8x16.all_true (i8x16.eq (local.get $v) (local.get $v)))
            (then (call $match (i32.const 3) (local.get $from)))
            (else (call $match (i32.and (i32.load (local.get $from)) (i32.const 7)) (local.get $from))))
          (loop $inner ${check(200)}
            (local.set $i (call $step (local.get $i)))
            (br_if $inner (i32.lt_u (local.get $i) (global.get $limit))))
          (block $a (block $b (block $c
            (br_table $a $b $c (i32.load8_u offset=12 (local.get $from)))) (drop (memory.size))) (atomic.fence))
          (local.set $from (i32.add (local.get $from) (i32.load offset=8 (local.get $from))))
          (br $next)))`,
    more: `(func $step (param i32) (result i32) ${check(100)} (i32.add (local.get 0) (select (i32.const 64) (i32.const 1) (local.get 0))))`,
  });
  return [new Uint8Array(text), instrumentFuel(compileAssemblyScript(ruleSetSource(RULES)))];
}

describe('sandbox: mutated modules', () => {
  it(`${RUNS} of them are refused or run harmlessly (seed ${SEED})`, () => {
    const random = new Random(SEED);
    const memory = sharedMemory(3);
    const to = writeRecords(memory, RING, 40);
    const view = new DataView(memory.buffer);
    for (let i = 0; i < 40; i++) {
      view.setUint16(RING + i * 64 + 12, i % RULES, true);
      view.setUint32(RING + i * 64 + 60, 4096, true);
    }
    const before = Buffer.from(new Uint8Array(memory.buffer));
    const outcomes = new Map<string, number>();
    const count = (outcome: string): void => {
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    };
    const originals = bases().map((bytes) => ({ bytes, ranges: instructions(bytes) }));
    for (let run = 0; run < RUNS; run++) {
      const base = random.pick(originals);
      const mutant = [...base.bytes];
      const mutations = 1 + random.below(3);
      for (let i = 0; i < mutations; i++) random.pick(MUTATIONS)(mutant, random, base.ranges);
      const bytes = Uint8Array.from(mutant);
      const where = `mutant ${run} of seed ${SEED}`;
      const verified = verifyOrRefuse(bytes, where);
      if (typeof verified === 'string') {
        count(verified);
        continue;
      }
      assert.doesNotMatch(textOf(bytes), FORBIDDEN_TEXT, where);
      count(runHarmlessly(verified, memory, to, where));
      assert.ok(before.equals(new Uint8Array(memory.buffer)), `${where} wrote to memory`);
    }
    const shown = [...outcomes].sort((a, b) => b[1] - a[1]).map(([outcome, times]) => `${outcome} ${times}`);
    console.log(`seed ${SEED}: ${shown.join(', ')}`);
    // Otherwise the mutations would be so wild that nothing but the reader is tested.
    assert.ok((outcomes.get('ran') ?? 0) > RUNS / 50, 'too few mutants ran');
  });
});

function verifyOrRefuse(bytes: Uint8Array, where: string): VerifiedModule | SandboxCode {
  try {
    return compileRuleModule(bytes);
  } catch (error) {
    if (error instanceof SandboxError) return error.code;
    throw new Error(`${where}: not a SandboxError`, { cause: error });
  }
}

function textOf(bytes: Uint8Array): string {
  const module = binaryen.readBinaryWithFeatures(bytes, binaryen.Features.All);
  try {
    return module.emitText();
  } finally {
    module.dispose();
  }
}

/** Runs both exports; returns how it went. */
function runHarmlessly(verified: VerifiedModule, memory: WebAssembly.Memory, to: number, where: string): string {
  const matches: string[] = [];
  let instance: ReturnType<typeof instantiateRuleModule>;
  try {
    instance = instantiateRuleModule(verified, {
      memory,
      ruleCount: RULES,
      match: (rule, event) => {
        assert.ok(
          rule >= 0 && rule < RULES && event >= RING && event < to && event % 64 === 0,
          `${where}: foreign match`,
        );
        matches.push(`${event}:${rule}`);
      },
    });
  } catch (error) {
    if (error instanceof SandboxError && error.code === 'link') return 'link';
    throw error;
  }
  const started = process.threadCpuUsage();
  const result = runEvaluate(instance, RING, to);
  const spent = process.threadCpuUsage(started);
  assert.ok((spent.user + spent.system) / 1000 < HANG_MS, `${where} took ${(spent.user + spent.system) / 1000} ms`);
  assert.equal(new Set(matches).size, matches.length, `${where}: the same match twice`);
  const candidates = runCandidates(instance, RING, 0);
  return result.ok && candidates.ok ? 'ran' : `failed: ${result.ok ? 'candidates' : result.kind}`;
}
