// Takes the state of a scope out of /proc and the upper layer. Each part has a bound, so that a hostile container can't
// delay it. The state lists what a bound has cut.

import { openSync } from 'node:fs';
import { count } from '../../diagnostics/numbers.ts';
import { Hashes } from './hashes.ts';
import { type MountTable, mountsOf } from './mounts.ts';
import { openBelow } from './open-below.ts';
import { readLink, readText } from './proc-file.ts';
import { processesIn, readDetails, readProcess } from './processes.ts';
import { socketsOf } from './sockets.ts';
import {
  type ChangedFile,
  type Listener,
  type ProcessState,
  type Socket,
  STATE_LIMITS,
  type State,
  type StateLimits,
  type StateScope,
} from './state.ts';
import { TimeLimit } from './time-limit.ts';
import { changedFiles } from './upper-layer.ts';

/** Paths of the upper layer are those of the runtime: of the host, also where the agent runs in a container, or of the agent's own. */
const ROOTS = ['/proc/1/root', ''];

export function takeState(scope: StateScope, limits: StateLimits = STATE_LIMITS): State {
  const taken = Date.now();
  const began = performance.now();
  const limit = new TimeLimit(limits.milliseconds);
  const missing: string[] = [];
  const processes = readProcesses(scope, limits, limit, missing);
  const mounts = mountsOfScope(processes, missing);
  const changed = scope.kind === 'container' ? layerOf(mounts, limits, limit, missing) : undefined;
  addDetails(processes, limits, limit, missing);
  const milliseconds = Math.round(performance.now() - began);
  addHashes(processes, changed, limits, missing);
  return {
    taken,
    milliseconds,
    processes,
    mounts: mounts?.mounts ?? [],
    listening: listenersOf(processes),
    changed: changed?.files,
    missing,
  };
}

/** All of them first, then what each has open: a cut leaves a whole tree with fewer details. */
function readProcesses(scope: StateScope, limits: StateLimits, limit: TimeLimit, missing: string[]): ProcessState[] {
  const pids = processesIn(scope);
  const booted = bootTime();
  const processes: ProcessState[] = [];
  for (const pid of pids) {
    if (processes.length >= limits.processes || limit.isOver) {
      missing.push(`Only ${processes.length} of ${pids.length} processes were read, within ${limits.milliseconds} ms.`);
      break;
    }
    const process = readProcess(pid, booted);
    if (process) processes.push(process);
  }
  if (processes.length === 0) missing.push('No process of it was left.');
  return processes;
}

function addDetails(
  processes: readonly ProcessState[],
  limits: StateLimits,
  limit: TimeLimit,
  missing: string[],
): void {
  const namespaces = new Map<string, ReadonlyMap<string, Socket>>();
  for (const [index, process] of processes.entries()) {
    if (limit.isOver) {
      missing.push(
        `Open files and maps of ${processes.length - index} processes were not read, within ${limits.milliseconds} ms.`,
      );
      return;
    }
    const { pid } = process;
    process.details = readDetails(pid, limits.descriptors, () => socketsSeenBy(pid, namespaces));
    if (process.details.descriptors.length >= limits.descriptors) {
      missing.push(`Of process ${pid} only ${limits.descriptors} open files are listed.`);
    }
  }
}

function socketsSeenBy(pid: number, namespaces: Map<string, ReadonlyMap<string, Socket>>): ReadonlyMap<string, Socket> {
  const namespace = readLink(`/proc/${pid}/ns/net`) ?? '';
  const sockets = namespaces.get(namespace) ?? socketsOf(pid);
  namespaces.set(namespace, sockets);
  return sockets;
}

/** ms since the epoch. */
function bootTime(): number {
  return Number(/^btime (\d+)$/m.exec(readText('/proc/stat') ?? '')?.[1] ?? 0) * 1000;
}

function mountsOfScope(processes: readonly ProcessState[], missing: string[]): MountTable | undefined {
  for (const { pid } of processes) {
    const table = mountsOf(pid);
    if (table) return table;
  }
  missing.push('Its mounts are unknown.');
  return undefined;
}

interface Layer {
  readonly folder: string;
  readonly files: readonly ChangedFile[];
}

function layerOf(
  mounts: MountTable | undefined,
  limits: StateLimits,
  limit: TimeLimit,
  missing: string[],
): Layer | undefined {
  if (mounts?.upperLayer === undefined) {
    missing.push('Its changed files are unknown: its root is not an overlay.');
    return undefined;
  }
  for (const root of ROOTS) {
    const folder = root + mounts.upperLayer;
    const layer = changedFiles(folder, limits.changedFiles, limit);
    if (!layer) continue;
    if (!layer.isComplete) missing.push(`Only ${layer.files.length} of its changed files are listed.`);
    return { folder, files: layer.files };
  }
  missing.push(`Its changed files are unknown: ${mounts.upperLayer} can't be read.`);
  return undefined;
}

function addHashes(
  processes: readonly ProcessState[],
  changed: Layer | undefined,
  { hashedBytes, milliseconds }: StateLimits,
  missing: string[],
): void {
  const hashes = new Hashes(hashedBytes, new TimeLimit(milliseconds));
  for (const { pid, executable } of processes) {
    const descriptor = executable && open(`/proc/${pid}/exe`);
    const hash = descriptor === undefined ? undefined : hashes.of(descriptor);
    if (executable && hash !== undefined) executable.sha256 = hash;
  }
  for (const file of changed?.files ?? []) {
    if (file.kind !== 'file') continue;
    const descriptor = openBelow(changed?.folder ?? '', file.path, 'file');
    const hash = descriptor === undefined ? undefined : hashes.of(descriptor);
    if (hash !== undefined) file.sha256 = hash;
  }
  if (hashes.omitted > 0) {
    missing.push(`Hashes are missing for ${count(hashes.omitted, 'file')}: the limit of bytes or of time was reached.`);
  }
}

function open(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}

/** What accepts connections or datagrams, by the descriptors of the processes. */
function listenersOf(processes: readonly ProcessState[]): Listener[] {
  const listeners = new Map<string, { protocol: Listener['protocol']; address: string; pids: number[] }>();
  for (const { pid, details } of processes) {
    for (const { socket } of details?.descriptors ?? []) {
      if (!socket || socket.protocol === 'unix' || socket.peer !== undefined) continue;
      if (socket.protocol.startsWith('tcp') && socket.status !== 'listen') continue;
      const { protocol, local: address } = socket;
      const listener = listeners.get(`${protocol} ${address}`) ?? { protocol, address, pids: [] };
      if (!listener.pids.includes(pid)) listener.pids.push(pid);
      listeners.set(`${protocol} ${address}`, listener);
    }
  }
  return [...listeners.values()];
}
