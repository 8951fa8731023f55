// Reads a savefile as a recording: events become records, processes images. What Falco 0.40 and later write, and older files as far as their
// events have the same names. The file is not trusted.

import type { ContainerNotice } from '../../capture/native.ts';
import { encodeContainer } from '../../metadata/encode-container.ts';
import type { RecordingEnd, RecordingFacts } from '../../recording/format.ts';
import type { Payload, RecordedEntry } from '../../recording/payload.ts';
import type { Damage, RecordingSource } from '../../recording/source.ts';
import { joined } from '../format/addresses.ts';
import { BLOCK, type Block, BlockReader, isEvent, viewOf } from '../format/blocks.ts';
import type { ByteStream } from '../format/byte-stream.ts';
import { ScapError } from '../format/error.ts';
import { Accounts } from './accounts.ts';
import { Containers } from './containers.ts';
import { EventVersions, type ScapEvent } from './event.ts';
import { Images } from './images.ts';
import {
  isAccountList,
  isDescriptorList,
  isMachine,
  type Machine,
  processListVersion,
  readAccounts,
  readDescriptors,
  readMachine,
  readThreads,
} from './metadata.ts';
import { ProcessTable } from './process-table.ts';
import { readRawEvent, timeOf } from './raw-event.ts';
import { isRead, READ_TYPES, recordOf } from './records.ts';
import { State } from './state.ts';
import { mergeViews } from './views.ts';

const BYTE_ORDER = 0x1a2b3c4d;
const SWAPPED = 0x4d3c2b1a;
const MAJOR = 1;

/** Bytes of records and images that are injected together. */
const PAYLOAD_BYTES = 1 << 18;
/** Invalid events that are skipped before the reader gives up. */
const MOST_DAMAGE = 1000;

export class ScapReader implements RecordingSource {
  readonly facts: RecordingFacts;
  readonly #blocks: BlockReader;
  readonly #accounts = new Accounts();
  readonly #damage: Damage[] = [];
  readonly #versions = new EventVersions();
  readonly #table: ProcessTable;
  readonly #state: State;
  readonly #images: Images;
  readonly #containers = new Containers();
  #first: Block | undefined;
  #machine: Machine = { hostname: '', bootTime: 0n };
  readonly #records: Uint8Array[] = [];
  #recordBytes = 0;
  /** Further views that the last record has. */
  #merged = 0;
  #events = 0;
  #sequence = 0;
  /** Time of the latest event of this savefile. */
  #time: bigint | undefined;
  /** Goes on with the time of events, and never back: another savefile may be of an earlier time. */
  #clock = CLOCK_START;
  #inHead = false;
  /** The next record is the first one of its savefile. */
  #isFirst = true;
  #position = 0;
  #end: RecordingEnd | undefined;

