// The isolated containers of this machine: each is a folder on the BPF file system, whose files keep the programs on the container's cgroup. They
// outlive the agent, and end when the files are removed, which needs no agent.

import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, statfsSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ISOLATION_OBJECT_PATH } from '../../capture/addon.ts';
import type { NativeAddon } from '../../capture/native-addon.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import { HOST_ROOT } from '../../fields/host-root.ts';
import { encodeReachable, type Network } from './reachable.ts';

/** f_type of a BPF file system. */
const BPF_FS_MAGIC = 0xcafe4a11;
/** The machine's BPF file system. */
export const BPF_FS = `${HOST_ROOT}/sys/fs/bpf`;
/** Container ids. A BPF file system takes no dots. */
const ID = /^(?!half-)[\w-]{1,128}$/;
/** Prefix of an isolation that is being made or lifted. */
const HALF = 'half-';

/** Why a container could not be isolated, in words for the alert. */
export class IsolationError extends Error {}

export class Isolations {
  readonly #fileSystem: string;
  readonly #folder: string;

  /** @param fileSystem where a BPF file system is mounted */
  constructor(fileSystem: string = BPF_FS) {
    this.#fileSystem = fileSystem;
    this.#folder = join(fileSystem, 'wasprey-isolated');
  }

  /** Full ids of the containers. */
  list(): string[] {
    return this.#names().filter((name) => ID.test(name));
  }

  /** Whether a container is isolated, or was: its cgroup may have gone. */
  has(container: string): boolean {
    return ID.test(container) && existsSync(join(this.#folder, container));
  }

  /**
   * Rejects with IsolationError; then nothing is changed. The container is isolated by all programs at once or by none, also if this process ends.
   * @param cgroup folder of its cgroup in the v2 hierarchy
   */
  async isolate(addon: NativeAddon, container: string, cgroup: string, networks: readonly Network[]): Promise<void> {
    if (!ID.test(container)) throw new IsolationError('its id is not known in full');
    this.#makeFolder();
    const half = this.#half(container);
    try {
      mkdirSync(half, { mode: 0o700 });
      await addon.isolateCgroup(ISOLATION_OBJECT_PATH, cgroup, half, encodeReachable(networks));
      renameSync(half, join(this.#folder, container));
    } catch (error) {
      removeFolder(half);
      throw new IsolationError(reasonOf(error));
    }
  }

  /** False if it is not isolated. Throws Node's error if the file system refuses. */
  lift(container: string): boolean {
    if (!this.has(container)) return false;
    const half = this.#half(container);
    removeFolder(half);
    renameSync(join(this.#folder, container), half);
    removeFolder(half);
    return true;
  }

  /** Removes what agents that were killed have left half made or half lifted. To be called before anything is made or lifted. */
  removeHalf(): void {
    // Their maker can't be asked: a pid may have been given again, or be the same in each container of an agent.
    for (const name of this.#names()) if (name.startsWith(HALF)) removeFolder(join(this.#folder, name));
  }

  /** Lifts all of them, and removes the folder. Returns how many that were. */
  liftAll(): number {
    const lifted = this.list().filter((container) => this.lift(container)).length;
    this.removeHalf();
    removeFolder(this.#folder);
    return lifted;
  }

  #half(container: string): string {
    return join(this.#folder, `${HALF}${process.pid}-${container}`);
  }

  #names(): string[] {
    return existsSync(this.#folder) ? readdirSync(this.#folder) : [];
  }

  #makeFolder(): void {
    if (!isBpfFileSystem(this.#fileSystem)) {
      throw new IsolationError(
        'no BPF file system is mounted at /sys/fs/bpf, which keeps an isolation beyond the agent: mount -t bpf bpf /sys/fs/bpf',
      );
    }
    try {
      mkdirSync(this.#folder, { mode: 0o700, recursive: true });
    } catch (error) {
      throw new IsolationError(reasonOf(error));
    }
  }
}

export function isBpfFileSystem(path: string): boolean {
  return existsSync(path) && statfsSync(path).type === BPF_FS_MAGIC;
}

/** With the files in it. */
function removeFolder(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) unlinkSync(join(folder, name));
  rmdirSync(folder);
}
