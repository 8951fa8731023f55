// Loads the addon that `make -C native` builds. Each thread that uses it loads it for itself.

import { createRequire } from 'node:module';
import { BUILD } from '../setup/paths.mjs';
import type { NativeAddon } from './native-addon.ts';

/** Where the build puts what the capture needs. */
export const ADDON_PATH = `${BUILD}native/wasprey.node`;
export const BPF_OBJECT_PATH = `${BUILD}bpf/wasprey.bpf.o`;
/** The programs that isolate a container: loaded when one is. */
export const ISOLATION_OBJECT_PATH = `${BUILD}bpf/isolate.bpf.o`;

let loaded: NativeAddon | undefined;
let path = ADDON_PATH;

/** The addon. Throws Node's error when it is missing or was built for another machine. */
export function loadAddon(): NativeAddon {
  loaded ??= createRequire(import.meta.url)(path) as NativeAddon;
  return loaded;
}

/** What this thread loads. Threads that share captures, by their handles, load the same. */
export function addonPath(): string {
  return path;
}

/** Makes this thread load another addon, before its first loadAddon(). */
export function useAddon(other: string): void {
  if (loaded && other !== path) throw new Error(`${other} comes too late: this thread has loaded ${path}`);
  path = other;
}
