// A peer of a container: a process of the host in the container's network namespace, with addresses of its own on the loopback device.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { until } from '../until.ts';

export const PEER_PORT = 7777;

export class NamespacePeer {
  /** What it printed. */
  readonly lines: string[] = [];
  readonly #child: ChildProcess;

  private constructor(pid: number, addresses: readonly string[]) {
    const script = join(import.meta.dirname, 'namespace-peer.mjs');
    const words = ['nsenter', `-n/proc/${pid}/ns/net`, process.execPath, script, String(PEER_PORT), ...addresses];
    this.#child = spawn('/usr/bin/busybox', words, { stdio: ['pipe', 'pipe', 'inherit'] });
    const { stdout } = this.#child;
    if (!stdout) throw new Error('no pipe');
    createInterface({ input: stdout }).on('line', (line) => this.lines.push(line));
  }

  /** @param pid a process of the container */
  static async start(pid: number, addresses: readonly string[]): Promise<NamespacePeer> {
    const within = (...command: string[]) =>
      execFileSync('/usr/bin/busybox', ['nsenter', `-n/proc/${pid}/ns/net`, '/usr/bin/busybox', ...command]);
    within('ip', 'link', 'set', 'lo', 'up');
    for (const address of addresses)
      within('ip', 'address', 'add', address + (address.includes(':') ? '/128' : '/32'), 'dev', 'lo');
    const peer = new NamespacePeer(pid, addresses);
    await until(() => peer.lines.includes('ready'));
    return peer;
  }

  has(line: string): boolean {
    return this.lines.includes(line);
  }

  /** Connects from one of its addresses. Returns `succeeded`, `timed out` or an errno. */
  async connect(address: string, port: number, from: string): Promise<string> {
    const before = this.lines.length;
    this.#child.stdin?.write(`${address} ${port} ${from}\n`);
    const beginning = `connect ${address} from ${from} `;
    const find = () => this.lines.slice(before).find((line) => line.startsWith(beginning));
    await until(() => find() !== undefined, 10_000);
    return (find() ?? '').slice(beginning.length);
  }

  /** Sends a datagram from one of its addresses. */
  send(address: string, port: number, from: string): void {
    this.#child.stdin?.write(`udp ${address} ${port} ${from}\n`);
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}
