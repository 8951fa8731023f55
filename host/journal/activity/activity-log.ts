// Reads histories into sessions: which entry each program belongs to, what it wrote, where it connected to.

import { createHash } from 'node:crypto';
import type { RecordingFacts } from '../../recording/format.ts';
import type { ContainerView } from '../container-view.ts';
import type { EventView, HistoryItem } from '../event-views.ts';
import type { SecretMask } from '../mask-secrets.ts';
import type { ProcessView } from '../process-view.ts';
import { type Action, actionOf } from './actions.ts';
import { containerEntry, doorEntry, type Entry, isRuntime, terminalName, unitOf } from './entries.ts';
import { Process, type ProgramState, stateOf } from './process.ts';
import type { Command, Connection, ContainerPlace, FileChange, Session } from './session.ts';

/** Bounds of memory: what is beyond is counted. */
const MOST_SESSIONS = 20_000;
const MOST_COMMANDS = 100_000;
const MOST_COMMANDS_OF_SESSION = 5_000;
const MOST_FILES = 500;
const MOST_CONNECTIONS = 200;
/** Ends of processes that are kept, because their events may come later. */
const ENDS_KEPT = 4096;
/** A chain of processes longer than this forgets its oldest. */
const LONGEST_CHAIN = 256;
/** Commands that are deeper stand beside what they were started from. */
const DEEPEST = 64;
const LONGEST_VIA = 6;
const ID_LENGTH = 8;

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

interface ImageOwner {
  readonly process: Process;
  /** What the process ran when it had that image. */
  readonly command: Command | undefined;
}

export class ActivityLog {
  /** By their ids, in the order in which they were first seen. */
  readonly sessions = new Map<string, Session>();
  /** Sessions that were given up for the bounds. */
  sessionsLeftOut = 0;
  /** Events whose process is unknown. */
  unknownEvents = 0;
  readonly #mask: SecretMask;
  readonly #since: bigint;
  readonly #listener: ActivityListener;
  #host = '';
  /** When the first history begins, or what is shown does. */
  #floor = 0n;
  readonly #images = new Map<bigint, ImageOwner>();
  readonly #byPid = new Map<number, Process>();
  readonly #ended: Process[] = [];
  readonly #containers = new Map<string, ContainerPlace>();
  /** Containers that a process was seen in. */
  readonly #entered = new Set<string>();
  readonly #living = new Map<Session, number>();
  #commandTotal = 0;

  constructor({ mask, since = 0n, listener = {} }: ActivityOptions) {
    this.#mask = mask;
    this.#since = since;
    this.#listener = listener;
  }

  /** Before the items of a history. Image ids of another run of the agent mean other processes. */
  begin({ hostname, started }: RecordingFacts): void {
    this.#host = hostname;
    if (this.#floor === 0n) this.#floor = started > this.#since ? started : this.#since;
    this.#images.clear();
  }

  take(item: HistoryItem | ContainerView): void {
    switch (item.kind) {
      case 'container':
        this.#setContainer(item);
        return;
      case 'process':
        this.#takeProcess(item);
        return;
      case 'event':
        this.#takeEvent(item);
        return;
    }
  }

  #setContainer(view: ContainerView): void {
    const id = view.text('id') ?? view.id.slice(0, 12);
    const place = this.#place(id);
    const set = (key: 'name' | 'image' | 'pod' | 'namespace', value: string | undefined) => {
      if (value) place[key] = value;
    };
    const name = view.text('name');
    // runc has no names.
    if (name !== view.text('full_id')) set('name', name);
    set('image', view.text('image') ?? view.text('image_repository'));
    set('pod', view.text('pod_name'));
    set('namespace', view.text('pod_namespace'));
  }

