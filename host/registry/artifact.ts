// Rules as artifacts in registries: Wasprey's modules, and rule files pushed by Falco's tools.

import { gunzipSync } from 'node:zlib';
import { type Descriptor, MANIFEST_TYPE, type RegistryClient } from './client.ts';
import { RegistryError } from './error.ts';
import { parseManifest } from './manifest.ts';
import { filesOfTar, type TarFile } from './tar.ts';

const MODULE_CONFIG_TYPE = 'application/vnd.wasprey.module.config.v1+json';
const MODULE_LAYER_TYPE = 'application/vnd.wasprey.module.layer.v1+wasm';
/** Falco's media type, as falcoctl pushes it: one layer, a compressed tar archive with rule files. */
export const RULES_LAYER_TYPE = 'application/vnd.cncf.falco.rulesfile.layer.v1+tar.gz';

const TITLE = 'org.opencontainers.image.title';
/** The sandbox's own limit for modules. */
const LARGEST_LAYER = 4 * 1024 * 1024;
/** Limit for the unpacked size of all archives of an artifact. */
const LARGEST_ARCHIVES = 64 * 1024 * 1024;

export interface RulesFile {
  readonly name: string;
  readonly text: string;
}

export type Artifact =
  | { readonly kind: 'module'; readonly digest: string; readonly bytes: Uint8Array }
  | { readonly kind: 'rules'; readonly digest: string; readonly files: readonly RulesFile[] };

/**
 * Pushes a module under a tag. The same module always has the same digest, because the artifact has no time or place.
 * @returns its digest
 */
export async function pushModule(
  client: RegistryClient,
  tag: string,
  title: string,
  module: Uint8Array,
): Promise<string> {
  const config = Buffer.from('{}');
  const [configDigest, layerDigest] = [await client.pushBlob(config), await client.pushBlob(module)];
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    artifactType: MODULE_CONFIG_TYPE,
    config: { mediaType: MODULE_CONFIG_TYPE, digest: configDigest, size: config.length },
    layers: [
      { mediaType: MODULE_LAYER_TYPE, digest: layerDigest, size: module.length, annotations: { [TITLE]: title } },
    ],
  };
  return client.pushManifest(tag, Buffer.from(JSON.stringify(manifest)));
}

/**
 * Fetches the artifact of a tag or digest.
 * @param name a tag or a digest
 * @throws {RegistryError}
 */
export async function pullArtifact(client: RegistryClient, name: string): Promise<Artifact> {
  const stored = await client.manifest(name);
  if (!stored) throw new RegistryError('REGISTRY_NOT_FOUND', `${name} not found in ${client.place}`);
  const { digest, configType, layers } = parseManifest(name, stored);
  const module = layers.find(({ mediaType }) => mediaType === MODULE_LAYER_TYPE);
  if (module) return { kind: 'module', digest, bytes: await client.blob(module, LARGEST_LAYER) };
  const rules = layers.filter(({ mediaType }) => mediaType === RULES_LAYER_TYPE);
  if (rules.length === 0) {
    throw new RegistryError(
      'REGISTRY_CONTENT',
      `${name} of ${client.place} is neither a module nor rule files, but ${shown(configType)}`,
      `modules are pushed by wasprey push; layers of type ${RULES_LAYER_TYPE} are read as rules`,
    );
  }
  const files: RulesFile[] = [];
  let room = LARGEST_ARCHIVES;
  for (const layer of rules) {
    const { unpacked, found } = rulesOf(name, await client.blob(layer, LARGEST_LAYER), layer, room);
    files.push(...found);
    room -= unpacked;
  }
  if (files.length === 0) throw new RegistryError('REGISTRY_CONTENT', `${name} has no .yaml or .yml file`);
  // They are written to one folder, so names must be unique.
  const names = new Set<string>();
  for (const file of files) {
    if (names.has(file.name)) {
      throw new RegistryError('REGISTRY_CONTENT', `${name} has two files named ${file.name}`);
    }
    names.add(file.name);
  }
  return { kind: 'rules', digest, files };
}

/** @param room limit for the unpacked bytes */
function rulesOf(
  name: string,
  packed: Uint8Array,
  { digest }: Descriptor,
  room: number,
): { readonly unpacked: number; readonly found: RulesFile[] } {
  try {
    // Node does not accept a limit of 0.
    const archive = gunzipSync(packed, { maxOutputLength: Math.max(room, 1) });
    const found = filesOfTar(archive)
      .filter((file) => /\.ya?ml$/.test(file.name))
      .map(wellNamed)
      .map((file) => ({ name: file.name, text: new TextDecoder('utf-8', { fatal: true }).decode(file.content) }))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
    return { unpacked: archive.length, found };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RegistryError('REGISTRY_CONTENT', `${name}: layer ${digest} is not an archive of rule files: ${reason}`);
  }
}

/** Names are displayed, and used for files. */
function wellNamed(file: TarFile): TarFile {
  if (/\p{C}/u.test(file.name)) throw new Error('a file name has control characters');
  return file;
}

function shown(mediaType: string): string {
  return /^[\w./+-]{1,128}$/.test(mediaType) ? mediaType : 'something else';
}
