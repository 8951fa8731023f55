// Reads histories into sessions: what each process ran, how that ended, what it wrote, where it connected to.

import type { RecordingFacts } from '../../recording/format.ts';
import type { ContainerView } from '../container-view.ts';
import type { EventView, HistoryItem } from '../event-views.ts';
import { FirstTimes } from '../first-times.ts';
import type { ProcessView } from '../process-view.ts';
import type { SecretMask } from '../secrets/mask-secrets.ts';
import { type Action, actionOf } from './actions.ts';
import { type Process, stateOf } from './process.ts';
import { ProcessTable } from './process-table.ts';
import type { Command, Connection, ExitStatus, FileChange, Session } from './session.ts';
import { SessionTable } from './session-table.ts';

/** Files and connections of a command that are kept; what is beyond is counted. */
const MOST_FILES = 500;
const MOST_CONNECTIONS = 200;

/** Called as it is read. */
export interface ActivityListener {
  command?(command: Command): void;
  end?(command: Command): void;
  file?(command: Command, change: FileChange): void;
  connection?(command: Command, connection: Connection): void;
}

export interface ActivityOptions {
  readonly mask: SecretMask;
  /** ns since the epoch: what was before is read to know who is who, and not shown. */
  readonly since?: bigint;
  readonly listener?: ActivityListener;
}

export class ActivityLog {
  /** Events whose process is unknown. */
  unknownEvents = 0;
  readonly #listener: ActivityListener;
  /** Processes by the name of the machine. */
  readonly #machines = new Map<string, ProcessTable>();
  #processes = new ProcessTable();
  readonly #table: SessionTable;

  constructor({ mask, since = 0n, listener = {} }: ActivityOptions) {
    this.#table = new SessionTable(mask, since);
    this.#listener = listener;
  }

  /** Sessions in which something was done, in the order in which they were first seen. */
  get sessions(): Session[] {
    return [...this.#table.sessions.values()].filter(({ commandCount }) => commandCount > 0);
  }

  /** Sessions that were given up for the bounds. */
  get sessionsLeftOut(): number {
    return this.#table.leftOut;
  }

  /** Before the items of a history. */
  begin({ hostname }: RecordingFacts): void {
    this.#table.begin(hostname);
    this.#processes = this.#machines.get(hostname) ?? new ProcessTable();
    this.#machines.set(hostname, this.#processes);
    this.#processes.begin();
  }

  /** What comes from now on is shown whatever its time. */
  showAll(): void {
    this.#table.floor = 0n;
  }

  take(item: HistoryItem | ContainerView): void {
    switch (item.kind) {
      case 'container':
        this.#table.places.learn(item);
        return;
      case 'process':
        this.#takeProcess(item);
        return;
      case 'event':
        this.#takeEvent(item);
        return;
    }
  }

  #takeProcess(view: ProcessView): void {
    switch (view.change) {
      case 'snapshot':
      case 'fork':
        this.#found(view);
        return;
      case 'exec':
        this.#executed(view);
        return;
      case 'change':
        this.#changed(view);
        return;
      case 'exit':
        this.#exited(view);
        return;
    }
  }

