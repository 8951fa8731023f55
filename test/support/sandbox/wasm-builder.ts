// Makes WebAssembly modules for the sandbox's tests: from text, from bytes, and with asc from AssemblyScript.
// All real: binaryen parses the text, asc compiles with the flags that rule modules are compiled with.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import binaryen from 'assemblyscript/binaryen';
import { ASC_FLAGS } from '../../../host/compiler/assemble/asc-flags.ts';
import { encodeName, encodeS32, encodeSection, encodeU32 } from '../../../host/sandbox/encode.ts';

/** The binary of a module in text. */
export function assembleText(text: string): Uint8Array {
  const module = binaryen.parseText(text);
  try {
    module.setFeatures(binaryen.Features.All);
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

/** A fuel check in text. */
export function check(charge = 1000): string {
  return `(global.set $fuel (i32.sub (global.get $fuel) (i32.const ${charge})))
    (if (i32.lt_s (global.get $fuel) (i32.const 0)) (then (unreachable)))`;
}

export interface TextParts {
  readonly memory?: string;
  readonly match?: string;
  readonly fuel?: string;
  readonly exports?: string;
  /** Fields of the module besides: functions, sections. */
  readonly more?: string;
  /** Body of evaluate, without its check. */
  readonly evaluate?: string;
  readonly locals?: string;
  readonly candidates?: string;
}

/** The text of a module that the verifier passes, unless a part spoils it. */
export function ruleModuleText(parts: TextParts = {}): string {
  return `(module
    ${parts.memory ?? '(import "env" "memory" (memory $memory 1 65536 shared))'}
    ${parts.match ?? '(import "env" "match" (func $match (param i32 i32)))'}
    ${parts.fuel ?? '(global $fuel (mut i32) (i32.const 0))'}
    ${
      parts.exports ??
      '(export "evaluate" (func $evaluate)) (export "candidates" (func $candidates)) (export "fuel" (global $fuel))'
    }
    (func $evaluate (param $from i32) (param $to i32) ${parts.locals ?? ''} ${check()} ${parts.evaluate ?? ''})
    ${parts.candidates ?? `(func $candidates (param i32 i32) (result i64) ${check()} (i64.const 0))`}
    ${parts.more ?? ''}
  )`;
}

export function ruleModule(parts: TextParts = {}): Uint8Array {
  return assembleText(ruleModuleText(parts));
}

/** Bytes of a check on global 0. */
export function checkBytes(charge = 63): number[] {
  const value = encodeS32(charge);
  return [0x23, 0, 0x41, ...value, 0x6b, 0x24, 0, 0x23, 0, 0x41, 0, 0x48, 0x04, 0x40, 0x00, 0x0b];
}

/**
 * A module from bytes that binaryen would not emit: `code` is what evaluate holds after its check and before its end. `sections` are added
 * after those of a rule module; `charge` is what the checks charge.
 */
export function ruleModuleBytes(
  code: readonly number[],
  sections: readonly (readonly number[])[] = [],
  charge = 63,
): Uint8Array {
  const body = (instructions: readonly number[]): number[] => {
    const bytes = [0, ...checkBytes(charge), ...instructions, 0x0b];
    return [...encodeU32(bytes.length), ...bytes];
  };
  const section = (id: number, content: readonly number[]): number[] => [
    ...encodeSection(id, Uint8Array.from(content)),
  ];
  const name = (text: string): number[] => [...encodeName(text)];
  return Uint8Array.from(
    [
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(1, [2, 0x60, 2, 0x7f, 0x7f, 0, 0x60, 2, 0x7f, 0x7f, 1, 0x7e]),
      section(2, [
        2,
        ...[...name('env'), ...name('memory'), 2, 3, 1, ...encodeU32(65536)],
        ...[...name('env'), ...name('match'), 0, 0],
      ]),
      section(3, [2, 0, 1]),
      section(6, [1, 0x7f, 1, 0x41, 0, 0x0b]),
      section(7, [3, ...[...name('evaluate'), 0, 1], ...[...name('candidates'), 0, 2], ...[...name('fuel'), 3, 0]]),
      section(10, [2, ...body(code), ...body([0x42, 0])]),
      ...sections,
    ].flat(),
  );
}

/** What asc makes of a source, with the flags of rule modules. Takes about a second. Run where no asconfig.json adds entries. */
export function compileAssemblyScript(source: string, extraFlags: readonly string[] = []): Uint8Array {
  const directory = mkdtempSync(join(tmpdir(), 'wasprey-asc-'));
  try {
    const input = join(directory, 'module.ts');
    const output = join(directory, 'module.wasm');
    writeFileSync(input, source);
    const asc = createRequire(import.meta.url).resolve('assemblyscript/bin/asc.js');
    execFileSync(process.execPath, [asc, input, '-o', output, ...ASC_FLAGS, ...extraFlags], {
      cwd: directory,
      stdio: 'pipe',
    });
    return new Uint8Array(readFileSync(output));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A shared memory of that many pages. */
export function sharedMemory(pages: number): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

/** Writes records of 64 bytes each at `from`, and returns the address after the last. */
export function writeRecords(memory: WebAssembly.Memory, from: number, count: number, type = 1): number {
  const view = new DataView(memory.buffer);
  for (let i = 0; i < count; i++) {
    view.setUint32(from + i * 64 + 8, 64, true);
    view.setUint16(from + i * 64 + 12, type, true);
  }
  return from + count * 64;
}
