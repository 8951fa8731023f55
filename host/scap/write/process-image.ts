// A process image of a recording, as a savefile has it.

import { loadAddon } from '../../capture/addon.ts';
import type { ImageRecord } from '../../fields/record.ts';
import { DESCRIPTOR_ROLE } from '../../schema/event-structs.ts';
import { IMAGE_FLAGS, LONGEST_CHAIN } from '../../schema/image.ts';
import { type End, parseAddress } from '../format/addresses.ts';
import { EXECUTABLE_FLAGS, NOTHING, PROTOCOL } from '../format/calls.ts';
import type { Values } from './encode.ts';
import type { UsedDescriptor } from './used-descriptor.ts';

export interface ProcessImage {
  readonly id: bigint;
  readonly pid: number;
  /** Key of the process: the same for all its images, and for no other. */
  readonly process: string;
  /** ns since the epoch; 0: not known. */
  readonly startTime: bigint;
  readonly parent: ProcessImage | undefined;
  readonly ppid: number;
  readonly vpid: number;
  readonly comm: Uint8Array;
  readonly exe: Uint8Array;
  readonly exepath: Uint8Array;
  /** argv[1] and further, each with a NUL. */
  readonly args: Uint8Array;
  readonly environment: Uint8Array;
  readonly cwd: Uint8Array;
  readonly cgroups: Uint8Array;
  readonly uid: number;
  readonly gid: number;
  readonly loginUid: number;
  readonly tty: number;
  readonly sid: number;
  readonly pgid: number;
  readonly vpgid: number;
  readonly fdLimit: bigint;
  readonly capabilities: readonly [inheritable: bigint, permitted: bigint, effective: bigint];
  readonly flags: number;
  readonly exeInode: bigint;
  readonly exeCtime: bigint;
  readonly exeMtime: bigint;
  readonly pidnsStart: bigint;
  readonly memory: readonly [size: number, rss: number, swap: number];
  readonly faults: readonly [major: bigint, minor: bigint];
  /** The network socket that was its standard input or output when it ran its program. */
  readonly stream: UsedDescriptor | undefined;
  /** What execve sets: two images with the same text differ in nothing of it. */
  readonly program: string;
}

/** Cgroups of these have the same path, as in `thread.cgroup`. */
const SUBSYSTEMS = ['cpuset', 'cpu', 'cpuacct', 'blkio', 'memory'];
/** Bytes of the list of cgroups, with one line to spare, and of a name with what is around it. */
const LONGEST_CGROUPS = 3800;
const LONGEST_SUBSYSTEM = 10;
/** Images that are remembered: more than are alive at a time on most machines. */
const MOST_IMAGES = 1 << 16;

/** Images by their ids, so that each is read once. */
export class ProcessImages {
  readonly #byId = new Map<bigint, ProcessImage>();

