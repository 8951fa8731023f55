// Has V8 optimize a module's `evaluate`, and prints what that took: node --allow-natives-syntax optimizer-child.ts MODULE
// Imports nothing of the project: memory that was used and freed before would hide what the optimizer takes.

import { readFileSync, writeFileSync } from 'node:fs';

function statusMegabytes(name: 'VmRSS' | 'VmHWM'): number {
  const [, kilobytes = '0'] =
    new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

const memory = new WebAssembly.Memory({ initial: 1024, maximum: 1024, shared: true });
const module = new WebAssembly.Module(readFileSync(process.argv[2] ?? ''));
const instance = new WebAssembly.Instance(module, { env: { memory, match: () => {} } });
const { evaluate, fuel } = instance.exports as unknown as {
  evaluate(from: number, to: number): void;
  fuel: WebAssembly.Global<'i32'>;
};
// The baseline code counts calls, by which the optimizer chooses what to inline.
for (let i = 0; i < 100; i++) {
  fuel.value = 4_000_000;
  try {
    evaluate(0, 0);
  } catch (error) {
    // It has used up its fuel, or trapped otherwise, as any module may: what has run until then has been counted.
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
  }
}
// The peak begins anew.
writeFileSync('/proc/self/clear_refs', '5');
const before = statusMegabytes('VmRSS');
// CPU time of all threads: what the machine does besides does not count.
const began = process.cpuUsage();
// V8's own function, which only its parser knows.
new Function('evaluate', '%WasmTierUpFunction(evaluate)')(evaluate);
const { user, system } = process.cpuUsage(began);
const milliseconds = (user + system) / 1000;
console.log(JSON.stringify({ milliseconds, megabytes: statusMegabytes('VmHWM') - before }));
