// An event of a recording as one of a savefile, with what a reader has to know before it.

import { bigOf, bytesOf } from '../../fields/memory.ts';
import { type EventBytes, EventRecord } from '../../fields/record.ts';
import { DESCRIPTOR_ROLE, DESCRIPTOR_STATE, EVENT_FLAGS, MOST_VIEWS } from '../../schema/event-structs.ts';
import { callNames, callNumber } from '../../schema/events/call-numbers.ts';
import { encodeSocketAddress, encodeTuple, FAMILY } from '../format/addresses.ts';
import { viewOf } from '../format/blocks.ts';
import { EINPROGRESS, KERNEL_CLOEXEC, NOTHING, O_DIRECTORY } from '../format/calls.ts';
import { exitType, scapType } from '../format/event-table.ts';
import { MAPPINGS, type TypeMapping } from '../format/mapping.ts';
import { OPEN_FACT } from '../format/numbers.ts';
import { encodeEvent, type Value, type Values } from './encode.ts';
import type { KnownProcess } from './known-process.ts';
import { execValues, type ProcessImage, programValues } from './process-image.ts';
import type { ReaderState } from './reader-state.ts';
import { familyOf, fresh, tupleOf, type UsedDescriptor, usedDescriptor } from './used-descriptor.ts';

const SYSCALL = scapType(1);

export class EventWriter {
  readonly #state: ReaderState;
  readonly #write: (block: Uint8Array) => void;

  constructor(state: ReaderState, write: (block: Uint8Array) => void) {
    this.#state = state;
    this.#write = write;
  }

  /** @param image undefined: that of a process which is not known */
  add(record: EventRecord, image: ProcessImage | undefined): void {
    const passed = record.passedView;
    const { time, type, result } = passed;
    const isExec = type.shape === 'exec' && result >= 0n;
    const tid = isExec && image ? image.pid : passed.number('tid');
    const known = image && this.#state.bring(image, tid, time, isExec);
    if (known && image && isExec) this.#state.bringStreams(known, image, time);
    const isFork = passed.type.does === 'forks' && result > 0n;
    if (known && isFork) this.#state.announce(Number(result), known, time);
    for (const view of viewsInOrder(passed)) {
      if (known && (view === passed || type.shape === 'descriptor')) this.#before(view, known, tid);
      this.#event(view, view === passed ? undefined : view, tid, image);
    }
    if (!known || !image) return;
    if (isExec) this.#state.ran(known, image);
    this.#after(passed, known);
  }

  /** Descriptors that the call works on. */
  #before(record: EventRecord, known: KnownProcess, tid: number): void {
    const { time, type } = record;
    const state = this.#state;
    const bring = (fd: number, one: UsedDescriptor) => state.bringDescriptor(known, tid, fd, one, time);
    switch (type.shape) {
      case 'open':
        state.bringDirectory(known, tid, record.number('dirfd'), record.bytes('directory'), time);
        return;
      case 'path':
        state.bringDirectory(known, tid, record.number('dirfd'), record.bytes('directory'), time);
        return;
      case 'paths':
        state.bringDirectory(known, tid, record.number('old_dirfd'), record.bytes('old_directory'), time);
        state.bringDirectory(known, tid, record.number('new_dirfd'), record.bytes('new_directory'), time);
        return;
      case 'descriptor': {
        const one = usedDescriptor(record);
        if (!one) return;
        if (type.does === 'duplicates') bring(record.number('old_fd'), one);
        else if (type.usesFd) bring(record.number('fd'), one);
        return;
      }
      case 'network': {
        const one = usedDescriptor(record);
        if (!one || !type.usesFd) return;
        bring(record.number('fd'), beforeCall(record, one));
        return;
      }
      case 'exec':
      case 'process':
        return;
    }
  }

  /** What a reader has made of the event. */
  #after(record: EventRecord, known: KnownProcess): void {
    const { type, result } = record;
    const isDone = result >= 0n || (type.name === 'connect' && -result === EINPROGRESS);
    if (!isDone) return;
    // dup2 of a descriptor to itself changes nothing.
    if (type.does === 'duplicates' && record.number('old_fd') === Number(result)) return;
    if (type.createsFd) this.#state.made(known, Number(result), usedDescriptor(record), closesOnExec(record));
    else if (type.shape === 'network') this.#state.made(known, record.number('fd'), usedDescriptor(record));
  }

  /** @param names the view that has other names than the passed ones */
  #event(record: EventRecord, names: EventRecord | undefined, tid: number, image: ProcessImage | undefined): void {
    const { time, type } = record;
    const common = { time, tid, cpu: record.number('cpu'), stateOnly: false };
    const mapping = MAPPINGS.get(type.name);
    if (!mapping) {
      // The number of the call is all that a savefile has of it.
      const number = callNames().includes(type.name) ? callNumber(type.name, 'x86-64') : undefined;
      if (SYSCALL && number !== undefined) {
        this.#write(encodeEvent({ ...common, type: SYSCALL, values: { ID: 0, nativeID: number } }));
      }
      return;
    }
    const values = { ...valuesOf(record, mapping, tid, image), ...(names && namesOf(names, mapping)) };
    this.#write(encodeEvent({ ...common, type: exitType(type.name), values }));
  }
}

/** A call on an open file comes last with the file's own path, so that a reader has the descriptor with that one afterwards. */
function viewsInOrder(passed: EventRecord): EventRecord[] {
  const further = furtherViews(passed);
  return passed.type.shape === 'descriptor' ? [...further, passed] : [passed, ...further];
}

