// The process that runs asc: reads a job from standard input, writes the module to standard output, errors to standard error.

import { Buffer } from 'node:buffer';
import { type AscJob, ascInProcess } from './asc-in-process.ts';

const chunks: Buffer[] = [];
for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
const made = await ascInProcess(JSON.parse(Buffer.concat(chunks).toString('utf8')) as AscJob);
if (made instanceof Uint8Array) {
  process.stdout.write(made);
} else {
  process.stderr.write(`${made.failed}\n`);
  process.exitCode = 1;
}
