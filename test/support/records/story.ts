// Made recordings as stories: processes, named by their pids, that fork, run programs, write files, connect and end, a second after each other.

import { type CapturedAlert, noteBytes } from '../../../host/captures/notes/capture-notes.ts';
import type { State } from '../../../host/captures/state/state.ts';
import { BLOCK_KIND } from '../../../host/recording/format.ts';
import { PayloadBuilder } from '../../../host/recording/payload.ts';
import { CONTAINER, CONTAINER_STATE } from '../../../host/schema/container.ts';
import { encodeStruct, type StructInput } from '../../../host/schema/encode-struct.ts';
import { IMAGE_KIND, ROOT_PID_NAMESPACE } from '../../../host/schema/image.ts';
import { FACTS, logEntry, type Names, type WrittenBlock, writeBlocks } from './recordings.ts';
import { eventRecord, imageRecord } from './records.ts';

export const SECOND = 1_000_000_000n;
/** When a story begins: a file of the journal is made when its first block is complete, so that its first events are earlier than its start. */
const START = FACTS.started - 4n * SECOND;
/** Of the container that `container()` is about. */
export const CONTAINER_ID = '0123456789abcdef'.repeat(4);

export class Story {
  readonly #images: Uint8Array[] = [];
  readonly #events: Uint8Array[] = [];
  readonly #containers: { id: string; entry: Uint8Array }[] = [];
  readonly #ended: WrittenBlock[] = [];
  /** By pid: its image and what is kept from one to the next. */
  readonly #processes = new Map<number, { id: number; members: StructInput; names: Names }>();
  readonly #start: bigint;
  #ids = 0;
  #clock: bigint;

  /** @param start when it begins, in ns since the epoch */
  constructor(start = START) {
    this.#start = start;
    this.#clock = start;
  }

