// Takes the state of a scope out of /proc and the upper layer. Each part has a bound, so that a hostile container can't
// delay it. The state lists what a bound has cut.

import { count } from '../../diagnostics/numbers.ts';
import { FileSystems } from './file-systems.ts';
import { Hashes } from './hashes.ts';
import { type MountTable, mountsOf } from './mounts.ts';
import { openBelow } from './open-below.ts';
import { readLink, readText } from './proc-file.ts';
import { readDetails, readProcess } from './processes.ts';
import { lineOf, processesIn } from './scope-processes.ts';
import { socketsOf } from './sockets.ts';
import {
  type Listener,
  type ProcessState,
  type Socket,
  STATE_LIMITS,
  type State,
  type StateLimits,
  type StateScope,
} from './state.ts';
import { lateParts, PartTimes, type Subject } from './state-times.ts';
import { TimeLimit } from './time-limit.ts';
import { changedFiles, type UpperLayer } from './upper-layer.ts';

/** Paths of the upper layer are those of the runtime: of the host, also where the agent runs in a container, or of the agent's own. */
const ROOTS = ['/proc/1/root', ''];
/** Mounts of so many processes are looked at for the layer. */
const MOST_TABLES = 64;

/** @param subject what the alert is of; default: no process, now */
export function takeState(scope: StateScope, limits: StateLimits = STATE_LIMITS, subject: Subject = nobody()): State {
  const taken = Date.now();
  const times = new PartTimes(subject);
  const began = performance.now();
  // The limit ends all parts by the clock: meanwhile no event is written.
  const limit = new TimeLimit(limits.milliseconds);
  const missing: string[] = [];
  const files = new FileSystems();
  const hashes = new Hashes(limits.hashedBytes);
  const read = processReader(files);
  // First, and hashed at once: it may soon be gone, and a machine may have many others.
  const line = lineOf(subject.pid, scope).flatMap(read);
  hashPrograms(line, files, hashes, limit.part(limits.milliseconds / 2));
  times.done('fired');
  const others = readOthers(scope, line, read, limits, limit, missing);
  const processes = [...line, ...others];
  times.done('processes');
  if (processes.length === 0) missing.push('No process of it was left.');
  const mounts = mountsOfScope(processes, missing);
  const changed = scope.kind === 'container' ? layerOf(processes, files, limits, limit, missing) : undefined;
  times.done('files');
  addDetails(processes, limits, limit, missing);
  times.done('details');
  const milliseconds = Math.round(performance.now() - began);
  const hashLimit = limit.part(limits.milliseconds);
  hashPrograms(others, files, hashes, hashLimit);
  hashLayer(changed, hashes, hashLimit);
  times.done('hashes');
  missing.push(...withoutHash(files, hashes));
  const late = lateParts(times.all, limits.milliseconds);
  if (late !== undefined) missing.push(late);
  return {
    taken,
    milliseconds,
    times: times.all,
    processes,
    mounts: mounts?.mounts ?? [],
    listening: listenersOf(processes),
    changed: changed && [...changed.files],
    missing,
  };
}

function nobody(): Subject {
  return { pid: 0, time: BigInt(Date.now()) * 1_000_000n };
}

type ReadOne = (pid: number) => ProcessState[];

function processReader(files: FileSystems): ReadOne {
  const booted = bootTime();
  return (pid) => {
    const process = readProcess(pid, booted, files);
    return process ? [process] : [];
  };
}

/** All of them first, then what each has open: a cut leaves a whole tree with fewer details. */
function readOthers(
  scope: StateScope,
  line: readonly ProcessState[],
  read: ReadOne,
  limits: StateLimits,
  limit: TimeLimit,
  missing: string[],
): ProcessState[] {
  const { pids, looked, all } = processesIn(scope, limit.part(limits.milliseconds / 2));
  if (looked < all) missing.push(`Only ${looked} of ${all} processes of the machine were looked at.`);
  const known = new Set(line.map(({ pid }) => pid));
  const others: ProcessState[] = [];
  for (const pid of pids) {
    if (known.has(pid)) continue;
    const already = line.length + others.length;
    if (already >= limits.processes || limit.isOver) {
      missing.push(`Only ${already} of ${pids.length} processes were read, ${within(limits)}.`);
      break;
    }
    others.push(...read(pid));
  }
  return others;
}