  #found(view: ProcessView): void {
    const process = this.#processes.known(view) ?? this.#make(view, view.change === 'snapshot');
    if (process) this.#processes.own(view.id, process);
  }

  #make(view: ProcessView, ranBefore = false): Process | undefined {
    const process = this.#processes.make(view, ranBefore);
    if (process && !ranBefore) this.#table.inherit(process);
    return process;
  }

  #executed(view: ProcessView): void {
    const known = this.#processes.known(view);
    if (known && this.#processes.wasRead(known, view)) {
      this.#processes.own(view.id, known);
      return;
    }
    const process = known ?? this.#make(view);
    if (!process || !view.image) return;
    const before = known?.state ?? process.parent?.state;
    const origin = (known ?? process.parent)?.commandOwner;
    const isShown = view.time >= this.#table.floor;
    const originSession = isShown ? origin && this.#table.sessionOf(origin) : undefined;
    // What the process itself ran is made before it runs something else.
    if (isShown && origin === process) this.#table.commandOf(process);
    const { command, isOwner } = process;
    if (isOwner && command && command.ended === undefined) command.ended = view.time;
    process.state = stateOf(view.image);
    this.#processes.noteImage(process, view);
    const session = this.#table.enter(process, before, view.time);
    process.ownCommand();
    if (isShown) {
      // A session in which nothing but this was done is not shown for it.
      const isNamed = originSession && (originSession === session || originSession === session.within);
      const from = isOwner ? command : isNamed && origin ? this.#table.commandOf(origin) : undefined;
      this.#begin(process, session, from, view.time);
    }
    this.#processes.own(view.id, process);
  }

  #begin(process: Process, session: Session, from: Command | undefined, time: bigint): void {
    const command = this.#table.addCommand(process, session, from, time);
    process.command = command;
    touch(session, time);
    if (command?.pid === process.pid) this.#listener.command?.(command);
  }

  #changed(view: ProcessView): void {
    const process = this.#processes.known(view) ?? this.#make(view);
    if (!process) return;
    if (view.image && !view.isOfThread && view.time >= process.imageTime) {
      process.state = stateOf(view.image);
      this.#processes.noteImage(process, view);
    }
    this.#processes.own(view.id, process);
  }

  #exited(view: ProcessView): void {
    const process = view.isOfThread ? undefined : this.#processes.end(view);
    if (!process) return;
    const { command } = process;
    if (process.isOwner && command?.pid === process.pid && view.time >= this.#table.floor) {
      command.ended = view.time;
      command.status = statusOf(view.waitStatus);
      touch(command.session, view.time);
      this.#listener.end?.(command);
    }
    this.#table.leave(process);
  }

  #takeEvent(view: EventView): void {
    const { time } = view;
    if (time < this.#table.floor) return;
    const owner = this.#processes.ownerOf(view.image);
    if (!owner) {
      this.unknownEvents++;
      return;
    }
    const action = actionOf(view);
    const command = action && (owner.command ?? this.#table.commandOf(owner.process));
    if (!command) return;
    touch(command.session, time);
    if (action.kind === 'file') this.#addFile(command, action, time);
    else this.#addConnection(command, action, time);
  }

  #addFile(command: Command, { verb, path, other }: Extract<Action, { kind: 'file' }>, time: bigint): void {
    const known = command.files.get(path);
    if (known) {
      known.verbs.note(verb, time);
      known.times++;
      if (time > known.last) known.last = time;
    } else if (command.files.size >= MOST_FILES) {
      command.leftOut++;
    } else {
      const change = {
        path,
        ...(other !== undefined && { other }),
        verbs: new FirstTimes(verb, time),
        times: 1,
        last: time,
      };
      command.files.set(path, change);
      this.#listener.file?.(command, change);
    }
  }

  #addConnection(command: Command, action: Extract<Action, { kind: 'connection' }>, time: bigint): void {
    const { direction, protocol, peer, error } = action;
    const key = `${direction} ${protocol} ${peer} ${error ?? ''}`;
    const known = command.connections.get(key);
    if (known) {
      known.times++;
      known.last = time;
    } else if (command.connections.size >= MOST_CONNECTIONS) {
      command.leftOut++;
    } else {
      const connection = { direction, protocol, peer, ...(error !== undefined && { error }), times: 1, last: time };
      command.connections.set(key, connection);
      this.#listener.connection?.(command, connection);
    }
  }
}

function touch(session: Session, time: bigint): void {
  if (time > session.last) session.last = time;
}

function statusOf(waitStatus: number): ExitStatus {
  const signal = waitStatus & 0x7f;
  return signal === 0 ? { code: (waitStatus >> 8) & 0xff } : { signal };
}
