// Has V8's baseline compiler compile a module as the engine does, and prints what that took: node baseline-child.ts MODULE
// Imports nothing but that: memory that was used and freed before would hide what the compiler takes.

import { readFileSync, writeFileSync } from 'node:fs';
import { compileBaseline } from '../../host/sandbox/baseline.ts';

function statusMegabytes(name: 'VmRSS' | 'VmHWM'): number {
  const [, kilobytes = '0'] =
    new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

const bytes = new Uint8Array(readFileSync(process.argv[2] ?? ''));
// The peak begins anew.
writeFileSync('/proc/self/clear_refs', '5');
const before = statusMegabytes('VmRSS');
const used = process.cpuUsage();
compileBaseline(bytes);
const { user, system } = process.cpuUsage(used);
const megabytes = statusMegabytes('VmHWM') - before;
console.log(JSON.stringify({ milliseconds: (user + system) / 1000, megabytes }));