  #place(id: string): ContainerPlace {
    const known = this.#containers.get(id);
    if (known) return known;
    const place = { id };
    this.#containers.set(id, place);
    return place;
  }

  #takeProcess(view: ProcessView): void {
    switch (view.change) {
      case 'snapshot':
      case 'fork':
        this.#forked(view);
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

  #forked(view: ProcessView): void {
    const process = this.#known(view) ?? this.#make(view, view.change === 'snapshot');
    if (process) this.#own(view.id, process);
  }

  /** A process that is known already: histories repeat the images of processes. */
  #known(view: ProcessView): Process | undefined {
    const known = this.#byPid.get(view.pid);
    return known?.isSame(view.pid, view.start) ? known : undefined;
  }

  #make(view: ProcessView, ranBefore: boolean): Process | undefined {
    const { image } = view;
    if (!image) return undefined;
    const parent = this.#images.get(view.parent)?.process ?? this.#parentByPid(view);
    const process = new Process(view.pid, view.start, parent, ranBefore, stateOf(image));
    process.imageTime = view.time;
    if (parent && !ranBefore) process.inherit(parent, this.#sessionOf(parent), LONGEST_CHAIN);
    if (process.session) this.#addLiving(process.session);
    this.#byPid.set(view.pid, process);
    return process;
  }

  #parentByPid(view: ProcessView): Process | undefined {
    const found = this.#byPid.get(view.ppid);
    return found && found.pid !== view.pid && found.start <= view.start ? found : undefined;
  }

  #own(id: bigint, process: Process): void {
    this.#images.set(id, { process, command: process.command });
    process.images.push(id);
  }

  #executed(view: ProcessView): void {
    const known = this.#images.get(view.previous)?.process ?? this.#known(view);
    if (known && known.imageTime >= view.time) {
      this.#own(view.id, known);
      return;
    }
    const process = known ?? this.#make(view, false);
    if (!process || !view.image) return;
    const before = known?.state ?? process.parent?.state;
    const origin = known?.commandOwner ?? process.parent?.commandOwner;
    process.state = stateOf(view.image);
    process.imageTime = view.time;
    this.#run(process, before, origin, view.time);
    this.#own(view.id, process);
  }

  /** The process runs another program. */
  #run(process: Process, before: ProgramState | undefined, origin: Process | undefined, time: bigint): void {
    const isShown = time >= this.#floor;
    const from = origin && isShown ? this.#commandOf(origin) : undefined;
    const { command } = process;
    if (process.isOwner && command && command.ended === undefined) command.ended = time;
    const session = this.#enter(process, before, time);
    this.#move(process, session);
    process.ownCommand();
    if (isShown) process.command = this.#addCommand(process, session, from, time);
  }

  /** The session that the program of a process is in: the one that it was in, or a new one. */
  #enter(process: Process, before: ProgramState | undefined, time: bigint): Session {
    const inherited = process.session ?? (process.parent && this.#sessionOf(process.parent));
    const entry = this.#entryOf(process, before, inherited);
    if (entry) return this.#sessionBy(entry, process, inherited, time);
    return inherited ?? this.#sessionBy({ kind: 'other', root: process }, process, undefined, time);
  }

  #entryOf(process: Process, before: ProgramState | undefined, inherited: Session | undefined): Entry | undefined {
    const { container } = process.state;
    if (container !== undefined && container !== '') {
      const isFirst = !this.#entered.has(container);
      const entry = containerEntry(process, container, inherited?.container?.id, isFirst);
      if (!isRuntime(process.state)) this.#entered.add(container);
      if (entry) return entry;
    }
    return before && doorEntry(process, before);
  }

  #sessionBy(entry: Entry, process: Process, inherited: Session | undefined, time: bigint): Session {
    const { kind, root } = entry;
    const { state } = process;
    const unit = kind === 'service' ? unitOf(state.cgroup) : undefined;
    const key = unit === undefined ? `${root.pid} ${root.start / 1_000_000_000n}` : `${unit} ${state.cgroupId}`;
    const id = createHash('sha256').update(`${this.#host} ${key}`).digest('hex').slice(0, ID_LENGTH);
    const known = this.sessions.get(id);
    if (known) return known;
    const hasLogin = kind === 'ssh' || kind === 'console';
    const session: Session = {
      id,
      kind,
      host: this.#host,
      user: (hasLogin ? state.login : undefined) ?? state.user,
      login: state.login,
      container: state.container === undefined ? undefined : this.#place(state.container),
      unit,
      from: kind === 'ssh' ? state.sshConnection : undefined,
      terminal: terminalName(state.terminal),
      via: kind === 'exec' || kind === 'container' ? viaOf(process) : [],
      // A container's runtime is a service: it starts what somebody else asked for.
      within: kind === 'su' || (kind === 'exec' && inherited?.kind !== 'service') ? inherited : undefined,
      pid: root.pid,
      began: process.ranBefore ? process.start : time,
      ranBefore: process.ranBefore || time < this.#floor,
      last: time,
      isOver: false,
      commands: [],
      commandCount: 0,
      leftOut: 0,
    };
    this.sessions.set(id, session);
    this.#makeRoom();
    return session;
  }

  /** Of a process that ran before, it is found out when it is needed. */
  #sessionOf(process: Process, depth = 0): Session {
    if (process.session) return process.session;
    const { parent } = process;
    if (parent && depth < LONGEST_CHAIN) this.#sessionOf(parent, depth + 1);
    const session = this.#enter(process, parent?.state, process.start);
    this.#move(process, session);
    return session;
  }

  #move(process: Process, session: Session): void {
    if (process.session === session) return;
    if (process.session) this.#removeLiving(process.session);
    process.session = session;
    this.#addLiving(session);
  }

  #addLiving(session: Session): void {
    this.#living.set(session, (this.#living.get(session) ?? 0) + 1);
    session.isOver = false;
  }

  #removeLiving(session: Session): void {
    const left = (this.#living.get(session) ?? 1) - 1;
    if (left > 0) this.#living.set(session, left);
    else this.#living.delete(session);
    session.isOver = left <= 0;
  }

  /** What a process runs; made now if it ran before. */
  #commandOf(process: Process, depth = 0): Command | undefined {
    if (process.command) return process.command;
    const owner = process.commandOwner;
    if (!owner) return undefined;
    if (owner.command) return owner.command;
    const { parent } = owner;
    const session = this.#sessionOf(owner);
    const isWithin = parent && depth < LONGEST_CHAIN && this.#sessionOf(parent) === session;
    owner.command = this.#addCommand(
      owner,
      session,
      isWithin ? this.#commandOf(parent, depth + 1) : undefined,
      undefined,
    );
    return owner.command;
  }

  /** @param time undefined: it ran before */
  #addCommand(
    process: Process,
    session: Session,
    from: Command | undefined,
    time: bigint | undefined,
  ): Command | undefined {
    if (from && from.session !== session && session.within === from.session && !from.opened.includes(session)) {
      from.opened.push(session);
    }
    let parent = from?.session === session ? from : undefined;
    if (parent && parent.depth >= DEEPEST) parent = parent.parent;
    if (session.commandCount >= MOST_COMMANDS_OF_SESSION) {
      session.leftOut++;
      return parent ?? session.commands.at(-1);
    }
    const { state } = process;
    const command: Command = {
      session,
      pid: process.pid,
      program: state.program,
      executable: state.executable,
      words: this.#mask.words(state.words.length > 0 ? state.words : [state.program]),
      directory: state.directory,
      user: state.user,
      began: time ?? process.start,
      ranBefore: time === undefined,
      parent,
      depth: parent ? parent.depth + 1 : 0,
      children: [],
      files: new Map(),
      connections: new Map(),
      opened: [],
      leftOut: 0,
    };
    (parent ? parent.children : session.commands).push(command);
    session.commandCount++;
    this.#commandTotal++;
    if (time !== undefined) {
      this.#touch(session, time);
      this.#listener.command?.(command);
    }
    this.#makeRoom();
    return command;
  }

  /** Gives up the oldest sessions that are over. */
  #makeRoom(): void {
    if (this.sessions.size <= MOST_SESSIONS && this.#commandTotal <= MOST_COMMANDS) return;
    for (const [id, session] of this.sessions) {
      if (!session.isOver) continue;
      this.sessions.delete(id);
      this.#commandTotal -= session.commandCount;
      if (session.commandCount > 0) this.sessionsLeftOut++;
      if (this.sessions.size <= MOST_SESSIONS && this.#commandTotal <= MOST_COMMANDS) return;
    }
  }

  #touch(session: Session, time: bigint): void {
    if (time > session.last) session.last = time;
  }

  #changed(view: ProcessView): void {
    const process = this.#images.get(view.previous)?.process ?? this.#known(view) ?? this.#make(view, false);
    if (!process) return;
    if (view.image && !view.isOfThread && view.time >= process.imageTime) {
      process.state = stateOf(view.image);
      process.imageTime = view.time;
    }
    this.#own(view.id, process);
  }

  #exited(view: ProcessView): void {
    if (view.isOfThread) return;
    const process = this.#images.get(view.id)?.process ?? this.#byPid.get(view.pid);
    if (!process || process.isOver) return;
    process.isOver = true;
    const { command, session } = process;
    if (process.isOwner && command && view.time >= this.#floor) {
      command.ended = view.time;
      command.status = statusOf(view.waitStatus);
      this.#touch(command.session, view.time);
      this.#listener.end?.(command);
    }
    if (session) this.#removeLiving(session);
    this.#ended.push(process);
    if (this.#ended.length > ENDS_KEPT) this.#forget(this.#ended.splice(0, ENDS_KEPT / 2));
  }

  #forget(processes: readonly Process[]): void {
    for (const process of processes) {
      for (const id of process.images) this.#images.delete(id);
      if (this.#byPid.get(process.pid) === process) this.#byPid.delete(process.pid);
    }
  }

  #takeEvent(view: EventView): void {
    const { time } = view;
    if (time < this.#floor) return;
    const owner = this.#images.get(view.image);
    if (!owner) {
      this.unknownEvents++;
      return;
    }
    const action = actionOf(view);
    if (!action) return;
    const command = owner.command ?? this.#commandOf(owner.process);
    if (!command) return;
    this.#touch(command.session, time);
    this.#act(command, action, time);
  }

  #act(command: Command, action: Action, time: bigint): void {
    if (action.kind === 'file') {
      const { verb, path, other } = action;
      const change = command.files.get(path);
      if (change) {
        change.verbs.add(verb);
        change.times++;
        change.last = time;
      } else if (command.files.size >= MOST_FILES) {
        command.leftOut++;
      } else {
        const made = { path, ...(other !== undefined && { other }), verbs: new Set([verb]), times: 1, last: time };
        command.files.set(path, made);
        this.#listener.file?.(command, made);
      }
      return;
    }
    const { direction, protocol, peer, error } = action;
    const key = `${direction} ${protocol} ${peer} ${error ?? ''}`;
    const connection = command.connections.get(key);
    if (connection) {
      connection.times++;
      connection.last = time;
    } else if (command.connections.size >= MOST_CONNECTIONS) {
      command.leftOut++;
    } else {
      const made = { direction, protocol, peer, ...(error !== undefined && { error }), times: 1, last: time };
      command.connections.set(key, made);
      this.#listener.connection?.(command, made);
    }
  }
}

/** Programs outside of a container through which one in it was started, nearest first, without repetitions. */
function viaOf(process: Process): string[] {
  const programs: string[] = [];
  for (const { pid, state } of process.ancestors()) {
    if (pid === 1 || programs.length >= LONGEST_VIA) break;
    if (programs.at(-1) !== state.program) programs.push(state.program);
  }
  return programs;
}

function statusOf(waitStatus: number): { readonly code: number } | { readonly signal: number } {
  const signal = waitStatus & 0x7f;
  return signal === 0 ? { code: (waitStatus >> 8) & 0xff } : { signal };
}
