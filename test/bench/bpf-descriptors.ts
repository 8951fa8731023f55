// What the kernel says of the BPF objects that a process holds open.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { SYSTEM_PATH } from '../../host/setup/paths.mjs';
import { BenchError } from './figure.ts';

const environment = { ...process.env, PATH: SYSTEM_PATH };

/** The kernel's description of each descriptor of a kind. */
export function bpfDescriptors(pid: number, kind: 'map' | 'prog'): string[] {
  return readdirSync(`/proc/${pid}/fd`)
    .filter((descriptor) => linkOf(`/proc/${pid}/fd/${descriptor}`) === `anon_inode:bpf-${kind}`)
    .map((descriptor) => readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, 'utf8'));
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // closed meanwhile
  }
}

export function bpftool(...words: string[]): string {
  try {
    return execFileSync('bpftool', ['-j', ...words], { encoding: 'utf8', env: environment, maxBuffer: 2 ** 26 });
  } catch (error) {
    throw new BenchError(`bpftool ${words.join(' ')} failed: ${error instanceof Error ? error.message : error}`);
  }
}