  /** Undefined for the image of processes that are not known. */
  of(record: ImageRecord | undefined): ProcessImage | undefined {
    const chain: ImageRecord[] = [];
    let known: ProcessImage | undefined;
    for (let one = record; one && chain.length < LONGEST_CHAIN; one = one.parent) {
      if ((one.number('flags') & IMAGE_FLAGS.UNKNOWN) !== 0) break;
      known = this.#byId.get(one.big('id'));
      if (known) break;
      chain.push(one);
    }
    for (const one of chain.reverse()) {
      known = readImage(one, known);
      if (this.#byId.size >= MOST_IMAGES) this.#byId.clear();
      this.#byId.set(known.id, known);
    }
    return known;
  }
}

function readImage(record: ImageRecord, parent: ProcessImage | undefined): ProcessImage {
  const argv = record.bytes('argv') ?? NOTHING;
  const first = argv.indexOf(0);
  const pid = record.number('pid');
  const image = {
    id: record.big('id'),
    pid,
    process: `${pid} ${record.big('start_time')}`,
    startTime: record.big('start_time'),
    parent,
    ppid: parent?.pid ?? record.number('ppid'),
    vpid: record.number('vpid') || pid,
    comm: record.bytes('comm') ?? NOTHING,
    exe: record.bytes('argv0') ?? NOTHING,
    exepath: record.bytes('executable') ?? NOTHING,
    args: first < 0 ? NOTHING : argv.subarray(first + 1),
    environment: record.bytes('environment') ?? NOTHING,
    cwd: record.bytes('cwd_slash') ?? NOTHING,
    cgroups: cgroupsOf(record),
    uid: record.number('uid'),
    gid: record.number('gid'),
    loginUid: record.number('login_uid'),
    tty: record.number('tty'),
    sid: record.number('sid'),
    pgid: record.number('pgid'),
    vpgid: record.number('vpgid'),
    fdLimit: record.big('fd_limit'),
    capabilities: [record.big('cap_inheritable'), record.big('cap_permitted'), record.big('cap_effective')],
    flags: record.number('flags') & EXECUTABLE_FLAGS,
    exeInode: record.big('exe_inode'),
    exeCtime: record.big('exe_ctime'),
    exeMtime: record.big('exe_mtime'),
    pidnsStart: record.big('pidns_start_time'),
    memory: [record.number('vm_size'), record.number('vm_rss'), record.number('vm_swap')],
    faults: [record.big('faults_major'), record.big('faults_minor')],
    stream: streamOf(record.bytes('stream_name')),
  } as const;
  return { ...image, program: programKey(image) };
}

/**
 * `subsystem=path`, each with a NUL. A container that its path does not name, as of plain runc, is given in the form of LXC, which has
 * names for ids.
 */
function cgroupsOf(record: ImageRecord): Uint8Array {
  const path = Buffer.from(record.bytes('cgroup') ?? NOTHING).toString('latin1') || '/';
  // All of a list is lost if a line of it is cut off.
  const most = Math.max(Math.floor(LONGEST_CGROUPS / (path.length + LONGEST_SUBSYSTEM)), 1);
  const lines = SUBSYSTEMS.slice(-most).map((name) => `${name}=${path}\0`);
  const { container } = record;
  const id = Buffer.from(container?.bytes('full_id') ?? NOTHING).toString('latin1');
  const isNamed = container?.isHost !== false || id === '' || loadAddon().containerOf(path)?.[1] === id;
  return Buffer.from([...lines, ...(isNamed ? [] : [`wasprey=/lxc/${id}\0`])].join(''), 'latin1');
}

function programKey(image: Omit<ProcessImage, 'program'>): string {
  const texts = [image.comm, image.exe, image.exepath, image.args, image.environment, image.cgroups];
  const numbers = [image.tty, image.loginUid, image.pgid, image.vpgid, image.flags, image.exeInode];
  return `${numbers.join()} ${texts.map((text) => Buffer.from(text).toString('latin1')).join('\x01')}`;
}

/** The descriptor of `client:port->server:port`, as the image table has it. */
function streamOf(name: Uint8Array | undefined): UsedDescriptor | undefined {
  const [client, server] = Buffer.from(name ?? NOTHING)
    .toString('latin1')
    .split('->')
    .map(endOf);
  if (!client || !server) return undefined;
  const kind = client.address.length === 4 ? '4' : '6';
  return {
    kind,
    name: NOTHING,
    device: 0,
    inode: 0n,
    l4: PROTOCOL.TCP,
    role: DESCRIPTOR_ROLE.CLIENT,
    local: client,
    remote: server,
  };
}

function endOf(text: string): End | undefined {
  const colon = text.lastIndexOf(':');
  const address = parseAddress(text.slice(0, colon));
  return address && { address, port: Number(text.slice(colon + 1)) };
}

/** What execve and clone have in common. */
export function programValues(image: ProcessImage, tid: number): Values {
  const [size, rss, swap] = image.memory;
  const [major, minor] = image.faults;
  return {
    exe: image.exe,
    args: image.args,
    tid,
    pid: image.pid,
    ptid: image.parent?.pid ?? image.ppid,
    fdlimit: image.fdLimit,
    pgft_maj: major,
    pgft_min: minor,
    vm_size: size,
    vm_rss: rss,
    vm_swap: swap,
    comm: image.comm,
    cgroups: image.cgroups,
    uid: image.uid,
    gid: image.gid,
  };
}

/** The parameters of execve but its result and file name. */
export function execValues(image: ProcessImage, tid: number): Values {
  const [inheritable, permitted, effective] = image.capabilities;
  return {
    ...programValues(image, tid),
    env: image.environment,
    tty: image.tty,
    vpgid: image.vpgid,
    loginuid: image.loginUid,
    flags: image.flags,
    cap_inheritable: inheritable,
    cap_permitted: permitted,
    cap_effective: effective,
    exe_ino: image.exeInode,
    exe_ino_ctime: image.exeCtime,
    exe_ino_mtime: image.exeMtime,
    trusted_exepath: image.exepath,
    pgid: image.pgid,
  };
}
