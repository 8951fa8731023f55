// What follows one artifact: it is fetched from its registry, and only what can be used gets to the disk.

import { readFileSync } from 'node:fs';
import { loadRuleModule } from '../agent/modules/rule-module.ts';
import type { Configuration } from '../config/definition.ts';
import { CommandFailure } from '../diagnostics/failure.ts';
import { reasonOf } from '../diagnostics/system-reason.ts';
import { type Artifact, pullArtifact } from '../registry/artifact.ts';
import { RegistryClient } from '../registry/client.ts';
import { isCosigned, readCosignKey } from '../registry/cosign.ts';
import { credentialsFor } from '../registry/credentials.ts';
import { RegistryError } from '../registry/error.ts';
import { Follower } from '../registry/follow.ts';
import { parseReference, type Reference } from '../registry/reference.ts';
import { admitModule, type SignaturePolicy } from '../signature/policy.ts';
import { followFolder } from './places/followed-places.ts';
import { silently } from './rule-source.ts';
import { compileRules } from './rules/compile.ts';
import { ALL_ENABLED } from './rules/rule-selection.ts';

type FollowKeys = Configuration['follow'][number];

const DEFAULT_EVERY_MS = 300_000;

export interface FollowedReports {
  refused(name: string, message: string): void;
  restored(name: string): void;
}

/** @param followed gets what is refused, and that it no longer is */
export function makeFollower(
  keys: FollowKeys,
  { follow_folder }: Configuration,
  signatures: SignaturePolicy,
  followed: FollowedReports,
  say: (message: string) => void,
): Follower {
  const { reference: name = '', every = DEFAULT_EVERY_MS, cosign_keys = [], registry_config, plain_http } = keys;
  const reference = parseReference(name);
  const cosignKeys = cosign_keys.map((path) => readCosignKey(path, readPem(path)));
  // A client for each look: credentials may have been renewed.
  const client = (): RegistryClient => {
    const credentials = credentialsFor(reference.host, registry_config === '' ? undefined : registry_config);
    return new RegistryClient(reference, { credentials, ...(plain_http === true && { plainHttp: true }) });
  };
  return new Follower({
    name,
    folder: followFolder(follow_folder, name),
    everyMs: every,
    resolve: () => resolve(reference, client()),
    fetch: async (digest) => {
      const artifact = await pullArtifact(client(), digest);
      if (cosignKeys.length > 0 && !(await isCosigned(client(), digest, cosignKeys))) {
        throw new RegistryError('REGISTRY_CONTENT', `${digest} has no cosign signature by a trusted key`);
      }
      await admit(`${name}@${digest}`, artifact, signatures, say);
      return artifact;
    },
    onTrouble: say,
    onRefused: (message) => followed.refused(name, message),
    onRestored: () => followed.restored(name),
    onFetched: (digest) => say(`${name} is ${digest}`),
  });
}

async function resolve(reference: Reference, client: RegistryClient): Promise<string | undefined> {
  return reference.digest ?? client.resolve(reference.tag ?? 'latest');
}

/** Rejects unusable artifacts: what is on disk must be valid after a restart, too. */
async function admit(
  name: string,
  artifact: Artifact,
  signatures: SignaturePolicy,
  say: (message: string) => void,
): Promise<void> {
  if (artifact.kind === 'rules') {
    await silently((terminal) =>
      compileRules(name, artifact.files, ALL_ENABLED, { terminal, warn: say, progress: false, inBackground: true }),
    );
    return;
  }
  admitModule(name, artifact.bytes, signatures, say);
  loadRuleModule(name, artifact.bytes);
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CommandFailure(`can't read ${path}: ${reasonOf(error)}`);
  }
}
