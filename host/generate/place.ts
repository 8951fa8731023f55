// The place where actions are performed: this machine, or the container of this process.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { findProgram } from '../setup/find-program.mjs';
import { ACT_PROGRAM, SYSTEM_PATH } from '../setup/paths.mjs';
import { actWords, type Step } from './actions/steps.ts';
import { capabilitiesOf } from './capabilities.ts';

export interface Place {
  readonly kind: 'host' | 'container';
  /** Absolute path of act there. */
  readonly act: string;
  /** Absolute path of a folder for the scenes. */
  readonly temporary: string;
  /** User id of the processes that act there. */
  readonly uid: number;
  /** Names such as `CAP_SYS_ADMIN`. */
  readonly capabilities: ReadonlySet<string>;
  /** Whether a file with that absolute path exists. */
  hasFile(path: string): boolean;
  /** Whether a program with that name is in PATH. */
  hasProgram(name: string): boolean;
  /** Starts act with pipes for its output. */
  start(steps: readonly Step[]): ChildProcess;
  /** Kills a run of act and all that it has started. */
  kill(run: ChildProcess): void;
}

/** @param kind default: detected by the traces of container runtimes */
export function thisPlace(kind: Place['kind'] = isInContainer() ? 'container' : 'host'): Place {
  return {
    kind,
    act: ACT_PROGRAM,
    temporary: tmpdir(),
    uid: process.geteuid?.() ?? -1,
    capabilities: capabilitiesOf(readFileSync('/proc/self/status', 'utf8')),
    hasFile: existsSync,
    hasProgram: (name) => findProgram(name, SYSTEM_PATH) !== undefined,
    // Its own process group, so that it can be killed with its children, and Ctrl-C reaches only this process.
    start: (steps) =>
      spawn(ACT_PROGRAM, actWords(steps), {
        cwd: '/',
        env: { PATH: SYSTEM_PATH },
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    kill(run) {
      try {
        if (run.pid !== undefined) process.kill(-run.pid, 'SIGKILL');
      } catch {
        // it has exited
      }
    },
  };
}

/** Docker and Podman leave a file; Kubernetes and systemd-nspawn a variable; a cgroup outside of the namespace names the id. */
function isInContainer(): boolean {
  if (['/.dockerenv', '/run/.containerenv'].some((path) => existsSync(path))) return true;
  if (process.env.KUBERNETES_SERVICE_HOST !== undefined || process.env.container !== undefined) return true;
  return /[0-9a-f]{64}/.test(readFileSync('/proc/self/cgroup', 'utf8'));
}
