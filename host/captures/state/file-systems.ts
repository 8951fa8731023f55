// Opens files of hostile processes for reading. A file system of theirs (FUSE) may never answer, and nothing can end a thread that waits
// for it. So a file is first opened as a place alone (O_PATH), which asks no file system, and the kernel says which mount that is on.

import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { upperOf } from './mounts.ts';
import { readText } from './proc-file.ts';

/** linux/include/uapi/asm-generic/fcntl.h, the same on all processors that are supported. Node does not have it. */
const O_PATH = 0x200000;
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;

/** File systems that need nobody but the kernel and its disks. Others may be of a process, or of another machine. */
const LOCAL = new Set(
  'ext2 ext3 ext4 xfs btrfs f2fs bcachefs zfs tmpfs ramfs rootfs squashfs erofs vfat exfat iso9660 udf jfs'.split(' '),
);
/** The kernel's own tmpfs, for memfd: the first mount of all, which is in no table and never goes away. */
const OF_MEMFD = 0;

interface MountType {
  readonly type: string;
  /** major:minor */
  readonly device: string;
  /** The upper layer of an overlay. */
  readonly upperLayer: string | undefined;
}

export class FileSystems {
  readonly #proc: string;
  /** Mounts by id. An id is of one mount at a time on the whole machine, and an open place keeps its mount. */
  readonly #mounts = new Map<number, MountType>();
  /** The host's overlays, and the agent's, by device: an overlay of others may be made of anything. */
  readonly #overlays = new Map<string, MountType>();
  readonly #read = new Set<number | 'self'>();
  #refused = 0;

  constructor(proc = '/proc') {
    this.#proc = proc;
    for (const who of ['self', 1] as const) {
      for (const mount of this.#table(who)) if (mount.type === 'overlay') this.#overlays.set(mount.device, mount);
    }
  }

  /** Files that were not opened because of their file system. */
  get refused(): number {
    return this.#refused;
  }

  /** The upper layer of an overlay that the host or the agent sees; undefined for others. @param device major:minor */
  upperLayer(device: string): string | undefined {
    return this.#overlays.get(device)?.upperLayer;
  }

  /** A regular file that /proc/PID/exe or another link of /proc leads to. @param pid has its mount in its table */
  open(link: string, pid: number): number | undefined {
    const place = tryOpen(link, O_PATH);
    if (place === undefined) return undefined;
    try {
      if (this.#isLocal(place, pid)) return openRegular(place);
      this.#refused++;
      return undefined;
    } finally {
      closeSync(place);
    }
  }

  #isLocal(place: number, pid: number): boolean {
    const id = /^mnt_id:\t(\d+)$/m.exec(readText(`${this.#proc}/self/fdinfo/${place}`, 4096) ?? '')?.[1];
    if (id === undefined) return false;
    if (Number(id) === OF_MEMFD) return true;
    if (!this.#mounts.has(Number(id))) this.#table(pid);
    const mount = this.#mounts.get(Number(id));
    if (mount?.type === 'overlay') return this.#overlays.has(mount.device);
    return mount !== undefined && LOCAL.has(mount.type);
  }

  #table(pid: number | 'self'): readonly MountType[] {
    if (this.#read.has(pid)) return [];
    this.#read.add(pid);
    const found = parseMountTypes(readText(`${this.#proc}/${pid}/mountinfo`, 4 << 20) ?? '');
    for (const [id, mount] of found) this.#mounts.set(id, mount);
    return [...found.values()];
  }
}

/** Types of mounts by id, from a table as in mounts.ts. */
export function parseMountTypes(text: string): Map<number, MountType> {
  const mounts = new Map<number, MountType>();
  for (const line of text.split('\n')) {
    const words = line.split(' ');
    const dash = words.indexOf('-', 6);
    const [id, , device] = words;
    const [type, , options = ''] = words.slice(dash + 1);
    if (dash < 0 || device === undefined || type === undefined) continue;
    mounts.set(Number(id), { type, device, upperLayer: type === 'overlay' ? upperOf(options) : undefined });
  }
  return mounts;
}

/** Opens a name without following a link and without asking a device or a file system: what it is can be looked at first. */
export function openPlace(path: string | Buffer): number | undefined {
  return tryOpen(path, O_PATH | O_NOFOLLOW);
}

/** Opens a place for reading, if it is a regular file: to open a device may have effects. */
export function openRegular(place: number): number | undefined {
  return fstatSync(place).isFile() ? tryOpen(`/proc/self/fd/${place}`, O_RDONLY | O_NONBLOCK) : undefined;
}

export function tryOpen(path: string | Buffer, flags: number): number | undefined {
  try {
    return openSync(path, flags);
  } catch {
    return undefined;
  }
}
