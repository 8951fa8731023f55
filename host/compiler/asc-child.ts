// The process that runs asc: reads a job from standard input, writes the module to standard output, errors to standard error. asc keeps 150 MB
// for good once it has run, which is why it gets a process of its own.

import { Buffer } from 'node:buffer';
import { main } from 'assemblyscript/asc';
import type { AscJob } from './asc.ts';

const chunks: Buffer[] = [];
for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
const job = JSON.parse(Buffer.concat(chunks).toString('utf8')) as AscJob;
let module: Uint8Array | undefined;
const { error, stderr } = await main([job.entry, ...job.flags, '--outFile', 'module.wasm', '--baseDir', '/'], {
  readFile: (name) => job.files[name.replace(/^\.?\/+/, '')] ?? null,
  writeFile: (name, contents) => {
    if (name.endsWith('.wasm')) module = typeof contents === 'string' ? Buffer.from(contents) : contents;
  },
  listFiles: () => [],
});
if (error || !module) {
  process.stderr.write(`${stderr.toString()}\n${error?.message ?? 'asc wrote no module'}\n`);
  process.exitCode = 1;
} else {
  process.stdout.write(module);
}
