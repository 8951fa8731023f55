// Process images for the capture, made before the first event that needs them: of the process, its ancestors and the leaders of its session
// and group. Ancestors are the current ones, as in Falco: an image is made anew when one of them has run another program.

import { loadAddon } from '../../capture/addon.ts';
import { ENTRY_HEAD } from '../../recording/image-entries.ts';
import { isIpSocket } from '../../schema/descriptor-types.ts';
import { encodeStruct } from '../../schema/encode-struct.ts';
import { EVENT_STRUCTS } from '../../schema/event-structs.ts';
import { IMAGE, IMAGE_KIND, LONGEST_CHAIN } from '../../schema/image.ts';
import { defineStruct, member } from '../../schema/layout.ts';
import { joined } from '../format/addresses.ts';
import { viewOf } from '../format/blocks.ts';
import { LONGEST_TEXT } from '../format/calls.ts';
import type { Accounts } from './accounts.ts';
import type { Descriptor } from './descriptor.ts';
import { NO_ID, type Process, type ProcessFacts } from './process.ts';
import type { ProcessTable } from './process-table.ts';

/** A lifecycle record: the kernel's half. */
const RECORD = defineStruct(
  'image',
  IMAGE.doc,
  IMAGE.members.slice(
    0,
    IMAGE.members.findIndex(({ name }) => name === 'parent_address'),
  ),
);

export interface ContainerOfProcess {
  /** Empty: the cgroup does not show it. */
  readonly type: string;
  readonly fullId: string;
}

const HOST: ContainerOfProcess = { type: 'host', fullId: 'host' };
const NOT_KNOWN = '<NA>';
/** A comm of the kernel, without its NUL. */
const LONGEST_COMM = 15;

export class Images {
  readonly #table: ProcessTable;
  readonly #accounts: Accounts;
  readonly #onContainer: (container: ContainerOfProcess) => void;
  readonly #containers = new Map<string, ContainerOfProcess>();
  #log: Uint8Array[] = [];
  #bytes = 0;
  #last = 0n;

  constructor(table: ProcessTable, accounts: Accounts, onContainer: (container: ContainerOfProcess) => void) {
    this.#table = table;
    this.#accounts = accounts;
    this.#onContainer = onContainer;
  }

  /** Bytes of the entries that take() would return. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Entries of native/src/images/image_log.h. */
  take(): Uint8Array {
    const log = joined(this.#log);
    this.#log = [];
    this.#bytes = 0;
    return log;
  }

  /** The image of a process as it is now. */
  of(process: Process, time: bigint): bigint {
    const chain: Process[] = [];
    for (let one: Process | undefined = process; one && chain.length < LONGEST_CHAIN; one = one.parent) chain.push(one);
    for (const one of chain.reverse()) this.#refresh(one, time, one === process);
    return process.image;
  }

  /** A process has ended. */
  end(process: Process, time: bigint): void {
    const record = encodeStruct(RECORD, { kind: IMAGE_KIND.EXIT, id: process.image, pid: process.pid, time });
    this.#append(logEntry(record, []));
  }

  /** @param isUser whether events are about to name it; others need no more than the program that they run */
  #refresh(process: Process, time: bigint, isUser: boolean): void {
    const { parent, facts, imaged } = process;
    const isLinked = process.image !== 0n && process.linked === parent?.lineage;
    const isSame = isUser ? imaged === facts : imaged !== undefined && hasSameProgram(imaged, facts);
    if (isLinked && isSame) return;
    if (process.image !== 0n && !isLinked) process.lineage = {};
    for (const leader of [facts.sid, facts.pgid]) {
      const found = leader === process.pid ? undefined : this.#table.find(leader);
      if (found && found !== process && found.image === 0n && found.pid === leader) this.#write(found, time);
    }
    this.#write(process, time);
  }

