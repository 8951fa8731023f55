// The WebAssembly API of JavaScript, as far as the project uses it. TypeScript has it only in its library for browsers (`dom`),
// and @types/node does not declare it.

declare namespace WebAssembly {
  class CompileError extends Error {}
  class LinkError extends Error {}
  class RuntimeError extends Error {}

  interface MemoryDescriptor {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: true;
  }
  /** A shared memory: the project has no others. */
  class Memory {
    constructor(descriptor: MemoryDescriptor);
    readonly buffer: SharedArrayBuffer;
  }

  interface ValueTypeMap {
    i32: number;
    i64: bigint;
    f32: number;
    f64: number;
  }
  class Global<T extends keyof ValueTypeMap = keyof ValueTypeMap> {
    constructor(descriptor: { readonly value: T; readonly mutable?: boolean }, value: ValueTypeMap[T]);
    value: ValueTypeMap[T];
  }

  class Module {
    constructor(bytes: Uint8Array<ArrayBuffer>);
    static exports(module: Module): { name: string; kind: string }[];
    static imports(module: Module): { module: string; name: string; kind: string }[];
    static customSections(module: Module, name: string): ArrayBuffer[];
  }
  class Instance {
    constructor(module: Module, imports?: Record<string, Record<string, unknown>>);
    readonly exports: Record<string, unknown>;
  }
  function validate(bytes: Uint8Array): boolean;
}
