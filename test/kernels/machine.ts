// A guest that runs: QEMU, without hardware virtualization, and what comes on the guest's console.

import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Processor } from './guests.ts';

export interface MachineParts {
  readonly processor: Processor;
  readonly kernelImage: string;
  readonly initramfs: string;
  readonly disk: string;
  /** Gets all of the console. */
  readonly log: string;
  readonly limitSeconds: number;
  /** Its clocks go on by 1 ns with each instruction, so that programs in it can count them. It has one processor then, and is slower. */
  readonly countsInstructions?: true;
}

const QEMU = {
  // What an emulated processor does slowly is left out: instructions that copy a block, which QEMU does byte by byte.
  amd64: {
    command: 'qemu-system-x86_64',
    machine: ['-machine', 'q35', '-cpu', 'max,erms=off,fsrm=off'],
    console: 'ttyS0',
    options: '',
  },
  // A processor that runs 32-bit programs as well; QEMU's `max` does not, and spends its time on signed pointers.
  arm64: {
    command: 'qemu-system-aarch64',
    machine: ['-machine', 'virt', '-cpu', 'cortex-a76'],
    console: 'ttyAMA0',
    // Page tables of the kernel's own cost each system call two flushes of all that QEMU knows of addresses.
    options: 'kpti=0',
  },
} as const;

/** For both: detours around faults of real processors, and memory that is cleared before it is used. */
const OPTIONS = 'mitigations=off init_on_alloc=0';

/** Races between processors are part of what is tested. */
const RACING = ['-accel', 'tcg,thread=multi,tb-size=512', '-smp', '2'];

/** While all wait, the clock goes to when the first goes on. */
const COUNTING = ['-accel', 'tcg,thread=single,tb-size=512', '-icount', 'shift=0,sleep=off', '-smp', '1'];

const MEMORY_MB = 2048;

/** Of /proc/PID/stat. */
const TICKS_A_SECOND = 100;

/** Lines of the console that are kept for the text of a failure. */
const KEPT_LINES = 60;

export class Machine {
  readonly #process: ChildProcess;
  readonly #tail: string[] = [];
  #end = '';
  #cpuSeconds = 0;

  constructor(parts: MachineParts) {
    const { command, machine, console, options } = QEMU[parts.processor];
    const drive = `file=${parts.disk},format=raw,if=none,id=disk,snapshot=on`; // what the guest writes goes to a temporary file
    const words = [
      ...['--foreground', String(parts.limitSeconds), command, ...machine],
      ...(parts.countsInstructions ? COUNTING : RACING),
      ...['-m', String(MEMORY_MB)],
      ...['-nodefaults', '-no-reboot', '-display', 'none', '-serial', 'stdio'],
      ...['-drive', drive, '-device', 'virtio-blk-pci,drive=disk'],
      ...['-kernel', parts.kernelImage, '-initrd', parts.initramfs],
      ...['-append', `console=${console} quiet loglevel=4 panic=-1 ${OPTIONS} ${options}`],
    ];
    this.#process = spawn('timeout', words, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process.once('error', (error) => {
      this.#end = error.message;
    });
    this.#process.once('close', (status) => {
      this.#end ||= status === 124 ? `it took longer than ${parts.limitSeconds} s` : `QEMU ended with status ${status}`;
    });
    const log = createWriteStream(parts.log);
    const { stdout, stderr } = this.#process;
    for (const stream of [stdout, stderr]) stream?.pipe(log, { end: false });
    stderr?.on('data', (text) => this.#keep(String(text).trimEnd()));
  }

  /** Lines of the console until the machine is off. */
  async *console(): AsyncGenerator<string> {
    if (!this.#process.stdout) return;
    for await (const line of createInterface({ input: this.#process.stdout, crlfDelay: Number.POSITIVE_INFINITY })) {
      this.#keep(line);
      yield line;
    }
  }

  #keep(line: string): void {
    this.#tail.push(line);
    if (this.#tail.length > KEPT_LINES) this.#tail.shift();
  }

  /** What it has taken of processors so far; after its end what was last returned. */
  cpuSeconds(): number {
    try {
      const { pid } = this.#process; // timeout's, whose only child is QEMU
      const [child = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
      if (child === '') return this.#cpuSeconds;
      const fields = readFileSync(`/proc/${child}/stat`, 'utf8').split(') ')[1]?.split(' ');
      this.#cpuSeconds = (Number(fields?.[11]) + Number(fields?.[12])) / TICKS_A_SECOND;
    } catch {
      // It has ended.
    }
    return this.#cpuSeconds;
  }

  /** How it ended, if it has, and the end of its console. */
  state(): string {
    return `${this.#end || 'it runs'}; the end of its console:\n${this.#tail.join('\n')}`;
  }

  stop(): void {
    this.#process.kill();
  }
}