function addDetails(
  processes: readonly ProcessState[],
  limits: StateLimits,
  limit: TimeLimit,
  missing: string[],
): void {
  const namespaces = new Map<string, ReadonlyMap<string, Socket>>();
  const sockets = (pid: number): ReadonlyMap<string, Socket> => {
    const namespace = readLink(`/proc/${pid}/ns/net`) ?? '';
    const known = namespaces.get(namespace);
    if (known) return known;
    const { byInode, isComplete } = socketsOf(pid, limit);
    if (!isComplete) missing.push(`Not all sockets that process ${pid} sees were read, ${within(limits)}.`);
    namespaces.set(namespace, byInode);
    return byInode;
  };
  for (const [index, process] of processes.entries()) {
    if (limit.isOver) {
      missing.push(`Open files and maps of ${processes.length - index} processes were not read, ${within(limits)}.`);
      return;
    }
    const { pid } = process;
    process.details = readDetails(pid, limits.descriptors, () => sockets(pid));
    if (process.details.descriptors.length >= limits.descriptors) {
      missing.push(`Of process ${pid} only ${limits.descriptors} open files are listed.`);
    }
  }
}

function within({ milliseconds }: StateLimits): string {
  return `within ${milliseconds} ms of processor time`;
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

interface Layer extends UpperLayer {
  readonly folder: string;
}

/** The layer of the first process whose root is an overlay of the host: a process may mount its own, of any folder. */
function layerOf(
  processes: readonly ProcessState[],
  files: FileSystems,
  limits: StateLimits,
  limit: TimeLimit,
  missing: string[],
): Layer | undefined {
  let others = 0;
  for (const { pid } of processes.slice(0, MOST_TABLES)) {
    // Each may have a table of megabytes, in a namespace of its own.
    if (limit.isOver) {
      missing.push(`Its changed files are unknown: no overlay was found ${within(limits)}.`);
      return undefined;
    }
    const { upperLayer, device = '' } = mountsOf(pid) ?? {};
    if (upperLayer === undefined) continue;
    const verified = files.upperLayer(device);
    if (verified !== undefined) return readLayer(verified, limits, limit, missing);
    others++;
  }
  const reason = others === 0 ? 'its root is not an overlay' : 'the overlay of its root is not mounted on the host';
  missing.push(`Its changed files are unknown: ${reason}.`);
  return undefined;
}

function readLayer(upperLayer: string, limits: StateLimits, limit: TimeLimit, missing: string[]): Layer | undefined {
  for (const root of ROOTS) {
    const folder = root + upperLayer;
    const layer = changedFiles(folder, limits.changedFiles, limit);
    if (!layer) continue;
    if (!layer.isComplete) missing.push(`Only ${layer.files.length} of its changed files are listed.`);
    return { ...layer, folder };
  }
  missing.push(`Its changed files are unknown: ${upperLayer} can't be read.`);
  return undefined;
}

function hashPrograms(processes: readonly ProcessState[], files: FileSystems, hashes: Hashes, limit: TimeLimit): void {
  for (const { pid, executable } of processes) {
    // Without an inode it was not opened before.
    if (!executable || executable.inode === 0) continue;
    const descriptor = files.open(`/proc/${pid}/exe`, pid);
    const hash = descriptor === undefined ? undefined : hashes.of(descriptor, executable, limit);
    if (hash !== undefined) executable.sha256 = hash;
  }
}

function hashLayer(layer: Layer | undefined, hashes: Hashes, limit: TimeLimit): void {
  for (const { file, path, inode } of layer?.entries ?? []) {
    if (file.kind !== 'file') continue;
    const descriptor = openBelow(layer?.folder ?? '', path, 'file');
    const hash = descriptor === undefined ? undefined : hashes.of(descriptor, { inode, size: file.size }, limit);
    if (hash !== undefined) file.sha256 = hash;
  }
}

function withoutHash(files: FileSystems, hashes: Hashes): string[] {
  const missing: string[] = [];
  if (hashes.omitted > 0) {
    missing.push(`Hashes are missing for ${count(hashes.omitted, 'file')}: the limit of bytes or of time was reached.`);
  }
  if (files.refused > 0) {
    missing.push(`Hashes are missing for ${count(files.refused, 'program')}: their file system may not answer.`);
  }
  return missing;
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
