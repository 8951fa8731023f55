// A control group with a limit on memory, of either version.

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SoakError } from './scenario.ts';

const ROOT = '/sys/fs/cgroup';
const REMOVE_MS = 5000;

interface Version {
  readonly root: string;
  readonly files: { readonly limit: string; readonly peak: string; readonly now: string; readonly kills: string };
}

const VERSIONS: readonly Version[] = [
  {
    root: `${ROOT}/memory`,
    files: {
      limit: 'memory.limit_in_bytes',
      peak: 'memory.max_usage_in_bytes',
      now: 'memory.usage_in_bytes',
      kills: 'memory.oom_control',
    },
  },
  { root: ROOT, files: { limit: 'memory.max', peak: 'memory.peak', now: 'memory.current', kills: 'memory.events' } },
];

export class Cgroup {
  readonly #path: string;
  readonly #files: Version['files'];

  /** @param bytes what may be used in it; there is no swap beside it */
  constructor(name: string, bytes: number) {
    const version = VERSIONS.find(({ root }) => existsSync(`${root}/cgroup.procs`));
    if (!version) throw new SoakError(`no memory cgroups are mounted below ${ROOT}`);
    this.#path = `${version.root}/${name}`;
    this.#files = version.files;
    mkdirSync(this.#path, { recursive: true });
    if (!existsSync(`${this.#path}/${version.files.limit}`)) {
      rmdirSync(this.#path);
      throw new SoakError(`the memory controller is not enabled in ${version.root}`);
    }
    writeFileSync(`${this.#path}/${version.files.limit}`, String(bytes));
  }

  /** A process that writes its number into it is in the group. */
  get processes(): string {
    return `${this.#path}/cgroup.procs`;
  }

  /** Bytes, what the kernel keeps for it included. */
  get now(): number {
    return this.#number(this.#files.now);
  }

  get peak(): number {
    return this.#number(this.#files.peak);
  }

  /** Processes in it that the kernel has killed for want of memory. */
  get kills(): number {
    return Number(/^oom_kill (\d+)$/m.exec(this.#read(this.#files.kills))?.[1] ?? 0);
  }

  /** Once no process is in it any more. */
  async remove(): Promise<void> {
    for (const end = performance.now() + REMOVE_MS; ; await sleep(100)) {
      try {
        rmdirSync(this.#path);
        return;
      } catch (error) {
        if (performance.now() > end) throw error;
      }
    }
  }

  #number(file: string): number {
    return Number(this.#read(file));
  }

  #read(file: string): string {
    return readFileSync(`${this.#path}/${file}`, 'utf8');
  }
}
