// Recognises entries from outside: a program that is the first of a session, by what it was started from.

import { isRuntimeCommand } from '../../fields/container-runtime.ts';
import { isInRootNamespace, type Process, type ProgramState } from './process.ts';
import type { EntryKind } from './session.ts';

/** Programs that let somebody in, or start what nobody waits for. What they start is a session, and not they themselves. */
const DOORS: readonly { readonly kind: EntryKind; readonly programs: ReadonlySet<string> }[] = [
  {
    kind: 'su',
    programs: new Set(['su', 'su-rs', 'sudo', 'sudo-rs', 'sudo-ws', 'runuser', 'doas', 'pkexec', 'ksu', 'machinectl']),
  },
  { kind: 'ssh', programs: new Set(['sshd', 'sshd-session', 'sshd-auth', 'dropbear', 'tinysshd']) },
  {
    kind: 'console',
    programs: new Set(['login', 'gdm-session-worker', 'lightdm', 'sddm-helper', 'xdm', 'in.telnetd', 'telnetd']),
  },
  { kind: 'cron', programs: new Set(['cron', 'crond', 'anacron', 'atd', 'fcron', 'bcron-exec']) },
  {
    kind: 'service',
    programs: new Set(['systemd', 'systemd-executor', 'init', 'runsv', 's6-supervise', 'supervise-daemon']),
  },
];
const DOOR_OF = new Map(
  DOORS.flatMap(({ kind, programs }) => [...programs].map((program) => [program, kind] as const)),
);

/** They are started by doors and do a part of their work. */
const HELPERS: ReadonlySet<string> = new Set([
  ...['unix_chkpwd', 'unix_update', 'pam_timestamp_check', 'sd-pam', 'systemd-executor', 'sftp-server-helper'],
  ...['agetty', 'getty', 'mingetty'],
]);

export interface Entry {
  readonly kind: EntryKind;
  /** Processes of one entry have one root. */
  readonly root: Process;
}

/** Where doors are installed, by who owns the machine or made the image. */
const INSTALLED = /^\/(?:usr|bin|sbin|lib|lib64|nix\/store|gnu\/store)\//;

/** A program that only has the name of a door is not one: whoever enters could call one so, and begin a session of another kind. */
export function doorOf({ program, executable, container, isOfUpperLayer }: ProgramState): EntryKind | undefined {
  const kind = DOOR_OF.get(program);
  if (kind === undefined || !INSTALLED.test(executable ?? '')) return undefined;
  return container !== undefined && isOfUpperLayer ? undefined : kind;
}

/**
 * A runtime that has not yet become the program of the container. What it forks into the container's pid namespace runs nothing else before that:
 * a program that was begun there only has its name.
 */
export function isRuntime({ state, parent }: Process): boolean {
  const { program, words, pidNamespace } = state;
  const isOutside = isInRootNamespace(state) || parent?.state.pidNamespace === pidNamespace;
  return isOutside && isRuntimeCommand(program, words[1]);
}

/**
 * The entry by which a program in a container came there, if the process that it was forked from is outside.
 * @param inside the container that its process was in before, as sessions go
 * @param isFirst nothing was seen in that container before
 */
export function containerEntry(
  process: Process,
  container: string,
  inside: string | undefined,
  isFirst: boolean,
): Entry | undefined {
  if (inside === container || isRuntime(process)) return undefined;
  // The first process of a pid namespace is what the container was made for. With the host's or a pod's, the first program is.
  const isOwn = process.state.vpid === 1 || (isFirst && isInRootNamespace(process.state));
  return { kind: isOwn ? 'container' : 'exec', root: process };
}

/**
 * The entry by a door that the program was started from.
 * @param before the program that its process ran before, or that the process ran which forked it
 */
export function doorEntry(process: Process, before: ProgramState): Entry | undefined {
  const kind = doorOf(before);
  const { program } = process.state;
  if (kind === undefined || HELPERS.has(program)) return undefined;
  // A door is not what it lets in; but the manager of a user's units is a unit of the system's.
  if (doorOf(process.state) === kind && !(kind === 'service' && program === 'systemd')) return undefined;
  return { kind, root: kind === 'service' || kind === 'su' ? process : doorRoot(process, kind) };
}

/** The process of the door that is for this entry alone: below the one that waits for all, if there is one. */
function doorRoot(process: Process, kind: EntryKind): Process {
  const doors: Process[] = [];
  for (const ancestor of process.ancestors()) {
    if (doorOf(ancestor.state) !== kind) break;
    doors.push(ancestor);
  }
  return doors.at(-2) ?? process;
}

const UNIT = /([^/]+\.(?:service|scope|socket|mount|swap|timer|slice))(?=\/|$)/g;

/** The systemd unit of a cgroup's path: the innermost that is not a slice. */
export function unitOf(cgroup: string): string | undefined {
  const units = [...cgroup.slice(-1024).matchAll(UNIT)].map(([, unit = '']) => unit);
  return units.findLast((unit) => !unit.endsWith('.slice')) ?? units.at(-1);
}

const PTY_MAJORS = { first: 136, last: 143 };
const VIRTUAL_CONSOLE = 4;
const SERIAL_FIRST = 64;

/** `pts/0` of a device number as the kernel encodes it (new_encode_dev). */
export function terminalName(device: number): string | undefined {
  if (device === 0) return undefined;
  const major = (device >>> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  if (major >= PTY_MAJORS.first && major <= PTY_MAJORS.last) return `pts/${(major - PTY_MAJORS.first) * 256 + minor}`;
  if (major === VIRTUAL_CONSOLE) return minor < SERIAL_FIRST ? `tty${minor}` : `ttyS${minor - SERIAL_FIRST}`;
  return `tty ${major}:${minor}`;
}