  /** Time goes on by a second with each step. */
  #now(): bigint {
    this.#clock += SECOND;
    return this.#clock;
  }

  get now(): bigint {
    return this.#clock;
  }

  /** Ran before the record. */
  snapshot(pid: number, ppid: number, words: string, members: StructInput = {}, names: Names = {}): this {
    const began = this.#start - 100n * SECOND + BigInt(pid);
    return this.#put(
      pid,
      { kind: IMAGE_KIND.SNAPSHOT, ppid, start_time: began, time: this.#start, ...program(words), ...members },
      names,
    );
  }

  fork(pid: number, parent: number, members: StructInput = {}, names: Names = {}): this {
    const time = this.#now();
    const from = this.#processes.get(parent);
    const own = {
      kind: IMAGE_KIND.FORK,
      previous: 0,
      ppid: parent,
      parent: from?.id ?? 0,
      start_time: time,
      time,
      vpid: pid,
    };
    return this.#put(pid, { ...from?.members, ...own, ...members }, { ...from?.names, ...names });
  }

  exec(pid: number, words: string | readonly string[], members: StructInput = {}, names: Names = {}): this {
    const before = this.#processes.get(pid);
    const own = { kind: IMAGE_KIND.EXEC, previous: before?.id ?? 0, time: this.#now() };
    return this.#put(
      pid,
      { ...before?.members, ...own, ...program(words), ...members },
      { ...before?.names, ...names },
    );
  }

  /** fork and exec */
  run(
    pid: number,
    parent: number,
    words: string | readonly string[],
    members: StructInput = {},
    names: Names = {},
  ): this {
    return this.fork(pid, parent).exec(pid, words, members, names);
  }

  change(pid: number, members: StructInput, names: Names = {}): this {
    const before = this.#processes.get(pid);
    const own = { kind: IMAGE_KIND.CHANGE, previous: before?.id ?? 0, time: this.#now() };
    return this.#put(pid, { ...before?.members, ...own, ...members }, { ...before?.names, ...names });
  }

  exit(pid: number, waitStatus = 0): this {
    const id = this.#processes.get(pid)?.id ?? 0;
    this.#images.push(
      logEntry(imageRecord({ kind: IMAGE_KIND.EXIT, id, pid, time: this.#now(), exit_code: waitStatus })),
    );
    return this;
  }

  container(name: string, members: StructInput = {}): this {
    const entry = encodeStruct(CONTAINER, {
      state: CONTAINER_STATE.KNOWN,
      id: CONTAINER_ID.slice(0, 12),
      name,
      ...members,
    });
    this.#containers.push({ id: CONTAINER_ID, entry });
    return this;
  }

  event(pid: number, type: string, members: StructInput): this {
    const image = this.#processes.get(pid)?.id ?? 0;
    this.#events.push(eventRecord(type, { image, time: this.#now(), result: 3, ...members }));
    return this;
  }

  wrote(pid: number, path: string, members: StructInput = {}): this {
    const file = { kind: 'f'.charCodeAt(0), file_mode: 0o100644, dirfd: -100, open_flags: 0o101, fd: 3 };
    return this.event(pid, 'openat', { ...file, raw: path, resolved: path, ...members });
  }

  connected(pid: number, address: readonly number[], port: number, members: StructInput = {}): this {
    const remote = new Uint8Array(16);
    remote.set(address);
    const ends = {
      kind: '4'.charCodeAt(0),
      l4: 6,
      role: 1,
      remote_address: remote,
      remote_port: port,
      local_port: 50_000,
    };
    return this.event(pid, 'connect', {
      ...ends,
      fd: 3,
      result: 0,
      passed_family: 2,
      passed_address: remote,
      passed_port: port,
      ...members,
    });
  }

  /** What follows is in a block of its own, as an agent writes one after the other. */
  endBlock(): this {
    this.#ended.push(this.#block);
    for (const list of [this.#images, this.#events, this.#containers]) list.length = 0;
    return this;
  }

  get bytes(): Buffer {
    return this.blocks.bytes;
  }

  /** The bytes, and where each block begins, the last one of a recording included. */
  get blocks(): { readonly bytes: Buffer; readonly starts: readonly number[] } {
    return writeBlocks([...this.#ended, this.#block]);
  }

  /** A capture that was made for that alert. */
  captured(alert: CapturedAlert, state?: State): Buffer {
    const terms = { scope: 'process_tree', beforeMs: 30_000, afterMs: 5_000 } as const;
    return writeBlocks([
      ...this.#ended,
      this.#block,
      { kind: BLOCK_KIND.ALERT, payload: noteBytes({ alert, terms }), events: 0 },
      ...(state ? [{ kind: BLOCK_KIND.STATE, payload: noteBytes(state), events: 0 }] : []),
    ]).bytes;
  }

  /** Images first, as they are in a recording, then containers, then events. */
  get #block(): WrittenBlock {
    const builder = new PayloadBuilder();
    builder.step(1_000_000_000n, true);
    builder.images(Buffer.concat(this.#images));
    for (const { id, entry } of this.#containers) builder.container(id, entry);
    if (this.#events.length > 0) builder.records(Buffer.concat(this.#events), () => this.#events.length);
    return { payload: builder.take(), events: this.#events.length };
  }

  #put(pid: number, members: StructInput, names: Names): this {
    const id = ++this.#ids;
    const all: StructInput = {
      vpid: pid,
      sid: pid,
      pid_namespace: ROOT_PID_NAMESPACE,
      login_uid: 0xffffffff,
      cwd: '/',
      cgroup: '/',
      ...members,
      pid,
      id,
    };
    this.#processes.set(pid, { id, members: all, names });
    this.#images.push(logEntry(imageRecord(all), names));
    return this;
  }
}

/** Words may be given apart where they have blanks. */
function program(words: string | readonly string[]): StructInput {
  const list = typeof words === 'string' ? words.split(' ') : words;
  const [path = ''] = list;
  const name = path.slice(path.lastIndexOf('/') + 1);
  return {
    executable: path.startsWith('/') ? path : `/usr/bin/${path}`,
    comm_bytes: name.slice(0, 15),
    argv: list.map((word) => `${word}\0`).join(''),
  };
}
