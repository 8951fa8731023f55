// An archive with an image for this machine's processor alone.

import { type ImageConfig, makeImageIndex } from '../../../deploy/image/oci-archive.ts';
import { ownArchitecture } from '../../../deploy/tree/architecture.ts';

/**
 * @param name `registry.test/shop:1`
 * @param root folder that becomes the image's only layer
 * @param to file of the archive
 */
export async function makeImage(name: string, root: string, to: string, config: ImageConfig): Promise<void> {
  await makeImageIndex(name, [{ architecture: ownArchitecture(), root }], to, config);
}
