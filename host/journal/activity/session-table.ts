// The sessions of a history: which one a process is in, and their commands, within bounds of memory.

import { type EntryKind, terminalName, unitOf } from '../../fields/entry-programs.ts';
import { rootProcess, sessionId } from '../../fields/session-id.ts';
import { requestedHashes } from '../../sessions/command-hash.ts';
import type { SecretMask } from '../secrets/mask-secrets.ts';
import { ContainerPlaces } from './container-places.ts';
import { containerEntry, doorEntry, type Entry, isRuntime } from './entries.ts';
import { LONGEST_CHAIN, type Process, type ProgramState } from './process.ts';
import type { Command, Session } from './session.ts';

/** What is beyond is counted. */
const MOST_SESSIONS = 20_000;
const MOST_COMMANDS = 100_000;
const MOST_COMMANDS_OF_SESSION = 5_000;
/** Commands that are deeper stand beside what they were started from. */
const DEEPEST = 64;
const LONGEST_VIA = 6;

export class SessionTable {
  /** Sessions by their ids, in the order in which they were first seen. */
  readonly sessions = new Map<string, Session>();
  readonly places = new ContainerPlaces();
  /** Sessions with commands that were given up for the bounds. */
  leftOut = 0;
  #host = '';
  /** ns since the epoch: what was before is known, and not shown. A file's own start is later than its first events. */
  floor: bigint;
  readonly #mask: SecretMask;
  /** Processes of each session that are not over. */
  readonly #living = new Map<Session, number>();
  #commands = 0;

  constructor(mask: SecretMask, floor: bigint) {
    this.#mask = mask;
    this.floor = floor;
  }

  /** Before a history of that machine. */
  begin(host: string): void {
    this.#host = host;
    this.places.begin();
  }

  /** The session of a process. For one that ran before, it is found out when it is needed. */
  sessionOf(process: Process, depth = 0): Session {
    if (process.session) return process.session;
    const { parent } = process;
    if (parent && depth < LONGEST_CHAIN) this.sessionOf(parent, depth + 1);
    return this.enter(process, parent?.state, process.start);
  }

  /** A process that was forked is in the session of its parent. */
  inherit(process: Process): void {
    if (!process.parent) return;
    process.inherit(process.parent, this.sessionOf(process.parent));
    if (process.session) this.#add(process.session);
  }

  /**
   * Puts a process, whose state is that of a program that it has just begun, into its session: the one that it was in, or a new one.
   * @param before of the program that its process ran before, or the process that forked it
   */
  enter(process: Process, before: ProgramState | undefined, time: bigint): Session {
    const inherited = process.session ?? (process.parent && this.sessionOf(process.parent));
    const container = this.places.of(process.state);
    const entry = this.#entryOf(process, before, container, inherited);
    const session =
      entry || !inherited
        ? this.#sessionBy(entry ?? { kind: 'other', root: process }, process, inherited, time)
        : inherited;
    if (container && !isRuntime(process)) this.places.see(container, process.state, entry && session);
    if (process.session !== session) {
      this.leave(process);
      process.session = session;
      this.#add(session);
    }
    return session;
  }

  /** The process is over, or in another session now. */
  leave({ session }: Process): void {
    if (!session) return;
    const left = (this.#living.get(session) ?? 1) - 1;
    if (left > 0) this.#living.set(session, left);
    else this.#living.delete(session);
    session.isOver = left <= 0;
  }

  /** What a process runs; made now if it ran before. */
  commandOf(process: Process, depth = 0): Command | undefined {
    const owner = process.commandOwner;
    if (process.command ?? owner.command) return process.command ?? owner.command;
    const { parent } = owner;
    const session = this.sessionOf(owner);
    const isWithin = parent && depth < LONGEST_CHAIN && this.sessionOf(parent) === session;
    const from = isWithin ? this.commandOf(parent, depth + 1) : undefined;
    owner.command = this.addCommand(owner, session, from, undefined);
    return owner.command;
  }

  /**
   * @param from the command that it was started from
   * @param time undefined: it ran before
   * @returns the command it counts for, if there is no room for it
   */
  addCommand(
    process: Process,
    session: Session,
    from: Command | undefined,
    time: bigint | undefined,
  ): Command | undefined {
    if (from && session.within === from.session && !from.opened.includes(session)) from.opened.push(session);
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
    this.#commands++;
    this.#makeRoom();
    return command;
  }

  #entryOf(
    process: Process,
    before: ProgramState | undefined,
    container: string | undefined,
    inherited: Session | undefined,
  ): Entry | undefined {
    const entry = container
      ? containerEntry(process, container, inherited?.container?.id, this.places.isNew(container))
      : undefined;
    return entry ?? (before && doorEntry(process, before));
  }

  #sessionBy({ kind, root }: Entry, process: Process, inherited: Session | undefined, time: bigint): Session {
    const { state } = process;
    const container = this.places.of(state);
    const unit = kind === 'service' ? unitOf(state.cgroup) : undefined;
    const id = sessionId(
      this.#host,
      unit === undefined ? rootProcess(root.pid, root.start) : `${unit} ${state.cgroupId}`,
    );
    const known = this.sessions.get(id);
    if (known) return known;
    const hasLogin = kind === 'ssh' || kind === 'console';
    const session: Session = {
      id,
      kind,
      host: this.#host,
      user: (hasLogin ? state.login : undefined) ?? state.user,
      login: state.login,
      container: container === undefined ? undefined : this.places.place(container),
      unit,
      from: kind === 'ssh' ? state.sshConnection : undefined,
      terminal: terminalName(state.terminal),
      via: kind === 'exec' || kind === 'container' ? viaOf(process) : [],
      within: inherited && isWithin(kind, inherited) ? inherited : undefined,
      asked: kind === 'exec' ? askedOf(process) : undefined,
      pid: root.pid,
      forked: root.start,
      began: process.ranBefore ? process.start : time,
      ranBefore: process.ranBefore || time < this.floor,
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

  #add(session: Session): void {
    this.#living.set(session, (this.#living.get(session) ?? 0) + 1);
    session.isOver = false;
  }

  /** Gives up the oldest sessions that are over. */
  #makeRoom(): void {
    if (this.#isRoom) return;
    for (const [id, session] of this.sessions) {
      if (!session.isOver) continue;
      this.sessions.delete(id);
      this.#commands -= session.commandCount;
      if (session.commandCount > 0) this.leftOut++;
      if (this.#isRoom) return;
    }
  }

  get #isRoom(): boolean {
    return this.sessions.size <= MOST_SESSIONS && this.#commands <= MOST_COMMANDS;
  }
}

/** Hashes of the command that a process was asked to run. Undefined if it ran before: what it runs now need not be that. */
function askedOf({ ranBefore, state }: Process): ReadonlySet<string> | undefined {
  return ranBefore || state.isCut || state.words.length === 0 ? undefined : requestedHashes(state.words);
}

/** Sessions of somebody who came in. */
const LOGINS: ReadonlySet<EntryKind> = new Set<EntryKind>(['ssh', 'console', 'su', 'exec']);

/** Whether a new session was entered from the one that its process was in. */
function isWithin(kind: EntryKind, inherited: Session): boolean {
  if (kind === 'su') return true;
  // A container's runtime is a service: it starts what somebody else asked for.
  if (kind === 'exec') return inherited.kind !== 'service';
  return LOGINS.has(inherited.kind);
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
