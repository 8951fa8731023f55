// Events that did not happen, in agents on the builder source.

import { useAddon } from '../../../host/capture/addon.ts';
import { TEST_ADDON, testAddon } from './test-addon.ts';

useAddon(TEST_ADDON);

/** What has a capture: an agent, a recording. */
interface WithCapture {
  /** Its handle. */
  readonly capture: number;
}

/** Puts process images and event records where the kernel would, while the agent runs. */
export function inject({ capture }: WithCapture, images: readonly Uint8Array[], events: readonly Uint8Array[]): void {
  for (const image of images) testAddon.injectImage(capture, image);
  for (const event of events) testAddon.injectEvent(capture, event);
}
