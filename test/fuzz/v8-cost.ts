// What V8 takes for a module, measured in a process of its own, whose memory is bounded.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

/** Of the child: a module beyond the bound must not take the machine. */
const DATA_BYTES = 2 * 2 ** 30;

/** Runs a script of this folder on modules, with options of node, and returns what it prints as JSON. */
export function costMeter<Cost>(script: string, ...options: readonly string[]): (module: Uint8Array) => Cost {
  const directory = mkdtempSync(join(tmpdir(), 'wasprey-v8-cost-'));
  after(() => rmSync(directory, { recursive: true }));
  return (module) => {
    const path = join(directory, 'module.wasm');
    writeFileSync(path, module);
    const node = [process.execPath, ...options, '--v8-pool-size=1', '--disable-warning=ExperimentalWarning'];
    const words = [`--data=${DATA_BYTES}`, ...node, join(import.meta.dirname, script), path];
    const { stdout, stderr } = spawnSync('prlimit', words, { encoding: 'utf8' });
    assert.match(stdout, /^\{/, `it took more than ${DATA_BYTES / 2 ** 20} MB:\n${stderr.slice(0, 2000)}`);
    return JSON.parse(stdout) as Cost;
  };
}
