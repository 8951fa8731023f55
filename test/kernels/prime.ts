// What is made on this machine so that a guest need not: compiled rules, and Node's code of the sources. Emulation takes a minute for
// what takes a second here. The steps themselves are begun here: they know best which rules they need.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUILD, PROJECT } from '../../host/setup/paths.mjs';
import { RUNTIME_OPTIONS } from '../../host/setup/runtime.mjs';
import { digestInputs, isUpToDate, writeStamp } from '../../host/setup/stamp.mjs';
import { falcoRules } from './falco-rules.ts';
import type { Step } from './steps.ts';

/** Whatever rules are compiled from, and the tests that give them. */
const INPUTS = ['host', 'rules', 'rules-wasm', 'test/support', 'test/kernels/guest'];

/** Of one file. */
const LIMIT_MS = 300_000;

export function prime(steps: readonly Step[]): void {
  for (const { name, file, primedBy } of steps) {
    if (primedBy === undefined) continue;
    const stamp = join(BUILD, 'kernels/primed', name.replaceAll(' ', '-'));
    const digest = digestInputs(
      PROJECT,
      [...INPUTS, file],
      falcoRules().map((path) => readFileSync(path, 'utf8')),
    );
    if (isUpToDate(stamp, digest, [join(BUILD, 'modules'), join(BUILD, 'compile-cache')])) continue;
    process.stderr.write(`kernels: compiling the rules of ${name}\n`);
    const words = primedBy === 'itself' ? [file] : ['test/kernels/compile-rules.ts', ...primedBy.rules];
    if (run(words)) writeStamp(stamp, digest);
    else process.stderr.write(`kernels: that failed, so the guest has to; next time it is tried again here\n`);
  }
}

/** Returns whether it succeeded: live tests end as soon as their rules are compiled, and their status says whether all were. */
function run(words: readonly string[]): boolean {
  const { status } = spawnSync(process.execPath, [...RUNTIME_OPTIONS, ...words], {
    cwd: PROJECT,
    stdio: 'ignore',
    timeout: LIMIT_MS,
    env: { ...process.env, NODE_COMPILE_CACHE: join(BUILD, 'compile-cache'), WASPREY_COMPILE_ONLY: '1' },
  });
  return status === 0;
}
