// The flags that asc compiles rule modules with: what makes its output fit for the sandbox (host/sandbox/verify.ts).
// After asc, instrumentFuel (host/sandbox/fuel.ts) adds the fuel; before that the verifier refuses the module.

/**
 * Everything but the files. With these, asc emits the types, two imports, functions, exports and code, and nothing else, as long as the source
 * - keeps no state: no `let` at top level (a mutable global), no string, array or object (a data section, the runtime);
 * - takes no function as a value (a table), and has no recursion.
 */
export const ASC_FLAGS: readonly string[] = [
  // -O1: on 112 rules 2.1 s; higher levels take longer and gain almost nothing, V8 optimises again.
  '--optimizeLevel=1',
  '--noAssert',
  // The stub runtime is dropped when nothing allocates.
  '--runtime=stub',
  // env.memory is the host's: shared, one page at least (any host's memory will do), 4 GB at most.
  '--importMemory',
  '--sharedMemory',
  '--initialMemory=1',
  '--maximumMemory=65536',
  '--noExportMemory',
  // `abort` becomes `unreachable` instead of an import.
  '--use',
  'abort=',
  '--enable=threads',
  '--enable=simd',
  // Else memory.copy and memory.fill stand in for loops.
  '--disable=bulk-memory',
];