  #write(process: Process, time: bigint): void {
    const { facts, parent } = process;
    const container = this.containerOf(facts.cgroups);
    process.image = ++this.#last;
    process.imaged = facts;
    process.linked = parent?.lineage;
    const parentImage = parent?.image ?? 0n;
    const record = encodeStruct(RECORD, {
      kind: IMAGE_KIND.FORK,
      id: process.image,
      parent: parentImage,
      time,
      start_time: facts.startTime,
      pidns_start_time: facts.pidnsStart,
      cap_inheritable: facts.capabilities.inheritable,
      cap_permitted: facts.capabilities.permitted,
      cap_effective: facts.capabilities.effective,
      exe_inode: facts.exeInode,
      exe_ctime: facts.exeCtime,
      exe_mtime: facts.exeMtime,
      fd_limit: facts.fdLimit,
      faults_major: facts.faults.major,
      faults_minor: facts.faults.minor,
      flags: facts.flags,
      pid: process.pid,
      // A process of which nothing else is known must not be found as the parent by its number.
      ppid: parentImage === 0n ? 0 : process.ppid,
      vpid: facts.vpid,
      pgid: facts.pgid,
      vpgid: facts.vpgid,
      sid: facts.sid,
      vsid: facts.sid,
      tty: facts.tty,
      uid: facts.uid,
      gid: facts.gid,
      login_uid: facts.loginUid,
      vm_size: facts.memory.size,
      vm_rss: facts.memory.rss,
      vm_swap: facts.memory.swap,
      comm_bytes: facts.comm.subarray(0, LONGEST_COMM),
      executable: cut(facts.exepath),
      argv: cut(joined([facts.exe, Uint8Array.of(0), facts.args])),
      environment: cut(facts.environment),
      cwd: cut(withoutSlash(facts.cwd)),
      cgroup: cut(shownCgroup(facts.cgroups)),
      stream: facts.stream && streamRecord(facts.stream),
    });
    this.#append(logEntry(record, this.#names(facts, container)));
    if (container !== HOST) this.#onContainer(container);
  }

  #append(entry: Uint8Array): void {
    this.#log.push(entry);
    this.#bytes += entry.length;
  }

  /** The container of a process, by the paths of its control groups. */
  containerOf(cgroups: Uint8Array): ContainerOfProcess {
    const key = Buffer.from(cgroups).toString('latin1');
    let found = this.#containers.get(key);
    if (!found) {
      found = findContainer(key);
      if (this.#containers.size > MOST_REMEMBERED) this.#containers.clear();
      this.#containers.set(key, found);
    }
    return found;
  }

  #names({ uid, gid, loginUid }: ProcessFacts, container: ContainerOfProcess): (string | undefined)[] {
    const isHost = container === HOST;
    const user = isHost ? this.#accounts.users.get(uid) : undefined;
    const known = user ?? (uid === 0 ? ROOT_USER : undefined);
    const login = loginUid === NO_ID ? undefined : this.#accounts.users.get(loginUid)?.name;
    const group = isHost ? this.#accounts.groups.get(gid) : undefined;
    return [
      known?.name ?? NOT_KNOWN,
      group ?? (gid === 0 ? 'root' : NOT_KNOWN),
      login ?? (loginUid === 0 ? 'root' : NOT_KNOWN),
      container.fullId,
      container.type,
      known?.home,
      known?.shell,
    ];
  }
}

const ROOT_USER = { name: 'root', home: '/root', shell: undefined };
/** Paths of cgroups whose container is remembered. */
const MOST_REMEMBERED = 4096;

/** What descendants show of a process. */
function hasSameProgram(before: ProcessFacts, now: ProcessFacts): boolean {
  return (
    before.comm === now.comm &&
    before.exe === now.exe &&
    before.args === now.args &&
    before.exepath === now.exepath &&
    before.environment === now.environment
  );
}

function cgroupPaths(cgroups: string): string[] {
  return cgroups
    .split('\0')
    .filter((one) => one.includes('='))
    .map((one) => one.slice(one.indexOf('=') + 1));
}

function findContainer(cgroups: string): ContainerOfProcess {
  for (const path of cgroupPaths(cgroups)) {
    const found = loadAddon().containerOf(path);
    if (found) return { type: found[0], fullId: found[1] };
  }
  return HOST;
}

/** One path: that of a container, else the first that is not the root. */
function shownCgroup(cgroups: Uint8Array): Uint8Array {
  const paths = cgroupPaths(Buffer.from(cgroups).toString('latin1'));
  const path = paths.find((one) => loadAddon().containerOf(one)) ?? paths.find((one) => one !== '/') ?? paths[0] ?? '';
  return Buffer.from(path, 'latin1');
}

function cut(text: Uint8Array): Uint8Array {
  return text.subarray(0, LONGEST_TEXT);
}

function withoutSlash(path: Uint8Array): Uint8Array {
  return path.length > 1 && path[path.length - 1] === 0x2f ? path.subarray(0, -1) : path;
}

const DESCRIBED = member(EVENT_STRUCTS.network, 'name').offset;

/** The descriptor as an image has it. */
function streamRecord(stream: Descriptor): Uint8Array {
  return encodeStruct(EVENT_STRUCTS.network, descriptorMembers(stream)).subarray(0, DESCRIBED);
}

/** The network socket that is standard input or output. */
export function streamOf({ descriptors }: Process): Descriptor | undefined {
  const streams = [descriptors.get(0), descriptors.get(1)];
  return streams.find((one) => one?.socket && isIpSocket(one.kind.charCodeAt(0)));
}

/** Members that all shapes with a descriptor have. */
export function descriptorMembers({ kind, device, inode, socket }: Descriptor) {
  return {
    kind: kind.charCodeAt(0),
    device,
    inode,
    ...(socket && {
      l4: socket.l4,
      role: socket.role,
      local_port: socket.local.port,
      remote_port: socket.remote.port,
      local_address: socket.local.address,
      remote_address: socket.remote.address,
    }),
  };
}

/** native/src/images/image_log.h: user, group, login, container, container type, home, shell. */
function logEntry(record: Uint8Array, names: readonly (string | undefined)[]): Uint8Array {
  const head = new Uint8Array(ENTRY_HEAD);
  const view = viewOf(head);
  view.setUint32(0, record.length, true);
  const texts = names.map((name) => Buffer.from(name ?? '').subarray(0, 0xffff));
  for (const [index, text] of texts.entries()) view.setUint16(4 + 2 * index, text.length, true);
  const isPresent = (index: number) => Number(names[index] !== undefined);
  view.setUint16(18, isPresent(5) | (isPresent(6) << 1), true);
  return joined([head, padded(record), padded(joined(texts))]);
}

function padded(bytes: Uint8Array): Uint8Array {
  return bytes.length % 8 === 0 ? bytes : joined([bytes, new Uint8Array(8 - (bytes.length % 8))]);
}
