// What asc makes of AssemblyScript with the project's flags is what the sandbox takes, once it has fuel; and what it must not take, it refuses.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileRuleModule } from '../../../host/sandbox/compile-module.ts';
import { type SandboxCode, SandboxError } from '../../../host/sandbox/error.ts';
import { instrumentFuel } from '../../../host/sandbox/fuel.ts';
import { instantiateRuleModule } from '../../../host/sandbox/instantiate.ts';
import { readModule } from '../../../host/sandbox/module.ts';
import { runCandidates, runEvaluate } from '../../../host/sandbox/run.ts';
import { verifyModule } from '../../../host/sandbox/verify.ts';
import { compileAssemblyScript, sharedMemory, writeRecords } from '../../support/sandbox/wasm-builder.ts';

const RING = 65536;

/** Source of a module; `helpers` stand before the exports, `evaluate` is done for each record `event`. */
function source(evaluate: string, helpers = ''): string {
  return `
    @external("env", "match") declare function match(rule: i32, event: i32): void;
    ${helpers}
    export function evaluate(from: i32, to: i32): void {
      let at: u32 = from;
      while (at < <u32>to) {
        const event = at;
        at += load<u32>(event, 8);
        ${evaluate}
      }
    }
    export function candidates(process: i32, word: i32): i64 {
      return word == 0 ? load<i64>(process) : 0;
    }`;
}

describe('sandbox: modules made by asc', () => {
  const rules = source(
    `switch (load<u16>(event, 12)) {
      case 1: if (contains(event, load<u32>(event, 16), 0x2f)) match(0, event); break;
      case 2: if (v128.all_true<u8>(i8x16.eq(v128.load(event), v128.splat<u8>(1)))) match(1, event); break;
      case 3: match(2, event); break;
      case 4: while (true) {} break;
      default: break;
    }`,
    `function contains(at: u32, length: u32, byte: u8): bool {
      for (let i: u32 = 0; i < length; i++) if (load<u8>(at + i) == byte) return true;
      return false;
    }`,
  );
  const plain = compileAssemblyScript(rules, ['--debug']);
  const fuelled = instrumentFuel(plain);

  it('have no sections beyond those of a rule module', () => {
    const module = readModule(plain);
    assert.deepEqual(
      module.sections.map((section) => section.id),
      [1, 2, 3, 7, 10, 0],
    );
    assert.deepEqual(
      module.exports.map((item) => item.name),
      ['evaluate', 'candidates'],
    );
  });
  it('are refused without fuel, and pass with it', () => {
    assert.throws(
      () => verifyModule(plain),
      (error) => error instanceof SandboxError && error.code === 'missing-export',
    );
    const proof = verifyModule(fuelled);
    assert.ok(proof.loops >= 3);
    assert.deepEqual(proof.customSections, ['name']);
  });
  it('evaluate, run out of fuel, and go on', () => {
    const memory = sharedMemory(2);
    const matches: number[] = [];
    const verified = compileRuleModule(fuelled);
    const instance = instantiateRuleModule(verified, { memory, ruleCount: 3, match: (rule) => matches.push(rule) });
    const to = writeRecords(memory, RING, 3, 3);
    assert.deepEqual(runEvaluate(instance, RING, to), { ok: true });
    assert.deepEqual(matches, [2, 2, 2]);
    const view = new DataView(memory.buffer);
    view.setUint16(RING + 64 + 12, 4, true);
    const result = runEvaluate(instance, RING, to);
    assert.ok(!result.ok && result.kind === 'out-of-fuel');
    assert.deepEqual(matches, [2, 2, 2, 2], 'the match before the loop is delivered, once');
    view.setUint16(RING + 64 + 12, 0, true);
    assert.deepEqual(runEvaluate(instance, RING, to), { ok: true });
    view.setBigUint64(RING, 0xfedcba9876543210n, true);
    assert.deepEqual(runCandidates(instance, RING, 0), { ok: true, value: 0xfedcba9876543210n });
  });
  it('keep their names, which V8 shows in a trace', () => {
    const names = WebAssembly.Module.customSections(new WebAssembly.Module(fuelled), 'name');
    assert.match(Buffer.from(names[0] ?? new ArrayBuffer(0)).toString('latin1'), /module\/evaluate/);
  });
});

describe('sandbox: modules that asc makes of sources that no rule has', () => {
  const hostile: readonly (readonly [what: string, evaluate: string, helpers: string, code: SandboxCode])[] = [
    ['a store', 'store<u8>(event, 0);', '', 'store'],
    ['growing', 'memory.grow(1);', '', 'memory-grow'],
    ['calling out', 'exit(1);', '@external("env", "exit") declare function exit(code: i32): void;', 'forbidden-import'],
    ['state', 'seen++; if (seen > 3) match(0, event);', 'let seen = 0;', 'mutable-global'],
    [
      'a string',
      'if (text.charCodeAt(load<u8>(event) & 1) == 97) match(0, event);',
      'const text = "ab";',
      'forbidden-section',
    ],
    [
      'recursion',
      'if (down(load<u32>(event)) > 5) match(0, event);',
      'function down(n: u32): u32 { return n < 2 ? n : down(n - 1) + down(n - 2); }',
      'recursion',
    ],
    [
      'a function value',
      'if (pick(load<u32>(event))(event)) match(0, event);',
      `function odd(n: u32): bool { return (load<u32>(n) & 1) != 0; } function big(n: u32): bool { return load<u32>(n) > 9; }
       function pick(n: u32): (n: u32) => bool { return n == 1 ? odd : big; }`,
      'forbidden-section',
    ],
  ];
  for (const [what, evaluate, helpers, code] of hostile) {
    it(what, () => {
      assert.throws(
        () => verifyModule(instrumentFuel(compileAssemblyScript(source(evaluate, helpers)))),
        (error) => error instanceof SandboxError && error.code === code,
      );
    });
  }
});
