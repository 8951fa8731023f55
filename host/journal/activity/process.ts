// The processes of a history while it is read: parents, programs, and the session of each.

import { programOf } from '../../fields/container-runtime.ts';
import type { ImageBytes, ImageRecord } from '../../fields/record.ts';
import { isSameStart } from '../../fields/time.ts';
import { decode } from '../../fields/value.ts';
import { IMAGE_FLAGS, ROOT_PID_NAMESPACE } from '../../schema/image.ts';
import { isWhole, wordsOf } from '../../sessions/command-hash.ts';
import type { Command, Session, User } from './session.ts';

const UNSET_ID = 0xffffffff;

/** A chain of processes that is longer forgets its oldest. */
export const LONGEST_CHAIN = 256;

/** What is read of an image. Values are copies: the image is gone with its batch. */
export interface ProgramState {
  /** Base name of the executable; for programs that are many in one file, the name it was called by. */
  readonly program: string;
  readonly executable: string | undefined;
  /** Its file was made in the container, and is not of the image: that of an overlay file system's upper layer. */
  readonly isOfUpperLayer: boolean;
  readonly words: readonly string[];
  readonly directory: string | undefined;
  readonly user: User;
  readonly login: User | undefined;
  readonly terminal: number;
  readonly pidNamespace: number;
  readonly vpid: number;
  readonly cgroup: string;
  readonly cgroupId: bigint;
  /** Short id; undefined on the host, '' if it is unknown. */
  readonly container: string | undefined;
  /** Where an ssh client came from, by the environment that sshd sets. */
  readonly sshConnection: string | undefined;
  /** Its arguments are as long as the kernel's record of them can be: there may be more. */
  readonly isCut: boolean;
}

export class Process {
  readonly pid: number;
  /** ns since the epoch. */
  readonly start: bigint;
  #parent: Process | undefined;
  /** It ran already when the record began. */
  readonly ranBefore: boolean;
  state: ProgramState;
  /** Time of the last image that was read, and the number of the history that it was in. */
  imageTime = 0n;
  history = 0;
  /** The program that it runs, if it has run one of its own; undefined until it is needed, for one that ran before. */
  command: Command | undefined;
  /** undefined until it is needed. */
  session: Session | undefined;
  /** The process whose program it runs: itself, or what it was forked from. */
  commandOwner: Process;
  isOver = false;
  readonly images: bigint[] = [];
  #depth = 0;

  constructor(pid: number, start: bigint, parent: Process | undefined, ranBefore: boolean, state: ProgramState) {
    this.pid = pid;
    this.start = start;
    this.#parent = parent;
    this.ranBefore = ranBefore;
    this.state = state;
    this.commandOwner = this;
  }

  get parent(): Process | undefined {
    return this.#parent;
  }

  /** What it runs is its own, not what the process ran that forked it. */
  get isOwner(): boolean {
    return this.commandOwner === this;
  }

  /** Takes over what a fork has from its parent. A chain that is too long is cut. */
  inherit(parent: Process, session: Session): void {
    this.session = session;
    this.commandOwner = parent.commandOwner;
    this.command = parent.command;
    this.#depth = parent.#depth + 1;
    if (this.#depth <= LONGEST_CHAIN) return;
    this.#depth = 0;
    this.#parent = undefined;
  }

  /** It runs a program of its own from now on. */
  ownCommand(): void {
    this.commandOwner = this;
    this.command = undefined;
  }

  isSame(pid: number, start: bigint): boolean {
    return this.pid === pid && isSameStart(this.start, start);
  }

  /** Parents, nearest first. */
  *ancestors(): Generator<Process> {
    for (let next = this.parent; next; next = next.parent) yield next;
  }
}

export function stateOf(image: ImageRecord): ProgramState {
  const text = (member: ImageBytes): string | undefined => {
    const bytes = image.bytes(member);
    return bytes && decode(bytes);
  };
  const executable = text('executable');
  const { container } = image;
  const id = container?.bytes('id');
  const argv = image.bytes('argv');
  return {
    program: programOf(executable, text('comm')),
    executable,
    isOfUpperLayer: (image.number('flags') & IMAGE_FLAGS.EXE_UPPER_LAYER) !== 0,
    words: wordsOf(argv),
    isCut: argv !== undefined && argv.length > 0 && !isWhole(argv),
    directory: text('cwd'),
    user: userOf(image.number('uid'), text('user_name')),
    login: image.number('login_uid') === UNSET_ID ? undefined : userOf(image.number('login_uid'), text('login_name')),
    terminal: image.number('tty'),
    pidNamespace: image.number('pid_namespace'),
    vpid: image.number('vpid'),
    cgroup: text('cgroup') ?? '',
    cgroupId: image.big('cgroup_id'),
    container: container?.isHost ? undefined : id ? decode(id) : '',
    sshConnection: sshConnection(image.bytes('environment')),
  };
}

export function isInRootNamespace({ pidNamespace }: ProgramState): boolean {
  return pidNamespace === ROOT_PID_NAMESPACE || pidNamespace === 0;
}

function userOf(uid: number, name: string | undefined): User {
  return { uid, name: name === undefined || name === '' || name.startsWith('<') ? undefined : name };
}

/** `203.0.113.7 50122 192.0.2.1 22` -> 203.0.113.7 */
function sshConnection(environment: Uint8Array | undefined): string | undefined {
  if (!environment) return undefined;
  const text = Buffer.from(environment.buffer, environment.byteOffset, environment.length);
  const at = text.indexOf('SSH_CONNECTION=');
  if (at < 0 || (at > 0 && text[at - 1] !== 0)) return undefined;
  const value = text.subarray(at + 'SSH_CONNECTION='.length, at + 200).toString('latin1');
  return /^[0-9a-fA-F.:%a-z]{2,64}(?= )/.exec(value)?.[0];
}
