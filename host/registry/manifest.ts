// Manifests of artifacts: reads and checks the used parts.

import { asArray, asText, asTexts, at } from '../diagnostics/json-value.ts';
import type { Descriptor, StoredManifest } from './client.ts';
import { RegistryError } from './error.ts';

export interface ArtifactManifest {
  readonly digest: string;
  /** Media type of its config, which says what kind of artifact it is. */
  readonly configType: string;
  readonly layers: readonly Descriptor[];
}

const MOST_LAYERS = 64;

/** @throws {RegistryError} REGISTRY_CONTENT */
export function parseManifest(name: string, { digest, bytes }: StoredManifest): ArtifactManifest {
  const wrong = (reason: string) => new RegistryError('REGISTRY_CONTENT', `${name}: its manifest ${reason}`);
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw wrong('is not valid JSON');
  }
  const configType = asText(at(json, 'config', 'mediaType'));
  if (at(json, 'schemaVersion') !== 2 || configType === undefined) throw wrong('is not that of an artifact');
  const layers = asArray(at(json, 'layers'));
  if (layers.length > MOST_LAYERS) throw wrong(`has more than ${MOST_LAYERS} layers`);
  const descriptors = layers.map(descriptor);
  if (!descriptors.every((each) => each !== undefined)) throw wrong('has an invalid layer');
  return { digest, configType, layers: descriptors };
}

function descriptor(value: unknown): Descriptor | undefined {
  const [mediaType, digest] = [asText(at(value, 'mediaType')), asText(at(value, 'digest'))];
  const size = at(value, 'size');
  if (mediaType === undefined || digest === undefined || !/^sha256:[0-9a-f]{64}$/.test(digest)) return undefined;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return undefined;
  return { mediaType, digest, size, annotations: asTexts(at(value, 'annotations')) };
}
