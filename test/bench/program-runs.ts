// The kernel's statistics of the BPF programs of a running agent.

import { bpfDescriptors, bpftool } from './bpf-descriptors.ts';

/** Since the statistics were enabled, on all CPUs. */
export interface ProgramRuns {
  readonly runs: number;
  readonly ns: number;
}

export class ProgramRunsReader {
  readonly #pid: number;
  readonly #names: ReadonlyMap<number, string>;

  constructor(pid: number) {
    this.#pid = pid;
    const programs = JSON.parse(bpftool('prog', 'show')) as { readonly id: number; readonly name?: string }[];
    this.#names = new Map(programs.map(({ id, name = '' }) => [id, name]));
  }

  /** By name. */
  read(): Map<string, ProgramRuns> {
    return new Map(
      bpfDescriptors(this.#pid, 'prog').map((info) => {
        const number = (key: string): number => Number(new RegExp(`^${key}:\\s*(\\d+)`, 'm').exec(info)?.[1]);
        const name = this.#names.get(number('prog_id')) ?? '';
        return [name, { runs: number('run_cnt'), ns: number('run_time_ns') }];
      }),
    );
  }
}
