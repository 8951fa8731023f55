// Options of the commands that talk to a registry.

import { readFileSync } from 'node:fs';
import type { OptionValues } from '../../diagnostics/arguments.ts';
import { CommandFailure } from '../../diagnostics/failure.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import { RegistryClient } from '../../registry/client.ts';
import { readCosignKey } from '../../registry/cosign.ts';
import { credentialsFor } from '../../registry/credentials.ts';
import type { Reference } from '../../registry/reference.ts';

export const REGISTRY_OPTIONS = {
  'registry-config': {
    kind: 'text',
    value: 'FILE',
    description:
      'Credentials, as registry clients write them. Default: $DOCKER_CONFIG/config.json or ~/.docker/config.json.',
  },
  'plain-http': { kind: 'flag', description: "HTTP without TLS. Default: only for this machine's own addresses." },
} as const;

/** @throws {RegistryError} */
export function registryClient(reference: Reference, options: OptionValues<typeof REGISTRY_OPTIONS>): RegistryClient {
  const credentials = credentialsFor(reference.host, options['registry-config']);
  return new RegistryClient(reference, { credentials, ...(options['plain-http'] && { plainHttp: true }) });
}

/** @throws {CommandFailure | RegistryError} */
export function readCosignKeys(paths: readonly string[]): ReturnType<typeof readCosignKey>[] {
  return paths.map((path) => {
    try {
      return readCosignKey(path, readFileSync(path, 'utf8'));
    } catch (error) {
      if (error instanceof Error && error.name === 'RegistryError') throw error;
      throw new CommandFailure(`can't read ${path}: ${reasonOf(error)}`);
    }
  });
}
