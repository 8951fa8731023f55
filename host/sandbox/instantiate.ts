// From a verified module to one that can run: it is bound to the host's memory. The only place of the project that makes a WebAssembly.Instance.

import { instantiateSync } from '@assemblyscript/loader';
import type { VerifiedModule } from './compile-module.ts';
import { SandboxError } from './error.ts';
import { type MatchCallback, MatchGuard } from './match-guard.ts';
import { TimeAccount } from './time-account.ts';

/** The host's imports for a module. */
export interface SandboxHost {
  /** Shared memory, all of its size present (the verifier can't know it): address 0 to its end is what the module may read. */
  readonly memory: WebAssembly.Memory;
  /** Number of rules in the module's manifest. A report of any other is a foreign match. */
  readonly ruleCount: number;
  readonly match: MatchCallback;
  /** Bytes from the first candidate word of a process image to the module's own first one. Default: 0. */
  readonly candidates?: number;
  /** Bytes from the start of a process image to the module's first ancestry word. Default: 0, it has none. */
  readonly ancestry?: number;
  /** Bytes from the first value on demand of an audit event to the module's own first one. Default: 0. */
  readonly values?: number;
}

/** The module's exports: calls may throw, which run.ts turns into results. */
export interface RuleModuleExports {
  evaluate(from: number, to: number): void;
  candidates(process: number, word: number): bigint;
  readonly fuel: WebAssembly.Global<'i32'>;
}

export interface RuleInstance {
  readonly exports: RuleModuleExports;
  readonly guard: MatchGuard;
  readonly ruleCount: number;
  /** The bits common to all processes, by candidate word; set by the first call that needs them (run.ts). */
  commonBits?: BigUint64Array;
  /** What it takes for events, and for new processes. */
  readonly eventTime: TimeAccount;
  readonly processTime: TimeAccount;
}

/** Binds a module to the host. Throws SandboxError `link` if the memory does not fit the module's import. */
export function instantiateRuleModule(verified: VerifiedModule, host: SandboxHost): RuleInstance {
  const guard = new MatchGuard(host.memory, host.ruleCount, host.match);
  const { memory, candidates = 0, ancestry = 0, values = 0 } = host;
  const imports = { env: { memory, match: guard.match, candidates, ancestry, values } };
  try {
    const { instance } = instantiateSync<Record<string, unknown>>(verified.module, imports);
    // The verifier has proven names and types. The loader's own `exports` wrap each call to set an argument count that we have no use for.
    return {
      exports: instance.exports as unknown as RuleModuleExports,
      guard,
      ruleCount: host.ruleCount,
      eventTime: new TimeAccount(),
      processTime: new TimeAccount(),
    };
  } catch (error) {
    if (error instanceof WebAssembly.LinkError) throw new SandboxError('link', error.message);
    throw error;
  }
}
