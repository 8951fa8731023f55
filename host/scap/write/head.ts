// What a savefile begins with: section header, machine, interfaces, users, processes, descriptors.

import { DESCRIPTOR_ROLE } from '../../schema/event-structs.ts';
import { IMAGE_FLAGS } from '../../schema/image.ts';
import { joined } from '../format/addresses.ts';
import { BLOCK, encodeBlock, viewOf } from '../format/blocks.ts';
import { libsProtocol } from '../format/numbers.ts';
import type { ProcessImage } from './process-image.ts';
import type { UsedDescriptor } from './used-descriptor.ts';

/** Longest texts of a process: its arguments, environment and cgroups; its names and paths. */
export const LONGEST_LIST = 4096;
const LONGEST_PATH = 1023;
const LONGEST_NAME = 255;
const HOSTNAME_BYTES = 128;

export interface SavedMachine {
  readonly hostname: string;
}

export interface SavedUser {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
  readonly home: string;
  readonly shell: string;
}

export function sectionBlock(): Uint8Array {
  const body = new Uint8Array(16);
  const view = viewOf(body);
  view.setUint32(0, 0x1a2b3c4d, true);
  view.setUint16(4, 1, true);
  view.setUint16(6, 2, true);
  view.setBigUint64(8, 0xffffffffffffffffn, true);
  return encodeBlock(BLOCK.SECTION, body);
}

export function machineBlock({ hostname }: SavedMachine): Uint8Array {
  const body = new Uint8Array(180);
  viewOf(body).setUint32(0, 1, true);
  body.set(Buffer.from(hostname).subarray(0, HOSTNAME_BYTES - 1), 20);
  return encodeBlock(BLOCK.MACHINE, body);
}

/** The loopback interface, which every machine has; a recording knows of no others. */
export function interfacesBlock(): Uint8Array {
  const name = Buffer.from('lo');
  const body = new Writer()
    .u16(1)
    .u16(name.length)
    .bytes(Uint8Array.of(127, 0, 0, 1, 255, 0, 0, 0, 127, 255, 255, 255));
  const entry = body.u64(0n).bytes(name).take();
  return encodeBlock(BLOCK.INTERFACES, new Writer().u32(entry.length).bytes(entry).take());
}

export function usersBlock(users: Iterable<SavedUser>, groups: ReadonlyMap<number, string>): Uint8Array {
  const entries: Uint8Array[] = [];
  for (const { uid, gid, name, home, shell } of users) {
    const body = new Writer().u8(0).u32(uid).u32(gid);
    entries.push(entryOf(body.text(name, LONGEST_NAME).text(home, LONGEST_NAME).text(shell, LONGEST_NAME).take()));
  }
  for (const [gid, name] of groups) entries.push(entryOf(new Writer().u8(1).u32(gid).text(name, LONGEST_NAME).take()));
  return encodeBlock(BLOCK.USERS, joined(entries));
}

/** One block at least; several if one would have more than so many bytes. */
export function processesBlocks(images: readonly ProcessImage[], most = LONGEST_PROCESSES): Uint8Array[] {
  const lists: Uint8Array[][] = [[]];
  let bytes = 0;
  for (const image of images) {
    const entry = entryOf(processEntry(image));
    if (bytes + entry.length > most && bytes > 0) {
      lists.push([]);
      bytes = 0;
    }
    lists.at(-1)?.push(entry);
    bytes += entry.length;
  }
  return lists.map((entries) => encodeBlock(BLOCK.PROCESSES, joined(entries)));
}

/** Readers take longer lists than this, but not any. */
const LONGEST_PROCESSES = 16 << 20;

function processEntry(image: ProcessImage): Uint8Array {
  const writer = new Writer()
    .id(image.pid)
    .id(image.pid)
    .id(image.parent?.pid ?? 0)
    .id(image.sid)
    .id(image.vpgid);
  for (const text of [image.comm, image.exe, image.exepath]) writer.text(text, LONGEST_PATH);
  writer.text(image.args, LONGEST_LIST).text(image.cwd, LONGEST_PATH);
  writer.u64(image.fdLimit).u32(0).u32(image.uid).u32(image.gid);
  for (const size of image.memory) writer.u32(size);
  for (const count of image.faults) writer.u64(count);
  writer.text(image.environment, LONGEST_LIST).id(image.vpid).id(image.vpid);
  writer.text(image.cgroups, LONGEST_LIST).text('/', LONGEST_PATH);
  const flag = (bit: number) => ((image.flags & bit) === 0 ? 0 : 1);
  writer.u64(image.pidnsStart).u32(image.tty).u32(image.loginUid).u8(flag(IMAGE_FLAGS.EXE_WRITABLE));
  for (const set of image.capabilities) writer.u64(set);
  writer.u8(flag(IMAGE_FLAGS.EXE_UPPER_LAYER)).u64(image.exeInode).u64(image.exeCtime).u64(image.exeMtime);
  writer.u8(flag(IMAGE_FLAGS.EXE_FROM_MEMFD)).u8(flag(IMAGE_FLAGS.EXE_LOWER_LAYER)).id(image.pgid);
  return writer.take();
}

/** The descriptors of a process that a recording knows of at its beginning: its standard input, if that is a network socket. */
export function descriptorsBlock({ pid, stream }: ProcessImage): Uint8Array {
  const list = new Writer().id(pid);
  if (stream) list.bytes(entryOf(socketEntry(0, stream)));
  return encodeBlock(BLOCK.DESCRIPTORS, list.take());
}

function socketEntry(fd: number, { kind, l4, role, local, remote, inode }: UsedDescriptor): Uint8Array {
  const [source, destination] = role === DESCRIPTOR_ROLE.SERVER ? [remote, local] : [local, remote];
  const entry = new Writer()
    .id(fd)
    .u64(inode)
    .u8(kind === '4' ? 3 : 4)
    .bytes(source.address)
    .bytes(destination.address);
  return entry.u16(source.port).u16(destination.port).u8(libsProtocol(l4)).take();
}

/** With its length, which counts itself. */
function entryOf(bytes: Uint8Array): Uint8Array {
  return new Writer()
    .u32(bytes.length + 4)
    .bytes(bytes)
    .take();
}

/** Fields one after the other. */
class Writer {
  readonly #parts: Uint8Array[] = [];

  u8(value: number): this {
    return this.bytes(Uint8Array.of(value));
  }

  u16(value: number): this {
    return this.#number(2, BigInt(value));
  }

  u32(value: number): this {
    return this.#number(4, BigInt(value));
  }

  u64(value: bigint): this {
    return this.#number(8, value);
  }

  id(value: number): this {
    return this.#number(8, BigInt(value));
  }

  bytes(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    return this;
  }

  /** A text with its length before it, cut to so many bytes. */
  text(text: string | Uint8Array, most: number): this {
    const bytes = (typeof text === 'string' ? Buffer.from(text) : text).subarray(0, most);
    return this.u16(bytes.length).bytes(bytes);
  }

  take(): Uint8Array {
    return joined(this.#parts);
  }

  #number(size: number, value: bigint): this {
    const bytes = new Uint8Array(8);
    viewOf(bytes).setBigUint64(0, BigInt.asUintN(64, value), true);
    return this.bytes(bytes.subarray(0, size));
  }
}
