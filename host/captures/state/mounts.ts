// The mounts of a process, and the layer that a container's changes are in.
//
//   36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue        proc_pid_mountinfo(5)
//   id parent dev root point options optional... - type source super-options

import { readText } from './proc-file.ts';
import type { Mount } from './state.ts';

const MOST_MOUNTS = 4096;

export interface MountTable {
  readonly mounts: readonly Mount[];
  /** Where the upper layer of the root is, as the kernel writes it: a path in the mount namespace of the process that mounted it. */
  readonly upperLayer: string | undefined;
  /** major:minor of the root. */
  readonly device: string | undefined;
}

/** Undefined if the process is gone. */
export function mountsOf(pid: number, proc = '/proc'): MountTable | undefined {
  const text = readText(`${proc}/${pid}/mountinfo`, 4 << 20);
  return text === undefined ? undefined : parseMounts(text);
}

export function parseMounts(text: string): MountTable {
  const mounts: Mount[] = [];
  let upperLayer: string | undefined;
  let device: string | undefined;
  for (const line of text.split('\n')) {
    const words = line.split(' ');
    const dash = words.indexOf('-', 6);
    const [root, point, options] = words.slice(3, 6);
    const [type, source, ofFileSystem] = words.slice(dash + 1);
    if (dash < 0 || root === undefined || point === undefined || options === undefined || type === undefined) continue;
    // If there are several mounts on /, the last one is seen.
    if (point === '/') {
      upperLayer = type === 'overlay' ? upperOf(ofFileSystem ?? '') : undefined;
      device = words[2];
    }
    if (mounts.length < MOST_MOUNTS) {
      mounts.push({ point: decode(point), type, source: decode(source ?? ''), root: decode(root), options });
    }
  }
  return { mounts, upperLayer, device };
}

/** Out of the options of an overlay. Commas in the path are octal numbers, too. */
export function upperOf(options: string): string | undefined {
  const path = /(?:^|,)upperdir=([^,]*)/.exec(options)?.[1];
  return path === undefined ? undefined : decode(path);
}

/** Blanks, tabs, line feeds and backslashes are octal numbers of three digits. */
function decode(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