/** All views but the first. */
function furtherViews(passed: EventRecord): EventRecord[] {
  const views: EventRecord[] = [];
  let at = passed;
  for (let hop = 0; hop < MOST_VIEWS && (at.number('flags') & EVENT_FLAGS.TWO_VIEWS) !== 0; hop++) {
    const next = EventRecord.at(passed.memory, at.number('other_view'));
    if (!next) break;
    views.push(next);
    at = next;
  }
  return views;
}

/** What the socket was before a call that has changed it. */
function beforeCall({ type }: EventRecord, one: UsedDescriptor): UsedDescriptor {
  const isBound = one.role === DESCRIPTOR_ROLE.SERVER && one.local.port !== 0;
  if (type.name === 'listen') return one;
  if (type.name === 'bind' || type.name === 'connect' || !isBound) return fresh(one);
  return { ...fresh(one), role: DESCRIPTOR_ROLE.SERVER, local: one.local };
}

function closesOnExec(record: EventRecord): boolean {
  if (record.type.name === 'memfd_create') return (record.number('call_flags') & 1) !== 0;
  return ((record.number('open_flags') | record.number('call_flags')) & KERNEL_CLOEXEC) !== 0;
}

function valuesOf(
  record: EventRecord,
  { scap, parameters }: TypeMapping,
  tid: number,
  image: ProcessImage | undefined,
): Values {
  const { type, result } = record;
  const values: Record<string, Value> = { fd: record.number('fd') };
  for (const { parameter, member, index, kind, toLibs } of parameters) {
    if (kind === 'text') values[parameter] = bytesOf(record.described(member));
    else if (kind === 'number') values[parameter] = toLibs(bigOf(record.described(member, index)));
    else values[parameter] = dynamic(bigOf(record.described(member, index)));
  }
  values[scap.parameters[0]?.name ?? ''] = result;
  switch (type.shape) {
    case 'open':
      return { ...values, ...openValues(record, values) };
    case 'exec':
      return { ...values, ...(image && execValues(image, tid)) };
    case 'network':
      return { ...values, ...networkValues(record) };
    case 'process':
      return type.does === 'forks' && image ? { ...values, ...programValues(image, tid), vpid: image.vpid } : values;
    case 'descriptor':
    case 'path':
    case 'paths':
      return values;
  }
}

/** The kind of a value, then the value. */
function dynamic(value: bigint): Uint8Array {
  const bytes = new Uint8Array(9);
  viewOf(bytes).setBigUint64(1, BigInt.asUintN(64, value), true);
  return bytes;
}

function openValues(record: EventRecord, values: Values): Values {
  const state = record.number('state');
  const has = (bit: number, flag: number) => ((state & bit) === 0 ? 0 : flag);
  const upper = has(DESCRIPTOR_STATE.UPPER_LAYER, OPEN_FACT.UPPER_LAYER);
  const lower = has(DESCRIPTOR_STATE.LOWER_LAYER, OPEN_FACT.LOWER_LAYER);
  const isDirectory = record.number('kind') === DIRECTORY;
  const facts = upper | lower | has(DESCRIPTOR_STATE.CREATED, OPEN_FACT.CREATED) | (isDirectory ? O_DIRECTORY : 0);
  const passed = record.bytes('raw') ?? record.bytes('name');
  return {
    name: passed,
    path: passed,
    flags: Number(values.flags ?? 0) | facts,
    creat_flags: (upper ? 1 : 0) | (lower ? 2 : 0),
  };
}

const DIRECTORY = 'd'.charCodeAt(0);

function networkValues(record: EventRecord): Values {
  const { type, result } = record;
  const one = usedDescriptor(record);
  const isIncoming = type.does === 'accepts' || type.does === 'receives';
  const has = result >= 0n || (type.name === 'connect' && -result === EINPROGRESS);
  const tuple = one && has ? tupleOf(one, isIncoming) : undefined;
  const flags = type.name === 'socket' ? { type: record.number('socket_type') | record.number('call_flags') } : {};
  return { ...flags, tuple: tuple && encodeTuple(tuple), addr: boundAddress(record, one) ?? passedAddress(record) };
}

/** Readers take a socket's port from the address of bind, where 0 lets the kernel choose one. */
function boundAddress(record: EventRecord, one: UsedDescriptor | undefined): Uint8Array | undefined {
  const chosen = record.type.name === 'bind' && record.result >= 0n && record.number('passed_port') === 0;
  const family = one && familyOf(one.kind);
  if (!chosen || !one || family === undefined || one.local.port === 0) return undefined;
  return encodeSocketAddress({ family, ...one.local, path: undefined });
}

function passedAddress(record: EventRecord): Uint8Array | undefined {
  const family = record.number('passed_family');
  const length = { [FAMILY.INET]: 4, [FAMILY.INET6]: 16, [FAMILY.UNIX]: 0 }[family];
  if (length === undefined) return undefined;
  const address = (record.bytes('passed_address') ?? NOTHING).subarray(0, length);
  return encodeSocketAddress({
    family,
    address,
    port: record.number('passed_port'),
    path: record.bytes('passed_path'),
  });
}

/** The paths of another view, which are absolute. */
function namesOf(view: EventRecord, { parameters }: TypeMapping): Values {
  const names = parameters.flatMap(({ parameter, member }): [string, Uint8Array][] => {
    const name = COMPLETED[member];
    const path = name === undefined ? undefined : view.bytes(name);
    return path ? [[parameter, path]] : [];
  });
  return Object.fromEntries(names);
}

const COMPLETED: Readonly<Record<string, EventBytes>> = { raw: 'name', old_raw: 'old_name', new_raw: 'new_name' };