  /** Reads everything before the first event. @throws {ScapError} when it is not a savefile, or is damaged before its first event */
  constructor(stream: ByteStream) {
    this.#blocks = new BlockReader(stream, isList);
    this.#table = new ProcessTable((process) => this.#images.end(process, this.#time ?? 0n));
    this.#state = new State(this.#table);
    this.#images = new Images(this.#table, this.#accounts, (container) => this.#containers.seen(container));
    readSection(this.#blocks.next());
    this.#first = this.#readMetadata();
    const started = timeOf(this.#first);
    const { users, groups } = this.#accounts;
    this.facts = {
      hostname: this.#machine.hostname,
      started,
      kernel: '',
      eventTypes: READ_TYPES.map(({ name }) => name),
      users: new Map([...users].map(([uid, { name }]) => [uid, name])),
      groups,
    };
  }

  get damage(): readonly Damage[] {
    return this.#damage;
  }

  get end(): RecordingEnd | undefined {
    return this.#end;
  }

  get events(): number {
    return this.#events;
  }

  /** Events of other types are part of the state alone, or nothing that rules can read. */
  get leftOut(): number {
    return 0;
  }

  *payloads(): Generator<Payload> {
    let block: Block | undefined = this.#first;
    this.#first = undefined;
    while (block) {
      const { at } = block;
      let failed: ScapError | undefined;
      try {
        this.#take(block);
      } catch (error) {
        if (!(error instanceof ScapError)) throw error;
        failed = error;
      }
      // Another view of the last event may follow.
      if (this.#recordBytes + this.#images.bytes >= PAYLOAD_BYTES)
        yield this.#payload(this.#records.splice(0, this.#records.length - 1));
      const next = this.#nextBlock();
      if (failed) {
        const resumed =
          this.#damage.length < MOST_DAMAGE && next instanceof Object && 'at' in next ? next.at : undefined;
        this.#damage.push(damageOf(at, failed, resumed));
        if (resumed === undefined && this.#damage.length >= MOST_DAMAGE) break;
      }
      if (next instanceof ScapError) {
        this.#damage.push(damageOf(this.#position, next, undefined));
        break;
      }
      block = next;
    }
    if (this.#records.length > 0) yield this.#payload(this.#records.splice(0));
    const seconds = Number(this.#clock - CLOCK_START) / 1e9;
    if (!this.#damage.some(({ resumed }) => resumed === undefined))
      this.#end = { events: this.#events, dropped: 0, seconds };
  }

  #nextBlock(): Block | ScapError | undefined {
    try {
      const block = this.#blocks.next();
      if (block) this.#position = block.at + block.body.length;
      return block;
    } catch (error) {
      if (error instanceof ScapError) return error;
      throw error;
    }
  }

  /** Up to the first event, which is returned. */
  #readMetadata(): Block {
    for (let block = this.#blocks.next(); block; block = this.#blocks.next()) {
      if (isEvent(block.type)) {
        // The shortest event has a header.
        if (block.body.length < 24) throw new ScapError('SCAP_EVENT', 'an event is shorter than its header');
        this.#table.endLists();
        // Valid after the next block is read.
        return block;
      }
      this.#readList(block);
    }
    throw new ScapError('SCAP_NO_EVENTS', 'it has no events');
  }

  #readList(block: Block): void {
    const version = processListVersion(block.type);
    if (version !== undefined) this.#table.list(readThreads(block.body, version));
    else if (isDescriptorList(block.type)) this.#table.listDescriptors(readDescriptors(block));
    else if (isMachine(block.type)) this.#machine = readMachine(block.body);
    else if (isAccountList(block.type)) readAccounts(block, this.#accounts);
  }

  #take(block: Block): void {
    if (block.type === BLOCK.SECTION) {
      // Another savefile follows.
      readSection(block);
      this.#table.clear();
      this.#inHead = true;
      this.#isFirst = true;
      this.#time = undefined;
      this.#clock += BETWEEN_FILES;
      return;
    }
    if (!isEvent(block.type)) {
      if (!this.#inHead) throw new ScapError('SCAP_BLOCK', `a block of type ${block.type} lies between events`);
      this.#readList(block);
      return;
    }
    if (this.#inHead) this.#table.endLists();
    this.#inHead = false;
    this.#sequence++;
    const raw = readRawEvent(block);
    const event = this.#versions.next(raw);
    this.#advance(raw.time);
    if (!event || this.#takeMeta(event)) return;
    const outcome = this.#state.apply(event);
    if (raw.stateOnly || !isRead(event)) return;
    const image = this.#images.of(outcome.process, raw.time);
    const record = recordOf(event, outcome, { image, sequence: this.#sequence });
    if (!record) return;
    const previous = this.#isFirst ? undefined : this.#records.at(-1);
    this.#isFirst = false;
    const merged = previous && mergeViews(previous, record, this.#merged);
    this.#merged = merged ? this.#merged + 1 : 0;
    if (merged) {
      this.#records[this.#records.length - 1] = merged;
      this.#recordBytes += merged.length - previous.length;
      return;
    }
    this.#records.push(record);
    this.#recordBytes += record.length;
    this.#events++;
  }

  #advance(time: bigint): void {
    const before = this.#time ?? time;
    if (time < before) return;
    // A time in a hostile file may be any number.
    this.#clock = BigInt.asUintN(62, this.#clock + (time - before));
    this.#time = time;
  }

  /** Users, groups, containers. */
  #takeMeta(event: ScapEvent): boolean {
    switch (event.name) {
      case 'useradded':
        if (event.firstText('container_id').length === 0) {
          const [name, home, shell] = [event.firstText('name'), event.firstText('home'), event.firstText('shell')];
          this.#accounts.addUser(event.number('uid') ?? 0, { name, home, shell });
        }
        return true;
      case 'groupadded':
        if (event.firstText('container_id').length === 0) {
          this.#accounts.addGroup(event.number('gid') ?? 0, event.firstText('name'));
        }
        return true;
      case 'userdeleted':
      case 'groupdeleted':
        return true;
      case 'asyncevent':
        if (Buffer.from(event.firstText('name')).toString() === 'container')
          this.#containers.add(event.firstText('data'));
        return true;
      case 'container':
        this.#containers.add(event.firstText('json'));
        return true;
      default:
        return event.raw.tid === 0;
    }
  }

  #payload(records: readonly Uint8Array[]): Payload {
    const entries: RecordedEntry[] = [{ kind: 'step', clock: this.#clock, snapshotComplete: false }];
    const log = this.#images.take();
    if (log.length > 0) entries.push({ kind: 'images', log });
    for (const { container, metadata } of this.#containers.take()) {
      const { type, fullId } = container;
      const notice: ContainerNotice = { id: shortId(fullId), fullId, type, address: 0, cgroup: '', pid: 0 };
      entries.push({ kind: 'container', id: fullId, entry: encodeContainer(notice, metadata) });
    }
    const count = records.length;
    if (count > 0) entries.push({ kind: 'events', records: joined(records), count });
    this.#recordBytes = this.#records.reduce((sum, { length }) => sum + length, 0);
    return { entries, events: count, leftOut: 0 };
  }
}

/** Blocks that readList() reads. */
function isList(type: number): boolean {
  return processListVersion(type) !== undefined || [isDescriptorList, isMachine, isAccountList].some((is) => is(type));
}

function readSection(block: Block | undefined): void {
  if (!block) throw new ScapError('SCAP_NONE', 'it is empty');
  if (block.type !== BLOCK.SECTION || block.body.length < 16) throw new ScapError('SCAP_NONE', 'it is not a savefile');
  const view = viewOf(block.body);
  const order = view.getUint32(0, true);
  if (order === SWAPPED) throw new ScapError('SCAP_OTHER_VERSION', 'it was written on a big-endian machine');
  if (order !== BYTE_ORDER) throw new ScapError('SCAP_NONE', 'it is not a savefile: its magic number is wrong');
  const major = view.getUint16(4, true);
  if (major > MAJOR) throw new ScapError('SCAP_OTHER_VERSION', `it has version ${major} of the format`);
}

/** Long enough for what the file before has left. */
const BETWEEN_FILES = 10_000_000_000n;

/** Not 0, which stands for an unknown clock. */
const CLOCK_START = 1_000_000_000n;

function shortId(fullId: string): string {
  return /^[0-9a-f]{64}$/.test(fullId) ? fullId.slice(0, 12) : fullId;
}

function damageOf(at: number, { code, message }: ScapError, resumed: number | undefined): Damage {
  return { at, reason: `${message} [${code}]`, resumed, eventsLost: resumed === undefined ? undefined : 1 };
}
