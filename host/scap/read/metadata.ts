// The blocks before a savefile's events: machine, users, processes, descriptors.

import { IMAGE_FLAGS } from '../../schema/image.ts';
import { upToNul } from '../format/addresses.ts';
import { BLOCK, type Block } from '../format/blocks.ts';
import { Cursor } from '../format/cursor.ts';
import { ScapError } from '../format/error.ts';
import type { Accounts } from './accounts.ts';
import { type Descriptor, readListed } from './descriptor.ts';
import { MOST_THREADS, NO_ID, type ProcessFacts, UNKNOWN_FACTS } from './process.ts';

export interface Machine {
  readonly hostname: string;
  /** ns since the epoch; 0: not known. */
  readonly bootTime: bigint;
}

const OLD_MACHINE = 0x8002abcd;

export function isMachine(type: number): boolean {
  return type === BLOCK.MACHINE || type === OLD_MACHINE;
}

/** @throws {ScapError} */
export function readMachine(body: Uint8Array): Machine {
  const cursor = new Cursor(body);
  cursor.bytes(20);
  const hostname = Buffer.from(upToNul(cursor.bytes(128))).toString('utf8');
  return { hostname, bootTime: cursor.u64() };
}

const USER = 0;
const GROUP = 1;
const OLD_USERS: ReadonlySet<number> = new Set([0x206, 0x8012abcd]);

export function isAccountList(type: number): boolean {
  return type === BLOCK.USERS || OLD_USERS.has(type);
}

/** Adds the users and groups of a list. @throws {ScapError} */
export function readAccounts({ type, body }: Block, accounts: Accounts): void {
  const list = new Cursor(body);
  while (list.left >= 4) {
    const entry = OLD_USERS.has(type) ? list : list.entry();
    const kind = entry.u8();
    if (kind === USER) {
      const uid = entry.u32();
      entry.u32();
      accounts.addUser(uid, { name: entry.text(), home: entry.text(), shell: entry.text() });
    } else if (kind === GROUP) {
      accounts.addGroup(entry.u32(), entry.text());
    } else if (OLD_USERS.has(type)) {
      return;
    }
  }
}

/** A thread of a list. */
export interface ListedThread {
  readonly tid: number;
  readonly pid: number;
  readonly ppid: number;
  readonly vtid: number;
  readonly facts: ProcessFacts;
}

/** Which version of the list a block has; undefined: it is not a list of processes. */
export function processListVersion(type: number): number | undefined {
  return PROCESS_LISTS.get(type);
}

const PROCESS_LISTS: ReadonlyMap<number, number> = new Map([
  [0x8000abcd, 1],
  [0x8013abcd, 2],
  [0x8014abcd, 3],
  [0x202, 1],
  [0x207, 2],
  [0x209, 3],
  [0x210, 4],
  [0x211, 5],
  [0x212, 6],
  [0x213, 7],
  [0x214, 8],
  [0x215, 9],
]);

/** @throws {ScapError} */
export function readThreads(body: Uint8Array, version: number): ListedThread[] {
  const list = new Cursor(body);
  const threads: ListedThread[] = [];
  while (list.left >= 4) {
    threads.push(readThread(version >= 9 ? list.entry() : list, version));
    if (threads.length > MOST_THREADS)
      throw new ScapError('SCAP_THREADS', `a list has more than ${MOST_THREADS} threads`);
  }
  return threads;
}

/** Bytes of the tail below which it is one of libs before 0.10: the namespace's start and the terminal were missing. */
const SHORT_TAIL = 29;

