// Decides by its signatures whether a module may be loaded.

import { named } from '../sandbox/error.ts';
import type { TrustedKey } from './key.ts';
import { checkSignature, type SignatureVerdict } from './signature.ts';

export const SIGNATURE_MODES = ['off', 'warn', 'required'] as const;
export type SignatureMode = (typeof SIGNATURE_MODES)[number];

export interface SignaturePolicy {
  readonly mode: SignatureMode;
  readonly keys: readonly TrustedKey[];
}

export const NO_SIGNATURES: SignaturePolicy = { mode: 'off', keys: [] };

/** A module is refused because of its signature. `code` is stable. */
export class SignatureError extends Error {
  override readonly name = 'SignatureError';
  readonly code: 'SIGNATURE_MISSING' | 'SIGNATURE_UNTRUSTED' | 'SIGNATURE_WRONG' | 'SIGNATURE_DAMAGED';

  constructor(code: SignatureError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Accepts or refuses a module. Throws SandboxError for an invalid module.
 * @param name of the module, for messages
 * @param warn called with the reason if the module would be refused with signatures required
 * @returns ids of the trusted keys that have signed it; undefined: signatures are not checked
 * @throws {SignatureError}
 */
export function admitModule(
  name: string,
  bytes: Uint8Array,
  { mode, keys }: SignaturePolicy,
  warn: (message: string) => void,
): readonly string[] | undefined {
  if (mode === 'off') return undefined;
  const verdict = named(name, () => checkSignature(bytes, keys));
  if (verdict.kind === 'trusted') return verdict.keys;
  const refusal = refusalOf(name, verdict);
  if (refusal && mode === 'required') throw refusal;
  if (refusal) warn(`${refusal.message} [${refusal.code}]`);
  return [];
}

/** Undefined for a module with a trusted signature. */
export function refusalOf(name: string, verdict: SignatureVerdict): SignatureError | undefined {
  switch (verdict.kind) {
    case 'trusted':
      return undefined;
    case 'unsigned':
      return new SignatureError('SIGNATURE_MISSING', `${name} is not signed`);
    case 'untrusted':
      return new SignatureError(
        'SIGNATURE_UNTRUSTED',
        `${name} is signed with ${verdict.keys.join(' and ')}, which ${verdict.keys.length > 1 ? 'are' : 'is'} not trusted here`,
      );
    case 'tampered':
      return new SignatureError(
        'SIGNATURE_WRONG',
        `${name} was changed after it was signed: the signature of ${verdict.keys.join(' and ')} is invalid`,
      );
    case 'malformed':
      return new SignatureError('SIGNATURE_DAMAGED', `${name}: ${verdict.reason}`);
  }
}
