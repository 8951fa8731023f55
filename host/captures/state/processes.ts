// Processes, as /proc shows them.

import { closeSync, fstatSync } from 'node:fs';
import type { FileSystems } from './file-systems.ts';
import { firstNumbersIn, readBytes, readLink, readText, zeroEnded } from './proc-file.ts';
import type { Descriptor, Executable, ExecutableMap, ProcessDetails, ProcessState, Socket } from './state.ts';

/** USER_HZ: what /proc counts in, on every processor that Linux runs on now. */
const TICKS_A_SECOND = 100;
/** Bytes of arguments and of the environment; Linux allows more, and a report does not. */
const MOST_TEXT = 64 << 10;
const MOST_MAPS = 1024;

interface Stat {
  readonly name: string;
  readonly status: string;
  readonly parent: number;
  readonly session: number;
  readonly terminal: boolean;
  readonly startTicks: number;
}

/** The name is in brackets, and may have brackets and line feeds itself: what follows the last one counts. */
export function parseStat(text: string): Stat | undefined {
  const [opens, closes] = [text.indexOf('('), text.lastIndexOf(')')];
  const [status, parent, , session, terminal, ...rest] = text.slice(closes + 2).split(' ');
  const startTicks = rest[14];
  if (opens < 0 || closes < opens || status === undefined || startTicks === undefined) return undefined;
  return {
    name: text.slice(opens + 1, closes),
    status,
    parent: Number(parent),
    session: Number(session),
    terminal: terminal !== '0',
    startTicks: Number(startTicks),
  };
}

export function statOf(pid: number, proc: string): Stat | undefined {
  const text = readText(`${proc}/${pid}/stat`);
  return text === undefined ? undefined : parseStat(text);
}

/** Undefined if it has ended meanwhile. @param booted when the machine was started, ms since the epoch */
export function readProcess(pid: number, booted: number, files: FileSystems, proc = '/proc'): ProcessState | undefined {
  const place = `${proc}/${pid}`;
  const stat = statOf(pid, proc);
  const status = readText(`${place}/status`);
  if (!stat || status === undefined) return undefined;
  const line = (name: string): string => new RegExp(`^${name}:[\\t ]*(.*)$`, 'm').exec(status)?.[1] ?? '';
  const numbers = (name: string): number[] => line(name).split(/\s+/).filter(Boolean).map(Number);
  return {
    pid,
    vpid: numbers('NSpid').at(-1) ?? pid,
    parent: stat.parent,
    session: stat.session,
    name: stat.name,
    status: stat.status,
    started: booted + (stat.startTicks / TICKS_A_SECOND) * 1000,
    arguments: zeroEnded(readBytes(`${place}/cmdline`, MOST_TEXT) ?? Buffer.alloc(0)),
    environment: namesOfVariables(readBytes(`${place}/environ`, MOST_TEXT)),
    directory: readLink(`${place}/cwd`),
    root: readLink(`${place}/root`),
    executable: executableOf(pid, files, proc),
    users: numbers('Uid'),
    groups: numbers('Gid'),
    supplementary: numbers('Groups'),
    capabilities: { effective: line('CapEff'), permitted: line('CapPrm'), bounding: line('CapBnd') },
    noNewPrivileges: line('NoNewPrivs') === '1',
    seccomp: Number(line('Seccomp')) || 0,
    terminal: stat.terminal,
  };
}

/**
 * The open files and executable memory of a process.
 * @param sockets those of its network namespace by inode; called if it has any, because reading them takes a millisecond and more
 */
export function readDetails(
  pid: number,
  mostDescriptors: number,
  sockets: () => ReadonlyMap<string, Socket>,
  proc = '/proc',
): ProcessDetails {
  const place = `${proc}/${pid}`;
  return {
    descriptors: descriptorsOf(place, mostDescriptors, sockets),
    executableMaps: parseMaps(readText(`${place}/maps`, 4 << 20) ?? ''),
  };
}

/** Texts without `=` are not variables: a program may write there what it likes, secrets too. */
export function namesOfVariables(environment: Buffer | undefined): string[] {
  const texts = environment ? zeroEnded(environment) : [];
  return texts.filter((text) => text.indexOf('=') > 0).map((text) => text.split('=', 1)[0] ?? '');
}

const DELETED = / \(deleted\)$/;

/** Facts about the file itself, which may have no name any more. Without size and inode if its file system might not answer. */
function executableOf(pid: number, files: FileSystems, proc: string): Executable | undefined {
  const link = `${proc}/${pid}/exe`;
  const target = readLink(link);
  if (target === undefined) return undefined;
  const path = target.replace(DELETED, '');
  const descriptor = files.open(link, pid);
  if (descriptor === undefined) return { path, deleted: DELETED.test(target), size: 0, inode: 0 };
  try {
    const { size, ino, nlink } = fstatSync(descriptor);
    return { path, deleted: nlink === 0, size, inode: ino };
  } finally {
    closeSync(descriptor);
  }
}

const ACCESS = ['r', 'w', 'rw', undefined] as const;

function descriptorsOf(place: string, most: number, sockets: () => ReadonlyMap<string, Socket>): Descriptor[] {
  const descriptors: Descriptor[] = [];
  for (const number of firstNumbersIn(`${place}/fd`, most)) {
    const target = readLink(`${place}/fd/${number}`);
    if (target === undefined) continue;
    const flags = /^flags:\t([0-7]+)$/m.exec(readText(`${place}/fdinfo/${number}`, 4096) ?? '')?.[1];
    const access = flags === undefined ? undefined : ACCESS[Number.parseInt(flags, 8) & 3];
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    const socket = inode === undefined ? undefined : sockets().get(inode);
    descriptors.push({ number, target, access, ...(socket && { socket }) });
  }
  return descriptors;
}

/** `7f12a000-7f12b000 r-xp 00001000 08:01 1234    /usr/lib/libc.so.6` */
export function parseMaps(text: string): ExecutableMap[] {
  const maps: ExecutableMap[] = [];
  for (const line of text.split('\n')) {
    const found = /^([\da-f]+)-([\da-f]+) (..x.) \S+ \S+ \d+ *(.*)$/.exec(line);
    const [, from, to, access, path = ''] = found ?? [];
    if (from === undefined || to === undefined || access === undefined) continue;
    if (maps.push({ from, to, access, path }) >= MOST_MAPS) break;
  }
  return maps;
}
