// Which signatures of modules a run trusts, by the command line and the configuration.

import type { Configuration } from '../config/definition.ts';
import { UsageError } from '../diagnostics/arguments.ts';
import { SIGNATURE_MODES, type SignaturePolicy } from '../signature/policy.ts';
import { readTrustedKeys } from './rules/key-files.ts';
import type { RunOptions } from './run-options.ts';

/** Files of the keys that are trusted: those of the options, or else the configuration's. */
export function trustedKeyFiles(options: RunOptions, { module_signatures }: Configuration): readonly string[] {
  return options['trusted-key']?.map(({ text }) => text) ?? module_signatures.trusted_keys;
}

/** @throws {UsageError | CommandFailure} */
export function signaturePolicy(options: RunOptions, configuration: Configuration): SignaturePolicy {
  const keys = readTrustedKeys(trustedKeyFiles(options, configuration));
  const asked = SIGNATURE_MODES.find((known) => known === options.signature);
  const mode = asked ?? (options['trusted-key'] ? 'required' : configuration.module_signatures.policy);
  if (mode !== 'off' && keys.length === 0) {
    throw new UsageError(
      'signatures are required, but no key is trusted',
      'add --trusted-key FILE, or module_signatures.trusted_keys',
    );
  }
  return { mode, keys };
}
