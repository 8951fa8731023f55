// Ends test files that take longer than their limit, with every process that they have started.
// Node's own timeout sends SIGTERM to the file's process alone, and then waits until all who hold its output have ended: a daemon that a
// test has started kept a whole run waiting. So files are looked for among this process's children, and what belongs to one is found by
// its mark in the environment (mark-file.mjs) and by descent, since containers have environments of their own.

import { readdirSync, readFileSync } from 'node:fs';

interface Process {
  readonly pid: number;
  readonly parent: number;
}

/** A process may start another between the look and the kill; those are found by the next look. */
const LOOKS = 20;

export class FileLimit implements Disposable {
  readonly #limitMs: number;
  readonly #report: (file: string) => void;
  readonly #since = new Map<number, number>();
  readonly #timer: NodeJS.Timeout;

  /**
   * @param limitMs how long a file may take
   * @param report is given the path of each file that was ended
   */
  constructor(limitMs: number, report: (file: string) => void, everyMs = 1000) {
    this.#limitMs = limitMs;
    this.#report = report;
    this.#timer = setInterval(() => this.#look(), everyMs);
    this.#timer.unref();
  }

  #look(): void {
    const now = performance.now();
    const alive = new Set<number>();
    for (const { pid } of processes().filter(({ parent }) => parent === process.pid)) {
      const file = testFileOf(pid);
      if (file === undefined) continue;
      alive.add(pid);
      const since = this.#since.get(pid) ?? now;
      this.#since.set(pid, since);
      if (now - since > this.#limitMs) {
        endFile(pid, file);
        this.#report(file);
      }
    }
    for (const pid of this.#since.keys()) if (!alive.has(pid)) this.#since.delete(pid);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** Ends the process of a test file, and all that it has started. */
export function endFile(pid: number, file: string): void {
  for (let look = 0; look < LOOKS; look++) {
    const all = processes();
    const ended = new Set([pid, ...all.filter((each) => markOf(each.pid) === file).map((each) => each.pid)]);
    for (let size = 0; size !== ended.size; ) {
      size = ended.size;
      for (const each of all) if (ended.has(each.parent)) ended.add(each.pid);
    }
    const left = all.filter((each) => ended.has(each.pid));
    if (left.length === 0) return;
    for (const each of left) kill(each.pid);
  }
}

/** All processes but zombies, which hold nothing. */
function processes(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      // A name may hold anything, parentheses too: what follows stands behind the last one.
      const [state, parent] = read(`/proc/${name}/stat`).split(') ').at(-1)?.split(' ') ?? [];
      return parent === undefined || state === 'Z' ? [] : [{ pid: Number(name), parent: Number(parent) }];
    });
}

const testFileOf = (pid: number): string | undefined =>
  read(`/proc/${pid}/cmdline`)
    .split('\0')
    .findLast((word) => word.endsWith('.test.ts'));

const MARK = 'WASPREY_TEST_FILE=';

const markOf = (pid: number): string | undefined =>
  read(`/proc/${pid}/environ`)
    .split('\0')
    .find((word) => word.startsWith(MARK))
    ?.slice(MARK.length);

/** Text of a file of /proc; empty if the process has ended or is another user's. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
