// A listener at a Unix datagram socket, as a service manager has one: what arrived, and from which process.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cProgram } from '../programs/c-program.ts';
import { until } from '../until.ts';

export interface Datagram {
  readonly sender: number;
  readonly lines: readonly string[];
  /** By performance.now(). */
  readonly at: number;
}

export class DatagramListener implements AsyncDisposable {
  readonly received: Datagram[] = [];
  readonly #child: ChildProcess;
  #isListening = false;

  private constructor(address: string) {
    this.#child = spawn(cProgram(join(import.meta.dirname, '../programs/datagrams.c')), [address], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const { stdout } = this.#child;
    if (!stdout) throw new Error('no pipe');
    createInterface({ input: stdout }).on('line', (line) => {
      const [, sender, text = ''] = /^(\d+) (.*)$/.exec(line) ?? [];
      if (sender === undefined) this.#isListening = true;
      else this.received.push({ sender: Number(sender), lines: text.split('\\n'), at: performance.now() });
    });
  }

  /** @param address a path, or with @ first a name in the abstract namespace */
  static async start(address: string): Promise<DatagramListener> {
    const listener = new DatagramListener(address);
    await until(() => listener.#isListening);
    return listener;
  }

  /** Datagrams with that line. */
  with(line: string): readonly Datagram[] {
    return this.received.filter(({ lines }) => lines.includes(line));
  }

  /** Takes nothing until `resume`. */
  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}
