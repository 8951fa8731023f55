// What a command fails with for a reason outside of Wasprey: the message, what to do, and the exit status.

import { escapeText } from './escape.ts';

export const EXIT = { ok: 0, failure: 1, usage: 2 } as const;

const MAKE_MODULES = 'modules are made by: wasprey compile RULES... -o OUT.wasm';

/** By the code of a SignatureError. */
const DO_NOT_TRUST = 'do not trust it: take it anew from where it was compiled and signed';
const SIGNATURE_HELP: Readonly<Record<string, string>> = {
  SIGNATURE_MISSING: 'sign it with a trusted key: wasprey sign MODULE --key FILE',
  SIGNATURE_UNTRUSTED: 'sign it with a trusted key (`wasprey sign`), or trust the key that it is signed with',
  SIGNATURE_WRONG: DO_NOT_TRUST,
  SIGNATURE_DAMAGED: DO_NOT_TRUST,
};

/** A command could not do its work for a reason outside of Wasprey; the message says which, the help what to do. */
export class CommandFailure extends Error {
  readonly help: string | undefined;

  constructor(message: string, help?: string) {
    super(message);
    this.name = 'CommandFailure';
    this.help = help;
  }
}

/** An error that is no defect of Wasprey's, for people: what is wrong, and what to do. */
export interface FailureText {
  readonly message: string;
  readonly help?: string | undefined;
}

/** Undefined for a defect of Wasprey's. */
export function describeFailure(error: unknown): FailureText | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof CommandFailure) return error;
  const { name, message } = error;
  const code = 'code' in error ? String(error.code) : undefined;
  // Parts of Wasprey that a command may not even load, so they are known by name.
  switch (name) {
    case 'SandboxError':
      // At its very beginning: no module at all.
      return 'offset' in error && error.offset === 0
        ? { message, help: MAKE_MODULES }
        : { message, help: 'nothing of it has run; compile the rules again with this version of Wasprey' };
    case 'RuleModuleError':
      return { message: `${message} [${code}]`, help: MAKE_MODULES };
    case 'SignatureError':
      return { message: `${message} [${code}]`, help: SIGNATURE_HELP[code ?? ''] };
    case 'RegistryError': {
      const help = 'help' in error && typeof error.help === 'string' ? error.help : undefined;
      return { message: `${escapeText(message)} [${code}]`, help };
    }
    case 'AscError':
      if (!('kind' in error) || error.kind === 'failed') return undefined;
      return {
        message: `the rules could not be compiled: ${message}`,
        help: 'compile them in parts, or on a larger machine',
      };
    case 'EngineError':
      return {
        message: `the capture could not start: ${message} [${code}]`,
        help: 'detail' in error ? String(error.detail) : undefined,
      };
    default:
      return undefined;
  }
}
