// Signatures that cosign makes with a key. They are stored beside an artifact under the tag sha256-DIGEST.sig, one in each layer: the
// annotation signs the layer's text, which contains the artifact's digest. The check needs no service.

import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { asText, at } from '../diagnostics/json-value.ts';
import type { RegistryClient } from './client.ts';
import { RegistryError } from './error.ts';
import { parseManifest } from './manifest.ts';

const PAYLOAD_TYPE = 'application/vnd.dev.cosign.simplesigning.v1+json';
const SIGNATURE = 'dev.cosignproject.cosign/signature';
const LARGEST_PAYLOAD = 64 * 1024;

/** A public key in PEM form, as `cosign generate-key-pair` writes it. Throws RegistryError REGISTRY_CREDENTIALS. */
export function readCosignKey(name: string, pem: string): KeyObject {
  try {
    if (!/PRIVATE KEY/.test(pem)) return createPublicKey(pem);
  } catch {
    // said below
  }
  throw new RegistryError(
    'REGISTRY_CREDENTIALS',
    `${name} is not a public key in PEM format`,
    'cosign writes it to cosign.pub',
  );
}

/** Whether the artifact with that digest is signed by one of the keys. Rejects with RegistryError when the registry fails. */
export async function isCosigned(client: RegistryClient, digest: string, keys: readonly KeyObject[]): Promise<boolean> {
  const tag = `${digest.replace(':', '-')}.sig`;
  const stored = await client.manifest(tag);
  if (!stored) return false;
  for (const layer of parseManifest(tag, stored).layers) {
    const signature = layer.annotations?.get(SIGNATURE);
    if (layer.mediaType !== PAYLOAD_TYPE || signature === undefined) continue;
    const payload = await client.blob(layer, LARGEST_PAYLOAD);
    if (signedDigest(payload) !== digest) continue;
    const bytes = Buffer.from(signature, 'base64');
    if (keys.some((key) => fits(payload, key, bytes))) return true;
  }
  return false;
}

function fits(payload: Uint8Array, key: KeyObject, signature: Uint8Array): boolean {
  try {
    return verify(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', payload, key, signature);
  } catch {
    return false;
  }
}

function signedDigest(payload: Uint8Array): string | undefined {
  try {
    return asText(at(JSON.parse(Buffer.from(payload).toString('utf8')), 'critical', 'image', 'docker-manifest-digest'));
  } catch {
    return undefined;
  }
}
