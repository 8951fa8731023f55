// Loads the addon that `make -C native` builds. Each thread that uses it loads it for itself.

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { NativeAddon } from './native.ts';

/** Where the build puts what the capture needs. */
export const ADDON_PATH = fileURLToPath(new URL('../../build/native/wasprey.node', import.meta.url));
export const BPF_OBJECT_PATH = fileURLToPath(new URL('../../build/bpf/wasprey.bpf.o', import.meta.url));
/** The programs that isolate a container: loaded when one is. */
export const ISOLATION_OBJECT_PATH = fileURLToPath(new URL('../../build/bpf/isolate.bpf.o', import.meta.url));

let loaded: NativeAddon | undefined;

/** The addon. Throws Node's error when it is missing or was built for another machine. */
export function loadAddon(path: string = ADDON_PATH): NativeAddon {
  loaded ??= createRequire(import.meta.url)(path) as NativeAddon;
  return loaded;
}
