// What it takes to find a name among those whose verdict the kernel filter remembers (native/bpf/filter/remembered.h), by itself: a program
// that looks up the same name again and again. The kernel's statistics of programs can't part it from the rest of `on_open`.

import { execFileSync } from 'node:child_process';
import { BUILD, PROJECT } from '../../host/setup/paths.mjs';
import { builtProgram } from './built-program.ts';
import type { Benchmark } from './figure.ts';

const AIM = 40;

export const REMEMBERED_NAMES: Benchmark = {
  name: 'remembered-names',
  summary: 'finding a name whose verdict is remembered, in BPF by itself',
  async run({ quick }) {
    const object = `${BUILD}bpf/bench/remembered-names.bpf.o`;
    execFileSync('make', ['-s', '-f', `${PROJECT}native/bpf/bpf.mk`, object], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const program = builtProgram('remembered-names.c', 'remembered-names', ['-lbpf']);
    const lines = execFileSync(program, [object, quick ? '20' : '200'], { encoding: 'utf8' })
      .trim()
      .split('\n');
    const rounds = lines.map((line) => line.split(' ').map(Number));
    const samples = (column: number) => rounds.map((round) => round[column] ?? Number.NaN);
    return [
      { what: 'a path as it was passed', unit: 'ns', samples: samples(0), aim: AIM },
      { what: 'what is looked at of a resolved path', unit: 'ns', samples: samples(1), aim: AIM },
    ];
  },
};
