// Names of artifacts in registries: oci://HOST[:PORT]/REPOSITORY[:TAG][@DIGEST], as the OCI distribution specification has them.

import { RegistryError } from './error.ts';

export interface Reference {
  /** With the port, if one is given. */
  readonly host: string;
  readonly repository: string;
  /** `latest` if neither a tag nor a digest is given. */
  readonly tag: string | undefined;
  /** `sha256:` and 64 digits. */
  readonly digest: string | undefined;
}

const HOST = String.raw`(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::\d{1,5})?`;
const COMPONENT = String.raw`[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*`;
const PATTERN = new RegExp(
  `^oci://(${HOST})/(${COMPONENT}(?:/${COMPONENT})*)(?::([A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$`,
);
const LONGEST = 512;

/** @throws {RegistryError} REGISTRY_REFERENCE */
export function parseReference(text: string): Reference {
  const [, host, repository, tag, digest] = (text.length <= LONGEST ? PATTERN.exec(text) : null) ?? [];
  if (host === undefined || repository === undefined) {
    throw new RegistryError(
      'REGISTRY_REFERENCE',
      `'${text.slice(0, LONGEST)}' is not a reference of an artifact`,
      'expected oci://registry.example/team/rules:1.2 (lower case), or @sha256:... at the end',
    );
  }
  return { host, repository, tag: tag ?? (digest === undefined ? 'latest' : undefined), digest };
}

export function formatReference({ host, repository, tag, digest }: Reference): string {
  return `oci://${host}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** Whether the host is this machine itself: registries there seldom have a certificate. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/.test(host);
}
