// Modules that V8's optimizer would die of never get to it, however often they run; all others do.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { instrumentFuel } from '../../../host/sandbox/fuel.ts';
import { MAX_PARAMETERS, OPTIMIZED_FUNCTION_BYTES, OPTIMIZED_MOVES } from '../../../host/sandbox/limits.ts';
import { verifyModule } from '../../../host/sandbox/verify.ts';
import { assembleText, checkBytes, ruleModuleBytes } from '../../support/sandbox/wasm-builder.ts';

const directory = mkdtempSync(join(tmpdir(), 'wasprey-baseline-'));
after(() => rmSync(directory, { recursive: true }));
/** Of the child, in bytes: without the bound of the sandbox it would take 30 GB. */
const DATA = 1 << 30;

/** `if (x) x = y`, where x is what the one before has made of it. */
const MERGING = [0x20, 0, 0x04, 0x40, 0x20, 1, 0x21, 0, 0x0b];
/** `if (load(y)) x = y`: nobody knows what is loaded. */
const LOADING = [0x20, 1, 0x28, 2, 0, 0x04, 0x40, 0x20, 1, 0x21, 0, 0x0b];

function repeated(code: readonly number[], times: number): Uint8Array {
  return ruleModuleBytes(Array(times).fill(code).flat(), [], 1_000_000);
}

/** @param evaluate locals and body of the function, in text */
function withFuel(evaluate: string, functions = ''): Uint8Array {
  const text = `(module
    (import "env" "memory" (memory $memory 1 65536 shared))
    (import "env" "match" (func $match (param i32 i32)))
    (export "evaluate" (func $evaluate)) (export "candidates" (func $candidates))
    (func $evaluate (param $from i32) (param $to i32) ${evaluate})
    (func $candidates (param i32 i32) (result i64) (i64.const 0))
    ${functions})`;
  return instrumentFuel(assembleText(text));
}

function compilerOf(bytes: Uint8Array): string {
  const path = join(directory, 'module.wasm');
  writeFileSync(path, bytes);
  const child = join(import.meta.dirname, 'baseline-child.ts');
  const node = [process.execPath, '--allow-natives-syntax', '--v8-pool-size=1', child, path];
  const { stdout, stderr } = spawnSync('prlimit', [`--data=${DATA}`, ...node], { encoding: 'utf8' });
  assert.notEqual(stdout, '', stderr);
  return stdout.trim();
}

describe("sandbox: V8's optimizer", () => {
  it('gets a small module', () => {
    assert.equal(verifyModule(repeated(MERGING, 100)).optimizable, true);
    assert.equal(compilerOf(repeated(MERGING, 100)), 'optimized');
  });
  it('does not get 200 KB of if on values that if has merged', () => {
    const bytes = repeated(MERGING, 28_571);
    assert.equal(verifyModule(bytes).optimizable, false);
    assert.equal(compilerOf(bytes), 'baseline');
  });
  it('may have many forks on what is loaded, but not too many', () => {
    assert.equal(verifyModule(repeated(LOADING, 3_900)).optimizable, true);
    assert.equal(verifyModule(repeated(LOADING, 4_100)).optimizable, false);
  });
  it('does not get many values that paths bring to where they meet, or to the head of a loop', () => {
    /** Each path brings 100 locals; the last one other values of them than the others. @param paths code of all but the last */
    const moving = (head: string, paths: string): boolean => {
      const locals = Array.from({ length: 100 }, (_, i) => `$l${i}`);
      const set = locals.map((name, i) => `(local.set ${name} (i32.load offset=${4 * i} (local.get $to)))`).join('');
      const evaluate = head === 'loop' ? `(loop $b ${set} ${paths})` : `(block $b ${paths} ${set})`;
      const declared = locals.map((name) => `(local ${name} i32)`).join('');
      return verifyModule(withFuel(declared + evaluate)).optimizable;
    };
    const branches = (count: number): string => '(br_if $b (i32.load (local.get $to)))'.repeat(count);
    const labels = (count: number): string =>
      `(block $c (br_if $c (i32.load (local.get $to))) (br_table ${'$b '.repeat(count)} (local.get $to)))`;
    const most = OPTIMIZED_MOVES / 100;
    for (const paths of [branches, labels]) {
      assert.equal(moving('block', paths(most - 100)), true);
      assert.equal(moving('block', paths(most + 100)), false);
      assert.equal(moving('loop', paths(most / 6 - 20)), true);
      assert.equal(moving('loop', paths(most / 6 + 20)), false);
    }
  });
  it('does not get many values that calls take and leave', () => {
    const calls = (count: number): Uint8Array => {
      const values = '(i32.const 0)'.repeat(MAX_PARAMETERS);
      const wide = `(func $wide (param ${'i32 '.repeat(MAX_PARAMETERS)}))`;
      const caller = (_: unknown, i: number): string =>
        `(func $caller${i} ${`(call $wide ${values})`.repeat(count / 10)})`;
      const callers = Array.from({ length: 10 }, caller).join('');
      const evaluate = Array.from({ length: 10 }, (_, i) => `(call $caller${i})`).join('');
      return withFuel(evaluate, wide + callers);
    };
    const most = Math.floor(OPTIMIZED_MOVES / MAX_PARAMETERS / 10) * 10;
    assert.equal(verifyModule(calls(most - 10)).optimizable, true);
    assert.equal(verifyModule(calls(most + 10)).optimizable, false);
  });
  it('does not get many small loops, whose code it copies', () => {
    const loops = (bytes: number): Uint8Array => {
      const loop = [0x03, 0x40, ...checkBytes(), 0x0b];
      return ruleModuleBytes(
        Array(Math.floor(bytes / loop.length))
          .fill(loop)
          .flat(),
        [],
        1_000_000,
      );
    };
    assert.equal(verifyModule(loops(OPTIMIZED_FUNCTION_BYTES * 0.16)).optimizable, true);
    assert.equal(verifyModule(loops(OPTIMIZED_FUNCTION_BYTES * 0.19)).optimizable, false);
  });
  it('does not get a large function', () => {
    const nops = (count: number): Uint8Array => ruleModuleBytes(Array(count).fill(0x01), [], 1_000_000);
    assert.equal(verifyModule(nops(OPTIMIZED_FUNCTION_BYTES - 100)).optimizable, true);
    assert.equal(verifyModule(nops(OPTIMIZED_FUNCTION_BYTES)).optimizable, false);
  });
});
