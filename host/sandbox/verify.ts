// Proves from a module's bytes, before it is instantiated and independent of its compiler, that it only reads, with bounded run time.
// The contract of rule modules: four imports at most, three exports, no writes, no memory growth, no recursion, fuel at every loop.

import { type StackProof, verifyCallGraph } from './call-graph.ts';
import type { CodeTypes } from './compile-cost.ts';
import { quoteName, SandboxError } from './error.ts';
import { MAX_COMPILE_WORK } from './limits.ts';
import { type Export, type RuleModuleBinary, readModule } from './module.ts';
import { isOptimizable } from './optimizer-work.ts';
import { type FunctionType, formatFunctionType } from './types.ts';
import { type FunctionProof, verifyCode } from './verify-code.ts';

const MATCH_TYPE: FunctionType = { parameters: ['i32', 'i32'], results: [] };
const EVALUATE_TYPE: FunctionType = { parameters: ['i32', 'i32'], results: [] };
const CANDIDATES_TYPE: FunctionType = { parameters: ['i32', 'i32'], results: ['i64'] };

const NUMBERS: ReadonlySet<string> = new Set(['env.candidates', 'env.ancestry', 'env.values']);

/**
 * The allowed imports: the memory, the report of a match, where the module's words are in a process image, of candidates and of ancestry,
 * and where its values are in an audit event.
 */
const IMPORTS: ReadonlySet<string> = new Set(['env.memory', 'env.match', ...NUMBERS]);

/** Custom sections with these names, and those that begin with `wasprey.`. V8 gives a meaning to some others (branch hints, source maps). */
const CUSTOM_SECTIONS = new Set(['name', 'producers', 'target_features']);
const OWN_SECTIONS = 'wasprey.';

/** The verifier's results, for `wasprey inspect` and for the metrics. */
export interface SandboxProof {
  /** Bytes of the module. */
  readonly size: number;
  readonly functions: number;
  /** Instructions and loops of all functions. */
  readonly instructions: number;
  readonly loops: number;
  readonly stack: StackProof;
  /** Largest charge of any fuel check, in units: no code between checks costs more. */
  readonly largestCharge: number;
  /** Whether V8's optimizer may have it; else it runs as the baseline compiler leaves it. */
  readonly optimizable: boolean;
  /** Names of the custom sections. */
  readonly customSections: readonly string[];
}

/**
 * Verifies a module. Throws SandboxError with a stable code, the offset and the function of the first violation.
 * Types and stack discipline are left to V8's own validation, which instantiate.ts runs on the same bytes afterwards.
 */
export function verifyModule(bytes: Uint8Array): SandboxProof {
  const module = readModule(bytes);
  verifyCustomSections(module);
  verifyImports(module);
  verifyFunctionTypes(module);
  const fuel = verifyExports(module);
  verifyGlobals(module, fuel);

  const imported = importedFunctions(module);
  // The only function that can be imported is env.match, so it has index 0.
  const match = imported > 0 ? 0 : -1;
  const types = codeTypes(module);
  let compileWork = MAX_COMPILE_WORK;
  const proofs: FunctionProof[] = module.bodies.map((body, index) => {
    const proof = verifyCode(bytes, body, {
      functionIndex: imported + index,
      fuel,
      match,
      types,
      locals: localsOf(module, index),
      compileWork,
    });
    compileWork -= proof.compileWork;
    return proof;
  });
  const stack = verifyCallGraph([
    ...Array.from({ length: imported }, () => ({ calls: [], locals: 0 })),
    ...proofs.map((proof, index) => ({ calls: proof.calls, locals: localsOf(module, index) + proof.operands })),
  ]);
  let largestCharge = 0;
  let instructions = 0;
  let loops = 0;
  for (const proof of proofs) {
    largestCharge = Math.max(largestCharge, proof.entryCharge, proof.loopCharge);
    instructions += proof.instructions;
    loops += proof.loops;
  }
  return {
    size: bytes.length,
    functions: proofs.length,
    instructions,
    loops,
    stack,
    largestCharge,
    optimizable: isOptimizable(proofs.map(({ optimizerWork }) => optimizerWork)),
    customSections: module.customs.map((section) => section.name),
  };
}

function verifyCustomSections(module: RuleModuleBinary): void {
  const seen = new Set<string>();
  for (const { name, start } of module.customs) {
    if (!CUSTOM_SECTIONS.has(name) && !name.startsWith(OWN_SECTIONS)) {
      throw new SandboxError('custom-section', `unknown custom section ${quoteName(name)}`, { offset: start });
    }
    // Two manifests would let the signature cover one and the agent read the other.
    if (seen.has(name)) {
      throw new SandboxError('custom-section', `duplicate custom section ${quoteName(name)}`, { offset: start });
    }
    seen.add(name);
  }
}

