// The mounts of a container, as its table entry lists them: five strings each.

import { MOUNT_PARTS, type MountPart } from '../schema/fields/derivation.ts';
import { matchesGlob } from './glob.ts';
import { splitAtNul } from './value.ts';

/** A part of one mount: by its number, or of the first whose part `by` matches the glob. */
export function mountText(
  mounts: Uint8Array,
  wanted: number | { readonly by: MountPart; readonly glob: string },
  part: MountPart,
): Uint8Array | undefined {
  const all = [...mountsOf(mounts)];
  if (typeof wanted === 'number') return all[wanted]?.[part];
  const { by, glob } = wanted;
  return all.find(({ [by]: key }) => key !== undefined && matchesGlob(glob, key))?.[part];
}

function* mountsOf(mounts: Uint8Array): Generator<readonly Uint8Array[]> {
  const parts = splitAtNul(mounts);
  for (let at = 0; at < parts.length; at += MOUNT_PARTS) yield parts.slice(at, at + MOUNT_PARTS);
}
