// Limits of rule modules.
// They bound the time and memory of verifying, compiling and running; each is far above the needs of real rules.

/** The 112 stock Falco rules make about 75 KB; 4 MB leaves room for 50 times that. */
export const MAX_MODULE_BYTES = 4 * 1024 * 1024;
/** Bytes of one function: all that the compiler takes may be a single condition. V8's own limit is 7.6 MB. */
export const MAX_FUNCTION_BYTES = 2 * 1024 * 1024;
/** Functions, types, globals and custom sections of a module. */
export const MAX_FUNCTIONS = 10_000;
export const MAX_TYPES = 1_000;
export const MAX_GLOBALS = 1_000;
export const MAX_CUSTOM_SECTIONS = 16;
/** Sections of any WebAssembly module whose custom sections are read; there are 13 kinds of others. */
export const MAX_SECTIONS = 100;
/** Imports and exports. Rule modules need two and three; the excess allows a precise error. */
export const MAX_IMPORTS = 100;
/** Parameters or results of a function type. */
export const MAX_PARAMETERS = 64;
/** Parameters and locals of one function. */
export const MAX_LOCALS = 4_096;
/** Locals and operands of all functions on the deepest call path: at 16 bytes each this is 256 KB of V8's stack of about 1 MB. */
export const MAX_STACK_LOCALS = 16_384;
/** Compile work of all functions (compile-cost.ts): some 70 ms of a compiler that runs in the worker. The shipped rules come to a hundredth of it. */
export const MAX_COMPILE_WORK = 4_000_000;
/**
 * Beyond these V8's optimizer doesn't get a module (optimizer-work.ts). test/fuzz/optimizer.test.ts searches for the worst that is within them:
 * the memory of one compilation (one runs at a time), and the time. 2,000 rules come to a half of them.
 */
export const OPTIMIZED_FUNCTION_BYTES = 48 * 1024;
export const OPTIMIZED_BYTES = 1024 * 1024;
export const OPTIMIZED_MEETINGS = 40_000;
export const OPTIMIZED_FORKS = 4_000 ** 2;
export const OPTIMIZED_MOVES = 120_000;
/** Functions on the deepest call path, `evaluate` included. */
export const MAX_CALL_DEPTH = 64;
/** Nested blocks, loops and ifs in a function. */
export const MAX_NESTING = 1_024;
/** Labels of one br_table. */
export const MAX_LABELS = 16_384;
