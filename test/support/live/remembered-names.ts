// What the kernel filter of a capture remembers of names (native/bpf/filter/remembered.h), changed by another BPF program: user space can't.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUILD, PROJECT } from '../../../host/setup/paths.mjs';
import { buildProgram } from '../programs/c-program.ts';

const SOURCES = join(PROJECT, 'test/support/programs/bpf');

/**
 * Builds what makes each name that the capture of this process remembers one that no rule wants, on all processors.
 * @returns does it; few files are opened meanwhile, because each takes the place of a name
 */
export function unwantedNames(): () => void {
  const object = `${BUILD}bpf/test/unwanted-names.bpf.o`;
  execFileSync('make', ['-s', '-f', `${PROJECT}native/bpf/bpf.mk`, object], { stdio: ['ignore', 'ignore', 'inherit'] });
  const program = buildProgram(join(SOURCES, 'unwanted-names.c'), { folder: join(BUILD, 'test'), flags: ['-lbpf'] });
  // The kernel cuts names.
  const words = [object, mapId('remembered_pass'), mapId('remembered_reso')];
  return () => execFileSync(program, words, { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** The only map of this process that has this name. */
function mapId(name: string): string {
  const ids = readdirSync('/proc/self/fdinfo').flatMap((fd) => mapOf(fd) ?? []);
  const named = ids.filter((id) => JSON.parse(bpftool('-j', 'map', 'show', 'id', id)).name === name);
  const [id = assert.fail(`no map ${name}`)] = named;
  assert.equal(named.length, 1, name);
  return id;
}

function mapOf(fd: string): string | undefined {
  try {
    return /^map_id:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1];
  } catch {
    return undefined; // the descriptor that the folder was read by
  }
}

function bpftool(...words: readonly string[]): string {
  return execFileSync('bpftool', words, { encoding: 'utf8' });
}
