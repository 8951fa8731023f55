// Events that did not happen, in agents on the builder source.

import { testAddon } from './test-addon.ts';

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