function readThread(entry: Cursor, version: number): ListedThread {
  const [tid, pid, ppid] = [entry.id(), entry.id(), entry.id()];
  const sid = version >= 6 ? entry.id() : 0;
  const vpgid = version >= 8 ? entry.id() : 0;
  const comm = entry.text();
  const exe = entry.text();
  const exepath = withoutDeleted(version >= 7 ? entry.text() : exe);
  const args = ended(entry.text());
  const cwd = entry.text();
  const fdLimit = BigInt.asUintN(64, entry.s64());
  entry.u32(); // flags
  const [uid, gid] = [entry.u32(), entry.u32()];
  const counts = version >= 2 ? [entry.u32(), entry.u32(), entry.u32()] : [];
  const [size = 0, rss = 0, swap = 0] = counts;
  const faults = version >= 2 ? { major: entry.u64(), minor: entry.u64() } : UNKNOWN_FACTS.faults;
  const environment = version >= 3 ? ended(entry.text()) : UNKNOWN_FACTS.environment;
  const [vtid, vpid] = version >= 4 ? [entry.id(), entry.id()] : [tid, pid];
  const cgroups = version >= 4 ? entry.text() : UNKNOWN_FACTS.cgroups;
  const root = version >= 5 ? entry.text() : UNKNOWN_FACTS.root;
  const listed = { comm, exe, exepath, args, cwd, fdLimit, uid, gid, environment, vpid, cgroups, root, faults };
  const tail = version >= 9 ? readTail(entry) : {};
  const facts = { ...UNKNOWN_FACTS, ...listed, sid, vpgid, pgid: vpgid, memory: { size, rss, swap }, ...tail };
  return { tid, pid, ppid, vtid, facts };
}

function readTail(entry: Cursor): Partial<ProcessFacts> {
  const isShort = entry.left <= SHORT_TAIL;
  const u64 = () => (entry.left >= 8 ? entry.u64() : 0n);
  const u32 = (missing: number) => (entry.left >= 4 ? entry.u32() : missing);
  const flag = (value: number) => (entry.left >= 1 && entry.u8() !== 0 ? value : 0);
  const pidnsStart = isShort ? 0n : u64();
  const tty = isShort ? 0 : u32(0);
  const loginUid = u32(NO_ID);
  let flags = flag(IMAGE_FLAGS.EXE_WRITABLE);
  const capabilities = { inheritable: u64(), permitted: u64(), effective: u64() };
  flags |= flag(IMAGE_FLAGS.EXE_UPPER_LAYER);
  const [exeInode, exeCtime, exeMtime] = [u64(), u64(), u64()];
  flags |= flag(IMAGE_FLAGS.EXE_FROM_MEMFD) | flag(IMAGE_FLAGS.EXE_LOWER_LAYER);
  const groups = entry.left >= 8 ? { pgid: entry.id() } : {};
  return { pidnsStart, tty, loginUid, flags, capabilities, exeInode, exeCtime, exeMtime, ...groups };
}

const DELETED = Buffer.from(' (deleted)');

export function withoutDeleted(path: Uint8Array): Uint8Array {
  const end = path.length - DELETED.length;
  return end >= 0 && DELETED.equals(path.subarray(end)) ? path.subarray(0, end) : path;
}

function ended(texts: Uint8Array): Uint8Array {
  return texts.length === 0 || texts[texts.length - 1] === 0 ? texts : Buffer.concat([texts, Buffer.of(0)]);
}

export interface ListedDescriptors {
  readonly tid: number;
  readonly descriptors: readonly { readonly number: number; readonly descriptor: Descriptor }[];
}

/** Descriptors of a process: the kernel's own limit. */
const MOST_DESCRIPTORS = 1 << 20;

const OLD_DESCRIPTORS: ReadonlySet<number> = new Set([0x203, 0x8001abcd]);

export function isDescriptorList(type: number): boolean {
  return type === 0x218 || OLD_DESCRIPTORS.has(type);
}

/** @throws {ScapError} */
export function readDescriptors({ type, body }: Block): ListedDescriptors {
  const list = new Cursor(body);
  const tid = list.id();
  const descriptors: ListedDescriptors['descriptors'][number][] = [];
  while (list.left >= 4) {
    descriptors.push(readListed(OLD_DESCRIPTORS.has(type) ? list : list.entry()));
    if (descriptors.length > MOST_DESCRIPTORS) {
      throw new ScapError('SCAP_ENTRY', `a process has more than ${MOST_DESCRIPTORS} descriptors`);
    }
  }
  return { tid, descriptors };
}
