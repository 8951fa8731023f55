// Why a rule module was refused: a stable code, the place in the bytes, and the reason.
// Everything the sandbox throws about a module is a SandboxError; any other exception is a fault of the host.

/** Stable codes: logs, metrics and tests refer to them, so they are never renamed. */
export const SANDBOX_CODES = [
  /** Not a WebAssembly binary, or cut short, or with trailing or inconsistent bytes. */
  'malformed',
  /** Well-formed for the reader, but V8's validation (types, stack, indices) refuses it. */
  'invalid',
  /** A limit of size, number or nesting (limits.ts) is exceeded. */
  'limit',
  /** An opcode that the specification did not have when opcodes*.ts were written. */
  'unknown-opcode',
  'forbidden-section',
  'forbidden-import',
  'missing-import',
  'forbidden-export',
  'missing-export',
  /** An import or export is there with the wrong type. */
  'wrong-type',
  'forbidden-type',
  'custom-section',
  'store',
  'memory-grow',
  'bulk-memory',
  'atomic-write',
  'atomic-wait',
  'indirect-call',
  'tail-call',
  'table',
  'reference',
  'exception',
  'gc',
  'recursion',
  'call-depth',
  'mutable-global',
  /** A global whose initial value is not one constant. */
  'global-init',
  'global-set',
  'fuel-missing',
  'fuel-too-small',
  /** The verified module could not be bound to the host's memory (for example: the memory is smaller than it asks for). */
  'link',
  /** fuel.ts can't instrument the module. */
  'not-instrumentable',
] as const;
export type SandboxCode = (typeof SANDBOX_CODES)[number];

/** The place of a refused construct. `offset` is in bytes from the start of the module, as wasm-objdump prints it. */
export interface SandboxLocation {
  readonly offset?: number | undefined;
  /** Index in the function index space: imported functions come first, so `env.match` is 0. */
  readonly functionIndex?: number | undefined;
}

/** Calls `action` for a named module, and prefixes its SandboxErrors with the name. */
export function named<Result>(module: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    throw new SandboxError(error.code, error.reason, error, module);
  }
}

/** A rule module was refused. `reason` is one line without the location; `message` includes it. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';
  readonly code: SandboxCode;
  readonly reason: string;
  readonly offset: number | undefined;
  readonly functionIndex: number | undefined;

  constructor(code: SandboxCode, reason: string, location: SandboxLocation = {}, module?: string) {
    const where = [
      location.functionIndex === undefined ? '' : `function ${location.functionIndex}`,
      location.offset === undefined ? '' : `offset 0x${location.offset.toString(16)}`,
    ].filter((part) => part !== '');
    super(
      `${module === undefined ? '' : `${module}: `}rule module refused (${code})${where.length > 0 ? ` at ${where.join(', ')}` : ''}: ${reason}`,
    );
    this.code = code;
    this.reason = reason;
    this.offset = location.offset;
    this.functionIndex = location.functionIndex;
  }
}

/** A name out of a module, safe for a log or a terminal: printable ASCII, the rest as \u{...}, at most 60 characters. */
export function quoteName(name: string): string {
  const short = name.length > 60 ? `${name.slice(0, 60)}...` : name;
  const escaped = short.replace(
    /[^\x20-\x7e]|["\\]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
  return `"${escaped}"`;
}
