// Creates the sandbox's memory and a capture that is mapped into it.

import { BPF_OBJECT_PATH, loadAddon } from './addon.ts';
import { type HooksSetting, hooksOf } from './hooks.ts';
import type { Capture, CapturePlan, CaptureSizes, HooksKind } from './native.ts';
import { machineSizes } from './sizes.ts';

const WASM_PAGE = 65_536;

export interface OpenOptions {
  readonly source: 'bpf' | 'builder';
  /** Default: those of this machine. */
  readonly sizes?: CaptureSizes;
  /** Path of the BPF object; default: where the build puts it. */
  readonly object?: string;
  /** Default: `auto`. */
  readonly hooks?: HooksSetting;
  /** See CaptureOptions. */
  readonly triesAll?: boolean;
}

export interface OpenCapture {
  readonly capture: Capture;
  readonly plan: CapturePlan;
  /** What rule modules import. Regions in it are read-only: never write through its buffer. */
  readonly memory: WebAssembly.Memory;
  /** The hooks of system calls; undefined for a builder. */
  readonly hooks: HooksKind | undefined;
}

/**
 * Plans the regions, makes the shared memory and opens a capture on it. The memory can't grow: growing would move V8's
 * mapping from under ours. Throws CaptureError or HooksError.
 */
export function openCapture(options: OpenOptions): OpenCapture {
  const hooks = options.source === 'bpf' ? hooksOf(options.hooks ?? 'auto') : undefined;
  const addon = loadAddon();
  const plan = addon.plan(options.sizes ?? machineSizes());
  const pages = plan.memoryBytes / WASM_PAGE;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const capture = new addon.Capture({
    memory: new Uint8Array(memory.buffer),
    plan,
    source: options.source,
    object: options.object ?? BPF_OBJECT_PATH,
    ...(hooks && { hooks }),
    ...(options.triesAll && { triesAll: true }),
  });
  return { capture, plan, memory, hooks };
}
