// From bytes to a verified module. This and baseline.ts are the only places of the project that make a WebAssembly.Module. Threads that run modules
// get them from another and do not load this: the verifier is most of the sandbox.

import { compileBaseline } from './baseline.ts';
import { SandboxError } from './error.ts';
import { type SandboxProof, verifyModule } from './verify.ts';

/** A module that passed. Structured clone keeps it, so a thread may compile it for another. */
export interface VerifiedModule {
  readonly module: WebAssembly.Module;
  readonly proof: SandboxProof;
}

/** Verifies and compiles a module without running it. Throws SandboxError. */
export function compileRuleModule(bytes: Uint8Array): VerifiedModule {
  // A private copy, so that the verified bytes are compiled even if the caller's bytes are shared with another thread.
  const own = new Uint8Array(bytes);
  const proof = verifyModule(own);
  try {
    return { module: proof.optimizable ? new WebAssembly.Module(own) : compileBaseline(own), proof };
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) throw new SandboxError('invalid', error.message);
    throw error;
  }
}
