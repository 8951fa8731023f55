// A minimal Debian of any release to install packages on: a root of its own on this kernel, with dpkg and nothing that builds.

import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cachedFolder } from '../../../deploy/cached-folder.ts';
import { DebianArchive } from '../../../deploy/debian/archive.ts';
import { ownArchitecture } from '../../../deploy/tree/architecture.ts';

/** What was run and what it printed. */
export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Enters the root in a mount namespace of its own, with the kernel's file systems: $0 is the root, the arguments are the command. A
 * chroot would not do: paths of what is opened there would begin with the root's folder.
 */
const enter = (proc: string): string => `
  mount --bind "$0" "$0" && cd "$0" && mount --rbind /sys sys && mount --rbind /dev dev && ${proc} &&
  mount -t tmpfs tmpfs run && mkdir run/old && pivot_root . run/old && umount -l /run/old && rmdir /run/old &&
  exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"`;

/**
 * Whose processes a machine has. `own`: each command is the first of a pid namespace, and programs are where it has them; else they are where
 * this machine's first process has them, below the root's folder.
 */
export type Processes = 'own' | 'shared';

const NAMESPACES: Readonly<Record<Processes, readonly string[]>> = {
  own: [
    ...['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private'],
    ...['sh', '-c', enter('mount -t proc proc proc')],
  ],
  shared: ['--mount', '--propagation', 'private', 'sh', '-c', enter('mount --rbind /proc proc')],
};

export class DebianMachine {
  /** Its root. */
  readonly folder: string;
  readonly #processes: Processes;

  /** @param suite Debian's release: `bookworm` */
  constructor(suite: string, processes: Processes = 'shared') {
    this.#processes = processes;
    this.folder = mkdtempSync('/var/tmp/wasprey-debian-');
    execFileSync('tar', ['--extract', '--file', join(minimalRoot(suite), 'root.tar'), '--directory', this.folder]);
  }

  /** Runs a command; rejects when it fails. */
  run(...words: string[]): Promise<Printed> {
    return promisify(execFile)('unshare', this.#inside(words), { maxBuffer: 64 << 20 });
  }

  /** Starts a command that goes on. With processes of its own, SIGKILL alone ends it: unshare waits for it, and takes no other signal. */
  start(...words: string[]): ChildProcess {
    return spawn('unshare', this.#inside(words), { stdio: ['ignore', 'pipe', 'pipe'] });
  }

  #inside(words: readonly string[]): string[] {
    return [...NAMESPACES[this.#processes], this.folder, ...words];
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** Folder with `root.tar`, made once for each set of versions of its packages. */
function minimalRoot(suite: string): string {
  const archive = new DebianArchive({ suite, architecture: ownArchitecture().name });
  return cachedFolder(`debian-${suite}`, archive.fileNames(['?essential', '?priority(required)', 'apt']), (folder) => {
    execFileSync('mmdebstrap', ['--quiet', '--variant=minbase', suite, join(folder, 'root.tar'), archive.sourcesFile], {
      stdio: ['ignore', 'ignore', 2],
    });
  });
}
