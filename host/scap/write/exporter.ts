// Writes a history of events and processes as a savefile.

import type { ContainerRecord, EventRecord, ImageBytes, ImageRecord } from '../../fields/record.ts';
import type { RecordingFacts } from '../../recording/format.ts';
import { joined } from '../format/addresses.ts';
import { containerEvent } from './containers.ts';
import { EventWriter } from './events.ts';
import {
  descriptorsBlock,
  interfacesBlock,
  machineBlock,
  processesBlocks,
  type SavedUser,
  sectionBlock,
  usersBlock,
} from './head.ts';
import { Lifetimes } from './lifetimes.ts';
import { type ProcessImage, ProcessImages } from './process-image.ts';
import { ReaderState } from './reader-state.ts';

/** An event of a recording. */
export interface ExportedEvent {
  readonly kind: 'event';
  readonly record: EventRecord;
}

/** Something that happened to a process; an exit has no image. */
export interface ExportedProcess {
  readonly kind: 'process';
  readonly change: 'snapshot' | 'fork' | 'exec' | 'change' | 'exit';
  readonly time: bigint;
  readonly pid: number;
  readonly id: bigint;
  readonly waitStatus: number;
  readonly isOfThread: boolean;
  readonly image: ImageRecord | undefined;
}

/** Containers are read before all else. */
export interface ExportedContainer {
  readonly kind: 'container';
}

export type ExportedItem = ExportedEvent | ExportedProcess | ExportedContainer;

export interface ExportedHead {
  readonly facts: RecordingFacts;
  /** `struct container`s that are known, each once. */
  readonly containers: readonly ContainerRecord[];
}

/** Bytes that are passed on together. */
const PART_BYTES = 1 << 18;
export class ScapExporter {
  readonly #head: ExportedHead;
  readonly #images = new ProcessImages();
  readonly #listed: ProcessImage[] = [];
  readonly #users = new Map<number, SavedUser>();
  readonly #state = new ReaderState((block) => this.#write(block));
  readonly #writer = new EventWriter(this.#state, (block) => this.#write(block));
  readonly #lifetimes = new Lifetimes((image, status, now) => this.#state.ended(image, status, now));
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #begun = false;
  events = 0;

  constructor(head: ExportedHead) {
    this.#head = head;
  }

  /** The bytes of the savefile, not packed. */
  *bytes(items: Iterable<ExportedItem>): Generator<Uint8Array> {
    for (const item of items) {
      if (item.kind === 'process') this.#process(item);
      else if (item.kind === 'event') this.#event(item.record);
      if (this.#bytes >= PART_BYTES) yield this.#take();
    }
    this.#begin(this.#head.facts.started);
    yield this.#take();
  }

  #event(record: EventRecord): void {
    const { time } = record;
    this.#begin(time);
    this.#lifetimes.advance(time);
    this.#writer.add(record, this.#images.of(record.image));
    this.events++;
  }

  #process({ change, image: record, pid, time, waitStatus, isOfThread }: ExportedProcess): void {
    if (change === 'exit') {
      if (!isOfThread) this.#lifetimes.end(pid, time, waitStatus);
      return;
    }
    const image = this.#images.of(record);
    if (!image || !record) return;
    this.#lifetimes.see(image);
    if (change === 'fork') this.#state.forked(image);
    this.#user(record);
    if (change === 'snapshot' && !this.#begun) this.#listed.push(image);
  }

  /** Users of containers have their own names. */
  #user(record: ImageRecord): void {
    if (record.container?.isHost !== true || this.#begun) return;
    const text = (member: ImageBytes) => Buffer.from(record.bytes(member) ?? new Uint8Array(0)).toString('utf8');
    const [uid, gid] = [record.number('uid'), record.number('gid')];
    if (text('user_name') === NOT_KNOWN) return;
    this.#users.set(uid, { uid, gid, name: text('user_name'), home: text('user_home'), shell: text('user_shell') });
  }

  #begin(time: bigint): void {
    if (this.#begun) return;
    this.#begun = true;
    const { facts, containers } = this.#head;
    const users = new Map(
      [...facts.users].map(([uid, name]): [number, SavedUser] => [uid, { uid, gid: uid, name, home: '', shell: '' }]),
    );
    for (const [uid, user] of this.#users) users.set(uid, user);
    const byPid = [...new Map(this.#listed.map((image) => [image.pid, image])).values()];
    for (const block of [
      sectionBlock(),
      machineBlock(facts),
      interfacesBlock(),
      usersBlock(users.values(), facts.groups),
      ...processesBlocks(byPid),
      ...byPid.map(descriptorsBlock),
    ]) {
      this.#write(block);
    }
    for (const image of parentsFirst(byPid)) this.#state.list(image);
    for (const container of containers) this.#write(containerEvent(container, time));
  }

  #write(block: Uint8Array): void {
    this.#parts.push(block);
    this.#bytes += block.length;
  }

  #take(): Uint8Array {
    const bytes = joined(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    return bytes;
  }
}

const NOT_KNOWN = '<NA>';

function parentsFirst(images: readonly ProcessImage[]): ProcessImage[] {
  const byId = new Set(images.map(({ id }) => id));
  const ordered = new Map<bigint, ProcessImage>();
  for (const image of images) {
    const chain: ProcessImage[] = [];
    for (let one: ProcessImage | undefined = image; one && !ordered.has(one.id); one = one.parent) chain.push(one);
    for (const one of chain.reverse()) if (byId.has(one.id)) ordered.set(one.id, one);
  }
  return [...ordered.values()];
}
