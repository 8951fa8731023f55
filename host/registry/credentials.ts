// Credentials for registries, from the file of Docker, podman, oras and image pull secrets: {"auths": {HOST: {"auth": BASE64}}}.

import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { asText, at } from '../diagnostics/json-value.ts';
import { reasonOf } from '../diagnostics/system-reason.ts';
import { RegistryError } from './error.ts';

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Docker's file: $DOCKER_CONFIG/config.json, else ~/.docker/config.json. */
function usualCredentialsFile(): string {
  return join(process.env.DOCKER_CONFIG || join(homedir(), '.docker'), 'config.json');
}

/**
 * @param path undefined: the usual file, which may be missing
 * @returns undefined if it has none for that host
 * @throws {RegistryError} REGISTRY_CREDENTIALS
 */
export function credentialsFor(host: string, path: string | undefined): Credentials | undefined {
  const file = path ?? usualCredentialsFile();
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (missing && path === undefined) return undefined;
    throw new RegistryError('REGISTRY_CREDENTIALS', `can't read ${file}: ${reasonOf(error)}`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new RegistryError(
      'REGISTRY_CREDENTIALS',
      `can't use ${file}: it is not in the JSON format of registry clients`,
    );
  }
  const auth = asText(at(json, 'auths', host, 'auth'));
  if (auth !== undefined) return decode(auth, file, host);
  if (at(json, 'credHelpers', host) !== undefined || at(json, 'credsStore') !== undefined) {
    throw new RegistryError(
      'REGISTRY_CREDENTIALS',
      `${file} has a helper program for the credentials of ${host}, which is not supported`,
      'use a file with the credentials: {"auths": {"HOST": {"auth": "base64 of user:password"}}}',
    );
  }
  return undefined;
}

function decode(auth: string, file: string, host: string): Credentials {
  const text = Buffer.from(auth, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) throw new RegistryError('REGISTRY_CREDENTIALS', `${file}: the entry of ${host} is not user:password`);
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
