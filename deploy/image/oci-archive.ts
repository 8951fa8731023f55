// Makes an OCI image archive of a folder, with no registry and no image tool.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { arch, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

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
}

/** @param name `registry.test/shop:1`  @param root folder that becomes the image's only layer  @param to file of the archive */
export async function makeImage(name: string, root: string, to: string, config: ImageConfig): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'wasprey-image-'));
  try {
    const blobs = join(folder, 'blobs/sha256');
    await mkdir(blobs, { recursive: true });
    const put = async (file: string, kind: string): Promise<Descriptor> => {
      const [digest, { size }] = [await sha256(file), await stat(file)];
      await rename(file, join(blobs, digest));
      return { mediaType: `${MEDIA_TYPE}.${kind}`, digest: `sha256:${digest}`, size };
    };
    const putJson = async (value: unknown, kind: string): Promise<Descriptor> => {
      await writeFile(join(folder, 'value'), JSON.stringify(value));
      return put(join(folder, 'value'), kind);
    };
    const owned = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
    execFileSync('tar', [...owned, '-C', root, '-cf', join(folder, 'layer'), '.']);
    const layer = await put(join(folder, 'layer'), 'layer.v1.tar');
    const platform = { os: 'linux', architecture: arch() === 'x64' ? 'amd64' : 'arm64' };
    const manifest = {
      schemaVersion: 2,
      mediaType: `${MEDIA_TYPE}.manifest.v1+json`,
      config: await putJson(
        { ...platform, config, rootfs: { type: 'layers', diff_ids: [layer.digest] } },
        'config.v1+json',
      ),
      layers: [layer],
    };
    const annotations = {
      'io.containerd.image.name': name,
      'org.opencontainers.image.ref.name': name.replace(/.*:/, ''),
    };
    const index = {
      schemaVersion: 2,
      mediaType: `${MEDIA_TYPE}.index.v1+json`,
      manifests: [{ ...(await putJson(manifest, 'manifest.v1+json')), platform, annotations }],
    };
    await writeFile(join(folder, 'index.json'), JSON.stringify(index));
    await writeFile(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
    execFileSync('tar', ['-C', folder, '-cf', to, 'oci-layout', 'index.json', 'blobs']);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