function verifyImports(module: RuleModuleBinary): void {
  const seen = new Set<string>();
  for (const item of module.imports) {
    const name = `${item.module}.${item.name}`;
    const { offset } = item;
    if (!IMPORTS.has(name) || seen.has(name)) {
      throw new SandboxError('forbidden-import', `imports ${quoteName(name)}`, { offset });
    }
    seen.add(name);
    if (name === 'env.memory') {
      if (item.kind !== 'memory') throw new SandboxError('wrong-type', 'env.memory is not a memory', { offset });
      if (!item.shared) throw new SandboxError('wrong-type', 'env.memory is not a shared memory', { offset });
    } else if (NUMBERS.has(name)) {
      if (item.kind !== 'global' || item.global.type !== 'i32' || item.global.mutable) {
        throw new SandboxError('wrong-type', `${name} is not a constant of type i32`, { offset });
      }
    } else {
      if (item.kind !== 'function') throw new SandboxError('wrong-type', 'env.match is not a function', { offset });
      expectType(module, item.type, MATCH_TYPE, 'env.match', offset);
    }
  }
  // asc omits the other imports if no rule of the module can ever match.
  if (!seen.has('env.memory')) throw new SandboxError('missing-import', 'does not import env.memory');
}

function verifyFunctionTypes(module: RuleModuleBinary): void {
  for (const [index, type] of module.functions.entries()) {
    if (module.types[type] === undefined) {
      throw new SandboxError('malformed', `type ${type} does not exist`, {
        functionIndex: importedFunctions(module) + index,
      });
    }
  }
}

/** Checks the three exports, and returns the index of the fuel global. */
function verifyExports(module: RuleModuleBinary): number {
  const exports = new Map<string, Export>();
  for (const item of module.exports) {
    if (item.name !== 'evaluate' && item.name !== 'candidates' && item.name !== 'fuel') {
      throw new SandboxError('forbidden-export', `exports ${quoteName(item.name)}`, { offset: item.offset });
    }
    if (exports.has(item.name)) {
      throw new SandboxError('malformed', `exports ${item.name} twice`, { offset: item.offset });
    }
    exports.set(item.name, item);
  }
  const exported = (name: string): Export => {
    const item = exports.get(name);
    if (item === undefined) throw new SandboxError('missing-export', `does not export ${name}`);
    return item;
  };
  verifyExportedFunction(module, exported('evaluate'), EVALUATE_TYPE);
  verifyExportedFunction(module, exported('candidates'), CANDIDATES_TYPE);
  const fuel = exported('fuel');
  const global = module.globals[fuel.index];
  if (fuel.kind !== 'global' || global?.type !== 'i32' || !global.mutable) {
    throw new SandboxError('wrong-type', 'fuel is not a mutable global of type i32', { offset: fuel.offset });
  }
  return fuel.index;
}

function verifyExportedFunction(module: RuleModuleBinary, item: Export, expected: FunctionType): void {
  const { offset } = item;
  if (item.kind !== 'function') throw new SandboxError('wrong-type', `${item.name} is not a function`, { offset });
  // The imported env.match has the type of evaluate, but may not be exported.
  const type = module.functions[item.index - importedFunctions(module)];
  if (type === undefined) throw new SandboxError('wrong-type', `${item.name} has no code of its own`, { offset });
  expectType(module, type, expected, item.name, offset);
}

function expectType(
  module: RuleModuleBinary,
  index: number,
  expected: FunctionType,
  what: string,
  offset: number,
): void {
  const type = module.types[index];
  const found = type === undefined ? 'no type' : formatFunctionType(type);
  const wanted = formatFunctionType(expected);
  if (found !== wanted)
    throw new SandboxError('wrong-type', `${what} has the type ${found}, not ${wanted}`, { offset });
}

function verifyGlobals(module: RuleModuleBinary, fuel: number): void {
  for (const [index, global] of module.globals.entries()) {
    if (global.mutable && index !== fuel) {
      const reason = `global ${index} is mutable; the fuel is the only allowed state`;
      throw new SandboxError('mutable-global', reason, { offset: global.offset });
    }
  }
}

/** 1 with env.match, 0 without: where the module's own functions begin in the index space. */
function importedFunctions(module: RuleModuleBinary): number {
  return module.imports.filter((item) => item.kind === 'function').length;
}

function codeTypes(module: RuleModuleBinary): CodeTypes {
  const functions = [
    ...module.imports.flatMap((item) => (item.kind === 'function' ? [item.type] : [])),
    ...module.functions,
  ];
  return {
    ofBlock: (type) => module.types[type],
    ofFunction: (index) => module.types[functions[index] ?? -1],
  };
}

function localsOf(module: RuleModuleBinary, index: number): number {
  const type = module.types[module.functions[index] as number];
  return (type?.parameters.length ?? 0) + (module.bodies[index]?.localCount ?? 0);
}
