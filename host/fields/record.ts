// Event records, process images and container entries, read by member name from the schema's layout.

import { CONTAINER, CONTAINER_STATE, POD_STATE } from '../schema/container.ts';
import { EVENT_FLAGS, EVENT_HEADER, EVENT_STRUCTS, type EventShape, MOST_VIEWS } from '../schema/event-structs.ts';
import { EVENT_TYPES, type EventType } from '../schema/events/index.ts';
import { IMAGE, LONGEST_CHAIN } from '../schema/image.ts';
import { type Member, type MemberName, member, type NumberType, type Struct } from '../schema/layout.ts';
import { bigOf, bytesOf, EventMemory, type MemberValue } from './memory.ts';
import { decode } from './value.ts';

const TYPE_OFFSET = member(EVENT_HEADER, 'type').offset;
const EVENT_TYPE_BY_NUMBER: ReadonlyMap<number, EventType> = new Map(EVENT_TYPES.map((type) => [type.number, type]));

const MEMBERS = new WeakMap<Struct, ReadonlyMap<string, Member>>();

function membersOf(struct: Struct): ReadonlyMap<string, Member> {
  const known = MEMBERS.get(struct);
  if (known) return known;
  const members = new Map(struct.members.map((entry) => [entry.name, entry]));
  MEMBERS.set(struct, members);
  return members;
}

type SmallNumber<Of extends Struct> = MemberName<Of, Exclude<NumberType, 'u64' | 'i64'>>;
type BytesName<Of extends Struct> = MemberName<Of, 'string' | 'address' | 'comm'>;

/** Of whatever shape. */
type EventStruct = (typeof EVENT_STRUCTS)[EventShape];

export type EventBytes = BytesName<EventStruct>;
export type ImageBytes = BytesName<typeof IMAGE>;
export type ContainerBytes = BytesName<typeof CONTAINER>;

/**
 * A struct of the schema at an address. `Of`: its type, or those that it may have. Members that this one lacks are absent; a name that none of them
 * has fails the type check.
 */
export class StructRecord<Of extends Struct> {
  readonly memory: EventMemory;
  readonly address: number;
  readonly #members: ReadonlyMap<string, Member>;

  constructor(memory: EventMemory, address: number, struct: Of) {
    this.memory = memory;
    this.address = address;
    this.#members = membersOf(struct);
  }

  has(name: MemberName<Of>): boolean {
    return this.#members.has(name);
  }

  value(name: MemberName<Of>, index = 0): MemberValue {
    return this.described(name, index);
  }

  /** A member of up to 32 bits; 0 if missing. */
  number(name: SmallNumber<Of>): number {
    const value = this.described(name);
    return typeof value === 'number' ? value : 0;
  }

  /** Any numeric member; 0 if missing. */
  big(name: MemberName<Of, NumberType>, index = 0): bigint {
    return bigOf(this.described(name, index));
  }

  /** A string, address or comm; undefined when absent. */
  bytes(name: BytesName<Of>): Uint8Array | undefined {
    return bytesOf(this.described(name));
  }

  /** A member that the schema's data names: a derivation, a parameter. Code names members itself through the other methods, which check the names. */
  described(name: string, index = 0): MemberValue {
    const found = this.#members.get(name);
    return found && index < (found.count ?? 1) ? this.memory.member(this.address, found, index) : undefined;
  }
}

export class ContainerRecord extends StructRecord<typeof CONTAINER> {
  constructor(memory: EventMemory, address: number) {
    super(memory, address, CONTAINER);
  }

  static at(memory: EventMemory, address: number): ContainerRecord | undefined {
    return memory.holds(address, CONTAINER.size) ? new ContainerRecord(memory, address) : undefined;
  }

  /** @param entry with its strings, as encodeContainer() makes it */
  static of(entry: Uint8Array): ContainerRecord {
    return new ContainerRecord(new EventMemory(entry.buffer, entry.byteOffset, entry.byteLength), 0);
  }

  get isHost(): boolean {
    return this.number('state') === CONTAINER_STATE.HOST;
  }

  /**
   * Whether the container itself was given that label; a label of its image does not count. Undefined if it has the label and its origin is unknown,
   * as in recordings of earlier versions.
   */
  hasOwnLabel(key: string, value: string): boolean | undefined {
    const isIn = (labels: Uint8Array): boolean => decode(labels).split('\0').includes(`${key}=${value}`);
    const own = this.bytes('own_labels');
    if (own) return isIn(own);
    return isIn(this.bytes('labels') ?? new Uint8Array()) ? undefined : false;
  }

