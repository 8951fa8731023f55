// An agent as a process of its own, and what somebody with root's rights can find of it and do to it.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cProgram } from '../programs/c-program.ts';
import { type RunAlert, type RunProcess, startRun } from './run-process.ts';

/** A change is to be reported within 5 s; a machine that runs other tests gets twice that. */
const TOLD_WITHIN_MS = 10_000;
/** Of the test's, on opened files. */
export const MARKED_RULE = 'Marked file';
/** A rule on calls of other hooks: they are attached, with a kernel filter. */
export const OTHER_CALLS = `- rule: Other calls
  desc: they are attached, with a kernel filter
  condition: evt.type in (connect, unlinkat, rename, dup, setuid, execve) and proc.name = tamper-nobody
  output: "did %evt.type"
  priority: WARNING
`;
export const TAMPERED = 'Wasprey internal: capture tampered with';

/** Path of the tool that tampers, built when it is first asked for. */
export function tamperProgram(): string {
  return cProgram(join(import.meta.dirname, '../programs/tamper.c'));
}

/** Does it, with test/support/programs/tamper.c. */
export function tamper(...words: readonly (string | number)[]): void {
  const { status, stderr } = spawnSync(tamperProgram(), words.map(String), { encoding: 'utf8' });
  assert.equal(status, 0, `tamper ${words.join(' ')}: ${stderr}`);
}

/** What bpftool says, and whether it did it. */
export function bpftool(...words: readonly (string | number)[]): { readonly done: boolean; readonly said: string } {
  const { status, stdout, stderr } = spawnSync('bpftool', words.map(String), { encoding: 'utf8' });
  return { done: status === 0, said: stdout + stderr };
}

interface Held {
  readonly fd: number;
  readonly id: number;
}

export class TamperedAgent {
  readonly run: RunProcess;

  private constructor(words: readonly string[]) {
    this.run = startRun('--json', ...words);
  }

  static async start(...words: readonly string[]): Promise<TamperedAgent> {
    const agent = new TamperedAgent(words);
    await agent.run.watches();
    return agent;
  }

  get pid(): number {
    return this.run.pid;
  }

  /** The internal alerts of tampering so far. */
  get told(): readonly RunAlert[] {
    return this.run.alerts(TAMPERED);
  }

  /** Does it and waits for the alert whose output has that text. */
  async alertOf(text: RegExp, work: () => void): Promise<RunAlert> {
    const before = this.told.length;
    work();
    const found = () => this.told.slice(before).find(({ output }) => text.test(output));
    return this.run.until(`an alert of ${text}`, found, TOLD_WITHIN_MS);
  }

  /** Opens a file, and waits for the alert of the rule {@link MARKED_RULE}. */
  async sees(path: string): Promise<void> {
    spawnSync('cat', [path]);
    const found = () => this.run.alerts(MARKED_RULE).find(({ output }) => output.includes(path));
    await this.run.until(`an alert of ${path}`, found);
  }

  /** Its maps, by their names. */
  get maps(): ReadonlyMap<string, Held> {
    return mapsOf(this.pid);
  }

  get links(): readonly Held[] {
    return heldBy(this.pid, 'link_id');
  }

  /** The link to that tracepoint. */
  link(tracepoint: string): Held {
    const found = this.links.find(({ id }) => bpftool('-j', 'link', 'show', 'id', id).said.includes(`"${tracepoint}"`));
    return found ?? assert.fail(`no link to ${tracepoint}`);
  }

  map(name: string): Held {
    return this.maps.get(name) ?? assert.fail(`no map ${name}`);
  }

  /** The thread that evaluates. */
  get workerThread(): number {
    const threads = readdirSync(`/proc/${this.pid}/task`).map(Number);
    const found = threads.find((tid) =>
      /wasprey-engine/.test(readFileSync(`/proc/${this.pid}/task/${tid}/comm`, 'utf8')),
    );
    return found ?? assert.fail(`no thread of the engine among ${threads}`);
  }

  async stop(): Promise<void> {
    this.run.kill('SIGINT');
    await this.run.ended;
  }
}

/** The BPF maps that a process has descriptors of, by their names, which the kernel cuts after 15 characters. */
export function mapsOf(pid: number): ReadonlyMap<string, Held> {
  return new Map(heldBy(pid, 'map_id').map((held) => [nameOf('map', held.id), held]));
}

/** What a process holds of the kernel's, by what fdinfo says of each descriptor. */
function heldBy(pid: number, key: string): Held[] {
  return readdirSync(`/proc/${pid}/fdinfo`).flatMap((fd) => {
    const [, id] = new RegExp(`^${key}:\\s*(\\d+)`, 'm').exec(readInfo(pid, fd)) ?? [];
    return id === undefined ? [] : { fd: Number(fd), id: Number(id) };
  });
}

function readInfo(pid: number, fd: string): string {
  try {
    return readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8');
  } catch {
    return ''; // closed meanwhile
  }
}

function nameOf(kind: string, id: number): string {
  return (JSON.parse(bpftool('-j', kind, 'show', 'id', id).said) as { name?: string }).name ?? '';
}
