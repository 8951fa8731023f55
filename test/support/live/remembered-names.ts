// What the kernel filter of a capture remembers of names (native/bpf/filter/remembered.h), changed by another BPF program: user space can't.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { BUILD, PROJECT } from '../../../host/setup/paths.mjs';
import { buildProgram } from '../programs/c-program.ts';
import { mapsOf } from './live-tamper.ts';

const SOURCES = join(PROJECT, 'test/support/programs/bpf');

/**
 * Builds what makes each name that the capture of this process remembers one that no rule wants, on all processors.
 * @returns does it; few files are opened meanwhile, because each takes the place of a name
 */
export function unwantedNames(): () => void {
  const object = `${BUILD}bpf/test/unwanted-names.bpf.o`;
  execFileSync('make', ['-s', '-f', `${PROJECT}native/bpf/bpf.mk`, object], { stdio: ['ignore', 'ignore', 'inherit'] });
  const program = buildProgram(join(SOURCES, 'unwanted-names.c'), { folder: join(BUILD, 'test'), flags: ['-lbpf'] });
  const maps = mapsOf(process.pid);
  const idOf = (name: string): string => String(maps.get(name)?.id ?? assert.fail(`no map ${name}`));
  const words = [object, idOf('remembered_pass'), idOf('remembered_reso')];
  return () => execFileSync(program, words, { stdio: ['ignore', 'ignore', 'inherit'] });
}
