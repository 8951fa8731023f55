// `wasprey run`, or another command, as a process of its own: what it writes to either stream, and how it ends.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { RUNTIME_OPTIONS } from '../../../host/setup/runtime.mjs';

const PATIENCE_MS = 60_000;

/** An alert of an agent that writes JSON. */
export interface RunAlert {
  readonly rule: string;
  readonly priority: string;
  readonly source: string;
  readonly output: string;
  readonly output_fields: Readonly<Record<string, unknown>>;
}

type Awaitable<Value> = Value | Promise<Value>;

export interface RunProcess {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Alerts so far of an agent that writes JSON, those of one rule if it is named. */
  alerts(rule?: string): readonly RunAlert[];
  /** Waits until `ask` gives something. Fails when it has not come in time, by default a minute, with what the process wrote. */
  until<Result>(what: string, ask: () => Awaitable<Result | undefined | false>, patienceMs?: number): Promise<Result>;
  /** Waits until what it wrote to standard error, or to standard output, matches. */
  says(pattern: RegExp, meanwhile?: () => void): Promise<RegExpExecArray>;
  /** Waits until the agent captures events by its rules. */
  watches(): Promise<void>;
  /** Does the work again and again until there is another alert of that rule. */
  alert(rule: string, work: () => void): Promise<RunAlert>;
  /** Leaves its standard output to itself: its next line finds no reader. */
  closeStdout(): void;
  kill(signal: NodeJS.Signals): void;
  /** Sends SIGSTOP, and waits until all its threads stand still: one that runs goes on for some milliseconds. */
  pause(): Promise<void>;
  /** Resolves with the exit status when it has ended and all that it wrote is here. */
  readonly ended: Promise<number | null>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface Launch {
  /** A program that is given the command line and becomes the process. */
  readonly launcher?: readonly string[];
  /** Node's own options. */
  readonly nodeOptions?: readonly string[];
  /** Variables besides this process's. */
  readonly environment?: Readonly<Record<string, string>>;
  /** By the bootstrap, as npm's scripts start it. Without it a signal is for the agent alone. */
  readonly bootstrap?: true;
}

/** Starts `wasprey run` with those words. */
export function startRun(...words: string[]): RunProcess {
  return startWasprey(['run', ...words]);
}

/** As `npm start` does. */
export function startRunAsNpm(...words: string[]): RunProcess {
  return startWasprey(['run', ...words], { bootstrap: true, nodeOptions: RUNTIME_OPTIONS });
}

/** Starts a command of wasprey. */
export function startWasprey(words: readonly string[], launch: Launch = {}): RunProcess {
  const { launcher = [], nodeOptions = [], environment = {}, bootstrap } = launch;
  const node = [process.execPath, ...nodeOptions];
  const script = [...(bootstrap ? ['host/setup/bootstrap.mjs', '--needs=capture'] : []), 'host/cli/main.ts'];
  const [program = '', ...rest] = [...launcher, ...node, ...script, ...words];
  const child = spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: PROJECT,
    env: { ...process.env, ...environment },
  });
  const { pid } = child;
  assert.ok(pid !== undefined, 'it could not be started');
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([status]) => status as number | null);
  const run: RunProcess = {
    pid,
    stdout: () => stdout,
    stderr: () => stderr,
    alerts: (rule) => alertsIn(stdout).filter((alert) => rule === undefined || alert.rule === rule),
    async until(what, ask, patienceMs = PATIENCE_MS) {
      const deadline = performance.now() + patienceMs;
      for (;;) {
        const result = await ask();
        if (result !== undefined && result !== false) return result;
        const wrote = `It wrote:\n${stdout}\nand to standard error:\n${stderr}`;
        assert.ok(performance.now() < deadline, `not within ${patienceMs / 1000} s: ${what}. ${wrote}`);
        await sleep(20);
      }
    },
    says(pattern, meanwhile = () => {}) {
      return run.until(String(pattern), () => {
        meanwhile();
        return pattern.exec(stderr) ?? pattern.exec(stdout) ?? undefined;
      });
    },
    async watches() {
      await run.says(/watching by/);
    },
    alert(rule, work) {
      const before = run.alerts(rule).length;
      return run.until(`an alert of ${rule}`, () => {
        work();
        return run.alerts(rule)[before];
      });
    },
    closeStdout: () => child.stdout.destroy(),
    kill: (signal) => child.kill(signal),
    async pause() {
      child.kill('SIGSTOP');
      await run.until('its threads stand still', () => threadStates(pid).every((state) => state === 'T'));
    },
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
  return run;
}

/** As in /proc/PID/stat, behind the name in brackets. */
function threadStates(pid: number): (string | undefined)[] {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).map((tid) => /\) (\w)/.exec(readFileSync(`${tasks}/${tid}/stat`, 'utf8'))?.[1]);
}

/** Of the lines that are complete. */
function alertsIn(stdout: string): RunAlert[] {
  return stdout
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as RunAlert] : []));
}
