// Makes OCI image archives of folders, with no registry and no image tool.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Architecture } from '../tree/architecture.ts';
import { makeTar } from '../tree/tar.ts';

const MEDIA_TYPE = 'application/vnd.oci.image';

export interface ImageConfig {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os: string; readonly architecture: string };
}

/** The image for one processor. */
export interface PlatformRoot {
  readonly architecture: Architecture;
  /** Folder that becomes the image's only layer. */
  readonly root: string;
}

/** Makes an archive with an image index: under one name an image for each processor. */
export async function makeImageIndex(
  name: string,
  platforms: readonly PlatformRoot[],
  to: string,
  config: ImageConfig,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'wasprey-image-'));
  try {
    const archive = await ImageLayout.make(folder);
    const manifests: Descriptor[] = [];
    for (const platform of platforms) manifests.push(await archive.putImage(platform, config));
    await archive.finish(name, await archive.putJson({ schemaVersion: 2, ...INDEX, manifests }, 'index.v1+json'));
    await archive.pack(to);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const INDEX = { mediaType: `${MEDIA_TYPE}.index.v1+json` };

/** The folder that an archive is made of. */
class ImageLayout {
  readonly #folder: string;
  readonly #blobs: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#blobs = join(folder, 'blobs/sha256');
  }

  static async make(folder: string): Promise<ImageLayout> {
    const layout = new ImageLayout(folder);
    await mkdir(layout.#blobs, { recursive: true });
    return layout;
  }

  async putJson(value: unknown, kind: string): Promise<Descriptor> {
    const file = join(this.#folder, 'value');
    await writeFile(file, JSON.stringify(value));
    return this.#put(file, kind);
  }

  /** @returns its manifest, with the platform */
  async putImage({ architecture, root }: PlatformRoot, config: ImageConfig): Promise<Descriptor> {
    const file = join(this.#folder, 'layer');
    makeTar(root, file);
    const layer = await this.#put(file, 'layer.v1.tar');
    const platform = { os: 'linux', architecture: architecture.name };
    const rootfs = { type: 'layers', diff_ids: [layer.digest] };
    const manifest = {
      schemaVersion: 2,
      mediaType: `${MEDIA_TYPE}.manifest.v1+json`,
      config: await this.putJson({ ...platform, config, rootfs }, 'config.v1+json'),
      layers: [layer],
    };
    return { ...(await this.putJson(manifest, 'manifest.v1+json')), platform };
  }

  /** Names what the archive is about: tools that don't know indexes of indexes find one image there. */
  async finish(name: string, image: Descriptor): Promise<void> {
    const annotations = {
      'io.containerd.image.name': name,
      'org.opencontainers.image.ref.name': name.replace(/.*:/, ''),
    };
    const index = { schemaVersion: 2, ...INDEX, manifests: [{ ...image, annotations }] };
    await writeFile(join(this.#folder, 'index.json'), JSON.stringify(index));
    await writeFile(join(this.#folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  }

  async pack(to: string): Promise<void> {
    makeTar(this.#folder, to, ['oci-layout', 'index.json', 'blobs']);
  }

  async #put(file: string, kind: string): Promise<Descriptor> {
    const [digest, { size }] = [await sha256(file), await stat(file)];
    await rename(file, join(this.#blobs, digest));
    return { mediaType: `${MEDIA_TYPE}.${kind}`, digest: `sha256:${digest}`, size };
  }
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
