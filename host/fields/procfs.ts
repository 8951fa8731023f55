// Fields that no event carries, read from /proc when an alert is written: open descriptors of a process, its threads. Absent
// if the process has ended by then, and in replays of recordings.

import { type Dir, opendirSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { DESCRIPTOR_TYPE_NAMES } from '../schema/descriptor-types.ts';
import type { ProcfsFact } from '../schema/fields/field.ts';
import { ROOT_PID_NAMESPACE } from '../schema/image.ts';
import type { EventRecord, ImageRecord } from './record.ts';
import { socketName, socketType } from './socket-table.ts';
import { SECOND } from './time.ts';
import { type Absent, encode, type FieldValue, integer, text } from './value.ts';

/** Descriptors that are looked at one by one: a process may have a million. */
const MOST_DESCRIPTORS = 4096;
const TICKS_PER_SECOND = 100; // USER_HZ, the same on every architecture
/** The wall clock may have been set between the start of the process and the alert. */
const START_SLACK_S = 2;

/** The value of a field with the source `procfs`. */
export function processFileField(
  fact: ProcfsFact,
  argument: string | undefined,
  event: EventRecord,
): FieldValue | Absent {
  const { image } = event;
  if (fact === 'threadNumber') return optionalNumber(innermostNumber(event.number('tid')));
  const directory = image && processDirectory(image);
  if (!directory) return undefined;
  if (typeof fact === 'object') {
    const { descriptor, part } = fact;
    return part === 'name' ? descriptorName(directory, descriptor) : optional(typeName(directory, descriptor));
  }
  switch (fact) {
    case 'threads':
      return integer(threadsOf(directory));
    case 'otherThreads':
      return integer(threadsOf(directory) - 1);
    case 'descriptors':
      return optionalNumber(openDescriptors(directory));
    case 'descriptorUsage': {
      const count = openDescriptors(directory);
      const limit = Number(image.big('fd_limit'));
      return count === undefined || limit === 0 ? undefined : { kind: 'double', value: (100 * count) / limit };
    }
    case 'descriptorTypes':
      return argument === undefined ? allTypes(directory) : typeOf(directory, argument);
  }
}

/** The fields of /proc/PID/stat from the third on, after the name, which is in parentheses and may contain anything. */
function statOf(directory: string): readonly string[] {
  const stat = readIfThere(`${directory}/stat`) ?? '';
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

const [FIELD_THREADS, FIELD_START] = [20 - 3, 22 - 3] as const;

function threadsOf(directory: string): number {
  return Number(statOf(directory)[FIELD_THREADS] ?? 0);
}

/** The pid namespace whose numbers /proc has. */
const OWN_PID_NAMESPACE = attempt(() => statSync('/proc/self/ns/pid').ino);

/**
 * `/proc/PID` of a process. Undefined if it has ended, or where the agent has a pid namespace of its own and the process is not in it: the kernel
 * shows the numbers of that one there, and no others.
 */
export function processDirectory(image: ImageRecord): string | undefined {
  const isInOwn = image.number('pid_namespace') === OWN_PID_NAMESPACE;
  if (OWN_PID_NAMESPACE !== ROOT_PID_NAMESPACE && !isInOwn) return undefined;
  const directory = `/proc/${image.number(isInOwn ? 'vpid' : 'pid')}`;
  return isSameProcess(image, directory) ? directory : undefined;
}

/**
 * `/proc/PID` of a process in a pid namespace below the agent's, which has another number here: an agent of a node that is a container itself (kind, k3d).
 * All processes are looked through, for 10 us each. Undefined also where processDirectory() knows it.
 */
export function directoryBelow(image: ImageRecord): string | undefined {
  if (OWN_PID_NAMESPACE === undefined || OWN_PID_NAMESPACE === ROOT_PID_NAMESPACE) return undefined;
  const namespace = `pid:[${image.number('pid_namespace')}]`;
  const innermost = `\t${image.number('vpid')}`;
  for (const name of attempt(() => readdirSync('/proc')) ?? []) {
    const directory = `/proc/${name}`;
    if (!/^\d+$/.test(name) || attempt(() => readlinkSync(`${directory}/ns/pid`)) !== namespace) continue;
    const [numbers = ''] = /^NSpid:.*$/m.exec(readIfThere(`${directory}/status`) ?? '') ?? [];
    if (numbers.endsWith(innermost)) return isSameProcess(image, directory) ? directory : undefined;
  }
  return undefined;
}

/** Whether the number still belongs to the event's process: it may have ended, and its number may be used again. */
function isSameProcess(image: ImageRecord, directory: string): boolean {
  const uptime = Number.parseFloat(readIfThere('/proc/uptime') ?? '');
  const ticks = Number(statOf(directory)[FIELD_START]);
  if (Number.isNaN(ticks) || Number.isNaN(uptime)) return false;
  const started = Date.now() / 1000 - uptime + ticks / TICKS_PER_SECOND;
  return Math.abs(started - Number(image.big('start_time')) / Number(SECOND)) < START_SLACK_S;
}

/**
 * How many descriptors a process has open: since Linux 6.2 the size of the directory; before it, they are counted.
 * Undefined if there are too many to count, if it has none, and if it has ended.
 */
export function openDescriptors(directory: string): number | undefined {
  const size = attempt(() => statSync(`${directory}/fd`).size) ?? 0;
  if (size > 0) return size;
  const counted = firstDescriptors(directory, MOST_DESCRIPTORS + 1)?.length ?? 0;
  return counted === 0 || counted > MOST_DESCRIPTORS ? undefined : counted;
}

/** Numbers of the first descriptors, `most` of them at most. Undefined if the process has ended. */
function firstDescriptors(directory: string, most: number): readonly string[] | undefined {
  let entries: Dir | undefined;
  try {
    entries = opendirSync(`${directory}/fd`, { bufferSize: 256 });
    const names: string[] = [];
    while (names.length < most) {
      const entry = entries.readSync();
      if (entry === null) break;
      names.push(entry.name);
    }
    return names;
  } catch {
    return undefined;
  } finally {
    entries?.closeSync();
  }
}

function descriptorName(directory: string, number: number): FieldValue | Absent {
  const target = linkOf(directory, number);
  if (target === undefined) return undefined;
  const socket = /^socket:\[(\d+)\]$/.exec(target)?.[1];
  if (socket !== undefined) return text(socketName(directory, socket) ?? '');
  const isFile = target.startsWith('/') && !target.startsWith('/memfd:');
  return text(isFile ? target : '');
}

function allTypes(directory: string): FieldValue | Absent {
  const names = firstDescriptors(directory, MOST_DESCRIPTORS);
  const types = new Set(names?.flatMap((name) => typeName(directory, name) ?? []));
  return names && { kind: 'list', items: [...types].sort().map(encode) };
}

function typeOf(directory: string, number: string): FieldValue | Absent {
  const type = typeName(directory, number);
  return type === undefined ? undefined : { kind: 'list', items: [encode(type)] };
}

/** Falco's fd.type of a descriptor, by its link in /proc; undefined if the descriptor does not exist. */
function typeName(directory: string, number: number | string): string | undefined {
  const target = linkOf(directory, number);
  if (target === undefined) return undefined;
  const [, kind = '', detail = ''] = /^(\w+):\[?([\w-]*)/.exec(target) ?? [];
  if (target.startsWith('/memfd:')) return 'memfd';
  if (kind === 'socket') return socketType(directory, detail);
  if (kind === 'pipe') return 'pipe';
  if (kind === 'anon_inode') return DESCRIPTOR_TYPE_NAMES[ANONYMOUS[detail] ?? ''] ?? '<NA>';
  const isDirectory = attempt(() => statSync(`${directory}/fd/${number}`).isDirectory());
  return isDirectory ? 'directory' : 'file';
}

/** fd.typechar by the name of an anonymous inode. */
const ANONYMOUS: Readonly<Record<string, string>> = {
  eventfd: 'e',
  eventpoll: 'l',
  signalfd: 's',
  timerfd: 't',
  inotify: 'i',
  'bpf-map': 'b',
  'bpf-prog': 'b',
  'bpf-link': 'b',
  bpf_link: 'b',
  io_uring: 'r',
  userfaultfd: 'u',
  pidfd: 'P',
};

function optional(value: string | undefined): FieldValue | Absent {
  return value === undefined ? undefined : text(value);
}

function optionalNumber(value: number | undefined): FieldValue | Absent {
  return value === undefined ? undefined : integer(value);
}

/** Number of a thread in its innermost pid namespace; undefined when it is gone. */
function innermostNumber(tid: number): number | undefined {
  const numbers = /^NSpid:\s*(.*)$/m.exec(readIfThere(`/proc/${tid}/status`) ?? '')?.[1];
  return numbers === undefined ? undefined : Number(numbers.split(/\s+/).at(-1));
}

function linkOf(directory: string, number: number | string): string | undefined {
  return attempt(() => readlinkSync(`${directory}/fd/${number}`));
}

function readIfThere(path: string): string | undefined {
  return attempt(() => readFileSync(path, 'latin1'));
}

/** A process may end at any moment; its files are gone then. */
function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
