// Runs act (native/act): real processes that do exactly the system calls a test asks for, and what they
// know of each by themselves.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { actWords, type Step, str } from '../../../host/generate/actions/steps.ts';
import { isCheckout } from '../../../host/setup/native-build.mjs';
import { ACT_PROGRAM, PROJECT } from '../../../host/setup/paths.mjs';
import { TIME_FACTOR } from './time-factor.ts';

export { actWords, type Step, str };

/** One system call, as act reports it. Numbers that a namespace changes (pid, tid) are those of the process's own. */
export interface Call {
  readonly call: string;
  readonly step: number;
  readonly pid: number;
  readonly tid: number;
  /** Of the container that the process was in, if the test made one. */
  readonly container?: string;
  /** As the kernel returned it: an error is negative. */
  readonly result: number;
  readonly cpu: number;
  /** Nanoseconds since the epoch, read just before and just after the call. */
  readonly before: bigint;
  readonly after: bigint;
  /** Of the descriptor that the call made or worked on, from fstat. */
  readonly fd?: number;
  readonly inode?: number;
  readonly device?: number;
  readonly mode?: number;
  /** What /proc/self/fd says; one character a byte (Latin-1). */
  readonly link?: string;
  /** Ends of a socket, ADDRESS:PORT. */
  readonly local?: string;
  readonly peer?: string;
  /** `@loop` only. */
  readonly failures?: number;
}

/** Who a process is where it stopped (`@wait`). */
export interface Place extends Call {
  readonly ppid: number;
  readonly pgid: number;
  readonly sid: number;
  readonly uid: number;
  readonly euid: number;
  readonly gid: number;
  readonly cwd: string;
}

/** Longer than any test lets it wait. */
const LONGEST_RUN_MS = 60_000 * TIME_FACTOR;

let built = false;

/** Where act is, built anew if it is older than its sources, where those are. */
export function actProgram(): string {
  if (!built && isCheckout())
    execFileSync('make', ['-s', '-C', join(PROJECT, 'native'), 'act'], { stdio: ['ignore', 'ignore', 'inherit'] });
  built = true;
  return ACT_PROGRAM;
}

export interface ActOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly argv0?: string;
  /** Another program that is act: a copy or link of it. */
  readonly program?: string;
  readonly uid?: number;
  readonly gid?: number;
}

/** Runs the steps on this machine and returns what was reported, in order. Throws with act's own words if it failed. */
export async function act(steps: readonly Step[], options: ActOptions = {}): Promise<Call[]> {
  const running = startAct(steps, options);
  const calls = await running.end();
  return calls;
}

/** A run that stops at each `@wait` until it is told to go on. */
export interface RunningAct {
  readonly process: ChildProcess;
  /** Resolves with the place of the next @wait. */
  place(): Promise<Place>;
  goOn(): void;
  /** Lets it run to its end; all calls it reported. */
  end(): Promise<Call[]>;
}

export function startAct(steps: readonly Step[], options: ActOptions = {}): RunningAct {
  const { program = actProgram(), ...spawnOptions } = options;
  return watchAct(
    spawn(program, actWords(steps), {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: '/usr/bin:/bin' },
      cwd: '/',
      ...spawnOptions,
    }),
  );
}

/**
 * Reads the reports of a process that is, or runs, act.
 * @param container its id as alerts have it, if it is in one
 */
export function watchAct(child: ChildProcess, container?: string): RunningAct {
  const { stdin, stdout, stderr } = child;
  if (!stdin || !stdout || !stderr) throw new TypeError('act needs pipes');
  const calls: Call[] = [];
  const places: Place[] = [];
  const waiting: ((place: Place) => void)[] = [];
  let rest = '';
  stdout.setEncoding('latin1');
  stdout.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const call = { ...parseCall(line), ...(container !== undefined && { container }) };
      if (call.call !== '@wait') calls.push(call);
      else if (waiting.length > 0) waiting.shift()?.(call as Place);
      else places.push(call as Place);
    }
  });
  stdin.on('error', () => {}); // it may end without reading what it was sent
  // A test that fails leaves it waiting: the file must end all the same.
  const timer = setTimeout(() => stdin.end(), LONGEST_RUN_MS).unref();
  const errors = text(stderr);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return {
    process: child,
    place() {
      const known = places.shift();
      if (known) return Promise.resolve(known);
      return Promise.race([
        new Promise<Place>((resolve) => waiting.push(resolve)),
        ended.then(async (status) => {
          throw new Error(`act ended with status ${status} before a @wait: ${await errors}`);
        }),
      ]);
    },
    goOn: () => void stdin.write('\n'),
    async end() {
      stdin.end();
      const status = await ended;
      clearTimeout(timer);
      const said = await errors;
      if (status !== 0 || said !== '') throw new Error(`act ended with status ${status}: ${said}`);
      return calls;
    },
  };
}

function parseCall(line: string): Call {
  // Times don't fit a JavaScript number.
  const quoted = line.replace(/"(before|after)":(\d+)/g, '"$1":"$2"');
  const value = JSON.parse(quoted) as Omit<Call, 'before' | 'after'> & { before: string; after: string };
  return { ...value, before: BigInt(value.before), after: BigInt(value.after) };
}

/** The report of the only, or the n-th, call of that name. */
export function callOf(calls: readonly Call[], name: string, index = 0): Call {
  const call = calls.filter((candidate) => candidate.call === name)[index];
  if (!call) throw new Error(`act reported no ${name}: ${calls.map((each) => each.call).join(' ')}`);
  return call;
}

/** A copy of act under another name: what runs it has that name as proc.name. */
export function copyAct(directory: string, name: string): string {
  const path = join(directory, name);
  copyFileSync(actProgram(), path);
  chmodSync(path, 0o755);
  return path;
}
