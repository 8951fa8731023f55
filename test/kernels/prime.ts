// What is made on this machine so that a guest need not: compiled rules, and Node's code of the sources. Emulation takes a minute for
// what takes a second here. The steps themselves are begun here: they know best which rules they need.

import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BUILD, PROJECT } from '../../host/setup/paths.mjs';
import { RUNTIME_OPTIONS } from '../../host/setup/runtime.mjs';
import { digestInputs, isUpToDate, writeStamp } from '../../host/setup/stamp.mjs';
import { falcoRules } from './falco-rules.ts';
import { GUESTS, liveFilesOf } from './guests.ts';
import type { Step } from './steps.ts';

/** Whatever rules are compiled from, and the tests that give them. */
const INPUTS = ['host', 'rules', 'rules-wasm', 'test/support', 'test/kernels/guest'];

/** What Node keeps of the sources: JavaScript without types, and code for V8. */
export const GUESTS_COMPILE_CACHE = join(BUILD, 'kernels/compile-cache');

/** Of one file. */
const LIMIT_MS = 300_000;

export function prime(steps: readonly Step[]): void {
  compileSources();
  compileRules(steps);
}

/** All that a guest may load, so that none strips types: what does that is compiled first, in each process, for seconds. */
function compileSources(): void {
  const live = new Set(GUESTS.flatMap(liveFilesOf));
  const files = [
    ...globSync(['host/**/*.{ts,mjs}', 'test/kernels/guest/*.ts'], { cwd: PROJECT, exclude: ['**/*.d.ts'] }),
    ...[...live].map((name) => `test/live/${name}.test.ts`),
  ].sort();
  const stamp = join(BUILD, 'kernels/primed/sources');
  const digest = digestInputs(PROJECT, ['test/support', 'test/kernels', 'package-lock.json', ...files]);
  if (isUpToDate(stamp, digest, [GUESTS_COMPILE_CACHE])) return;
  rmSync(GUESTS_COMPILE_CACHE, { recursive: true, force: true });
  if (run(['test/kernels/compile-sources.ts', ...files], GUESTS_COMPILE_CACHE)) writeStamp(stamp, digest);
  else process.stderr.write('kernels: the sources were not compiled, so guests have to\n');
}

function compileRules(steps: readonly Step[]): void {
  for (const { name, file, primedBy } of steps) {
    if (primedBy === undefined) continue;
    const stamp = join(BUILD, 'kernels/primed', name.replaceAll(' ', '-'));
    const digest = digestInputs(
      PROJECT,
      [...INPUTS, file],
      falcoRules().map((path) => readFileSync(path, 'utf8')),
    );
    if (isUpToDate(stamp, digest, [join(BUILD, 'modules')])) continue;
    process.stderr.write(`kernels: compiling the rules of ${name}\n`);
    const words = primedBy === 'itself' ? [file] : ['test/kernels/compile-rules.ts', ...primedBy.rules];
    if (run(words, join(BUILD, 'compile-cache'))) writeStamp(stamp, digest);
    else process.stderr.write(`kernels: that failed, so the guest has to; next time it is tried again here\n`);
  }
}

/** Returns whether it succeeded: live tests end as soon as their rules are compiled, and their status says whether all were. */
function run(words: readonly string[], compileCache: string): boolean {
  const { status } = spawnSync(process.execPath, [...RUNTIME_OPTIONS, ...words], {
    cwd: PROJECT,
    stdio: 'ignore',
    timeout: LIMIT_MS,
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache, WASPREY_COMPILE_ONLY: '1' },
  });
  return status === 0;
}