  /** In doubt it has it: such labels protect a container. */
  mayHaveOwnLabel(key: string, value: string): boolean {
    return this.hasOwnLabel(key, value) ?? true;
  }

  get isPending(): boolean {
    return this.number('state') === CONTAINER_STATE.PENDING;
  }

  /** The API server has not answered yet about its pod. */
  get isPodPending(): boolean {
    return this.number('pod_state') === POD_STATE.PENDING;
  }

  get isFailed(): boolean {
    return this.number('state') === CONTAINER_STATE.FAILED;
  }

  get isPodFailed(): boolean {
    return this.number('pod_state') === POD_STATE.FAILED;
  }
}

export class ImageRecord extends StructRecord<typeof IMAGE> {
  constructor(memory: EventMemory, address: number) {
    super(memory, address, IMAGE);
  }

  static at(memory: EventMemory, address: number): ImageRecord | undefined {
    return memory.holds(address, IMAGE.size) ? new ImageRecord(memory, address) : undefined;
  }

  get parent(): ImageRecord | undefined {
    return this.#linked('parent_address');
  }

  get sessionLeader(): ImageRecord | undefined {
    return this.#linked('session_address');
  }

  get groupLeader(): ImageRecord | undefined {
    return this.#linked('group_leader_address');
  }

  get container(): ContainerRecord | undefined {
    return ContainerRecord.at(this.memory, this.number('container_address'));
  }

  /** The n-th ancestor, however far up; 0 is the process itself. */
  ancestor(generations: number): ImageRecord | undefined {
    if (generations < 0) return undefined;
    let image: ImageRecord | undefined = this;
    for (let step = 0; step < generations && image; step++) image = image.parent;
    return image;
  }

  /** Parents, nearest first. */
  *ancestors(): Generator<ImageRecord> {
    let image = this.parent;
    for (let step = 0; step < LONGEST_CHAIN && image; step++) {
      yield image;
      image = image.parent;
    }
  }

  #linked(name: SmallNumber<typeof IMAGE>): ImageRecord | undefined {
    return ImageRecord.at(this.memory, this.number(name));
  }
}

export class EventRecord extends StructRecord<EventStruct> {
  readonly type: EventType;

  private constructor(memory: EventMemory, address: number, type: EventType) {
    super(memory, address, EVENT_STRUCTS[type.shape]);
    this.type = type;
  }

  /** The record at `address`; undefined if its type is unknown, or it is not within the memory. */
  static at(memory: EventMemory, address: number): EventRecord | undefined {
    if (!memory.holds(address, EVENT_HEADER.size)) return undefined;
    const type = EVENT_TYPE_BY_NUMBER.get(memory.u16(address + TYPE_OFFSET));
    if (!type || !memory.holds(address, EVENT_STRUCTS[type.shape].size)) return undefined;
    return new EventRecord(memory, address, type);
  }

  get image(): ImageRecord | undefined {
    return ImageRecord.at(this.memory, this.number('image_address'));
  }

  /** The view of the event by the names that were passed: this one, unless it is a further view. */
  get passedView(): EventRecord {
    let view: EventRecord = this;
    for (let hop = 0; hop < MOST_VIEWS && view.isFurtherView; hop++) view = view.#otherView ?? this;
    return view;
  }

  /** The view by the resolved names, if there are two views. */
  get resolvedView(): EventRecord {
    return (!this.isFurtherView && this.#otherView) || this;
  }

  /** The resolved names differ from those passed, or the file has another path: there is a view of the call for each. */
  get hasTwoNames(): boolean {
    const { passedView } = this;
    const second = passedView.#otherView;
    return second !== undefined && (second.type === passedView.type || second.#hasNext);
  }

  /** One for another name of the call's file, made when the event is completed. */
  get isFurtherView(): boolean {
    return (this.number('flags') & EVENT_FLAGS.RESOLVED_VIEW) !== 0;
  }

  get #hasNext(): boolean {
    return (this.number('flags') & EVENT_FLAGS.TWO_VIEWS) !== 0;
  }

  /** The next view; of the last one, the first. */
  get #otherView(): EventRecord | undefined {
    const has = this.isFurtherView || this.#hasNext;
    return has ? EventRecord.at(this.memory, this.number('other_view')) : undefined;
  }

  /** Return value of the syscall. */
  get result(): bigint {
    return this.big('result');
  }

  /** ns since the epoch. */
  get time(): bigint {
    return this.big('time');
  }
}
