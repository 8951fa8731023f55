// Failures of commands for a reason outside of Wasprey: the message, the fix, and the exit status.

import { escapeText } from './escape.ts';

export const EXIT = { ok: 0, failure: 1, usage: 2 } as const;

const MAKE_MODULES = 'modules are compiled by: wasprey compile RULES... -o OUT.wasm';

/** Help for a SignatureError, by its code. */
const DO_NOT_TRUST = 'do not trust it: fetch it again from where it was compiled and signed';
const SIGNATURE_HELP: Readonly<Record<string, string>> = {
  SIGNATURE_MISSING: 'sign it with a trusted key: wasprey sign MODULE --key FILE',
  SIGNATURE_UNTRUSTED: 'sign it with a trusted key (`wasprey sign`), or trust the key of its signature',
  SIGNATURE_WRONG: DO_NOT_TRUST,
  SIGNATURE_DAMAGED: DO_NOT_TRUST,
};

/** A command failed for a reason outside of Wasprey; the message has the reason, the help the fix. */
export class CommandFailure extends Error {
  readonly help: string | undefined;

  constructor(message: string, help?: string) {
    super(message);
    this.name = 'CommandFailure';
    this.help = help;
  }
}

/** An error that people can fix: the message says what is wrong and what to do. Anything else is a defect of Wasprey. */
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
  // Errors are identified by name, because a command may not load their modules.
  switch (name) {
    case 'SandboxError':
      // At its very beginning: no module at all.
      return 'offset' in error && error.offset === 0
        ? { message, help: MAKE_MODULES }
        : { message, help: 'it was not run; compile the rules again with this version of Wasprey' };
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
        help: error.kind === 'too-large' ? 'compile them in parts' : 'compile them in parts, or on a larger machine',
      };
    case 'EngineError':
      return {
        message: `the capture could not start: ${message} [${code}]`,
        // A field of the class: it is there without a detail too.
        help: 'detail' in error && error.detail !== undefined ? String(error.detail) : undefined,
      };
    default:
      return undefined;
  }
}
