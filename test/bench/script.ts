// Runs workload.sh: the mixture of events that rules are evaluated on in the benchmarks.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchError } from './figure.ts';
import { loadProgram } from './load.ts';

const SCRIPT = join(import.meta.dirname, 'workload.sh');

/** @param cpu the only one that it may run on */
export async function runScript(cpu?: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-bench-'));
  try {
    const words = ['sh', SCRIPT, folder, loadProgram()];
    const [program = '', ...rest] = cpu === undefined ? words : ['taskset', '-c', String(cpu), ...words];
    const child = spawn(program, rest, { stdio: ['ignore', 'ignore', 'inherit'] });
    const [status] = await once(child, 'close');
    if (status !== 0) throw new BenchError(`${SCRIPT} ended with status ${status}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
