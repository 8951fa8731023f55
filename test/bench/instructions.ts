// What the agent adds to a call, in instructions: exact, where times of calls are within some ns of each other. QEMU counts them, in a guest of
// test/kernels whose kernel has fexit. The aims are bounds: with fexit a call that no rule needs runs the very same instructions.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { renderFailure, SetupFailure } from '../../host/setup/failure.mjs';
import { BUILD } from '../../host/setup/paths.mjs';
import { prepare } from '../../host/setup/prepare.mjs';
import { guestNamed } from '../kernels/guests.ts';
import { Machine } from '../kernels/machine.ts';
import { bootParts } from '../kernels/prepare.ts';
import { parseResult } from '../kernels/results.ts';
import type { Step } from '../kernels/steps.ts';
import { builtProgram } from './built-program.ts';
import { BenchError, type Benchmark, type Figure } from './figure.ts';

/** Without what only a user's first start needs. */
const GUEST = { ...guestNamed('6.12-amd64'), root: 'minimal' } as const;

const STEP: Step = {
  name: 'instructions',
  file: 'test/kernels/guest/instructions.ts',
  limitSeconds: 900,
  // Its agents use both kinds.
  hooks: 'sys_exit',
  primedBy: { rules: ['rules'] },
};

/** The guest's console is kept here. */
const RESULTS = join(BUILD, 'instructions');

/** Seconds of this machine, whose processors may have other work. */
const LIMIT_SECONDS = 2400;

const CALLS = [
  { call: 'getppid', what: 'getppid', needed: false },
  { call: 'pipe', what: 'write to a pipe', needed: false },
  { call: 'missing', what: 'openat of a missing file, which the kernel filter drops', needed: true },
  { call: 'open', what: 'openat below /etc, which it drops, and close', needed: true },
  { call: 'connect', what: 'connect, accept and closes on the loopback', needed: true },
] as const;

type Counts = Readonly<Record<(typeof CALLS)[number]['call'], number>>;

/** What test/kernels/guest/instructions.ts has found. */
type Counted = Readonly<Record<'none' | 'sys_exit' | 'fexit', Counts>>;

export const INSTRUCTIONS: Benchmark = {
  name: 'instructions',
  summary: 'instructions that the agent adds to a call, by kind of hooks, in an emulated machine that counts them',
  areBounds: true,
  async run({ progress }) {
    await prepare('kernel-tests').catch(asBenchError);
    builtProgram('count-instructions.c', 'count-instructions');
    const counted = await count(progress);
    return CALLS.flatMap(({ call, what, needed }) =>
      (['sys_exit', 'fexit'] as const).map((hooks): Figure => {
        const [without, traced] = [counted.none[call], counted[hooks][call]];
        return {
          what: `${what}, ${hooks}`,
          unit: 'instructions',
          samples: [traced - without],
          ...(hooks === 'fexit' && !needed && { aim: 0 }),
          note: `${without} -> ${traced}, ${(traced / without).toFixed(2)} times`,
        };
      }),
    );
  },
};

/** What is missing here, such as QEMU. */
function asBenchError(error: unknown): never {
  throw error instanceof SetupFailure ? new BenchError(renderFailure(error)) : error;
}

/** Boots the guest, and returns what it has counted. */
async function count(progress: (text: string) => void): Promise<Counted> {
  progress(`making the guest ${GUEST.name}`);
  const parts = bootParts(GUEST, [STEP], RESULTS);
  const log = join(RESULTS, `${GUEST.name}.log`);
  progress(`it boots; its console is in ${log}`);
  const machine = new Machine({ ...parts, log, limitSeconds: LIMIT_SECONDS, countsInstructions: true });
  try {
    let failure = '';
    for await (const line of machine.console()) {
      const result = parseResult(line);
      if (result?.kind === 'booted') progress(`Linux ${result.release}; the agent is started by each kind of hooks`);
      if (result?.kind === 'file') return JSON.parse(result.text) as Counted;
      if (result?.kind === 'test') failure = result.error ?? failure;
    }
    throw new BenchError(failure || `the guest has counted nothing: ${machine.state()}`);
  } finally {
    machine.stop();
    rmSync(parts.initramfs, { force: true });
  }
}
