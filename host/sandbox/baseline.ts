// Compiles a module for good by V8's baseline compiler, whose time and memory are proportional to the code (compile-cost.ts). Such code is
// two to four times slower. V8 has no option for a single module, only flags of the process: they are set while the module is compiled.

import { setFlagsFromString } from 'node:v8';

/** All functions now, not where they first run: by then the flags are as before. And without the counters that call the optimizer. */
const WHILE_COMPILING = ['wasm-lazy-compilation', 'wasm-tier-up', 'wasm-dynamic-tiering'];
/** V8's collector would throw baseline code away when memory is short (`collectGarbage('all')`), to compile it again with the flags of then. */
const FOR_GOOD = '--no-flush-liftoff-code';

/**
 * A module that V8's optimizer never gets. Throws WebAssembly.CompileError. Functions of other modules that another thread runs for the first
 * time meanwhile (90 ms for 1 MB) stay unoptimized as well; they are correct nevertheless.
 */
export function compileBaseline(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  setFlagsFromString(FOR_GOOD);
  for (const flag of WHILE_COMPILING) setFlagsFromString(`--no-${flag}`);
  try {
    return new WebAssembly.Module(bytes);
  } finally {
    for (const flag of WHILE_COMPILING) setFlagsFromString(`--${flag}`);
  }
}
