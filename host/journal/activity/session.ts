// A session: one entry from outside, and what was done in it.

import { compareBigints } from '../../diagnostics/numbers.ts';
import type { EntryKind } from '../../fields/entry-programs.ts';
import type { UserMatch } from '../../sessions/join.ts';
import type { PodRequest } from '../../sessions/pod-request.ts';
import type { FirstTimes } from '../first-times.ts';

export interface User {
  readonly uid: number;
  /** undefined: the machine has no name for it. */
  readonly name: string | undefined;
}

export interface ContainerPlace {
  /** The first 12 characters. */
  readonly id: string;
  name?: string;
  image?: string;
  pod?: string;
  namespace?: string;
}

/** What the audit events of an API server say about who entered a container. */
export type KubernetesEntry = Exclude<UserMatch, { readonly match: 'none' }>;

/** How a program ended. */
export type ExitStatus = { readonly code: number } | { readonly signal: number };

export type FileVerb =
  | 'wrote'
  | 'created'
  | 'removed'
  | 'made'
  | 'renamed'
  | 'linked'
  | 'mode'
  | 'owner'
  | 'attributes'
  | 'cut';

export interface FileChange {
  readonly path: string;
  /** renamed: its old path; linked: its target. */
  readonly other?: string;
  readonly verbs: FirstTimes<FileVerb>;
  times: number;
  last: bigint;
}

export type Direction = 'out' | 'in' | 'listen';

export interface Connection {
  readonly direction: Direction;
  readonly protocol: string;
  /** `203.0.113.7:443`, or the path of a Unix socket. */
  readonly peer: string;
  /** Name of the error, if it failed. */
  readonly error?: string;
  times: number;
  last: bigint;
}

/** A program that was run. */
export interface Command {
  readonly session: Session;
  readonly pid: number;
  /** Base name of the executable. */
  readonly program: string;
  readonly executable: string | undefined;
  /** The arguments, secrets masked. */
  readonly words: readonly string[];
  readonly directory: string | undefined;
  readonly user: User;
  /** ns since the epoch. Of a program that ran before the record begins: when its process was made. */
  readonly began: bigint;
  readonly ranBefore: boolean;
  /** What it was started from; undefined for the first of a session. */
  readonly parent: Command | undefined;
  readonly depth: number;
  ended?: bigint;
  status?: ExitStatus;
  readonly children: Command[];
  readonly files: Map<string, FileChange>;
  readonly connections: Map<string, Connection>;
  /** Sessions that were entered from here: `su`, `docker exec`. */
  readonly opened: Session[];
  /** Files and connections beyond the bounds. */
  leftOut: number;
}

export interface Session {
  readonly id: string;
  /** How it was entered. */
  kind: EntryKind;
  readonly host: string;
  readonly user: User;
  /** Who logged in, which su and sudo do not change (audit login uid). */
  readonly login: User | undefined;
  readonly container: ContainerPlace | undefined;
  /** service: the unit. */
  readonly unit: string | undefined;
  /** ssh: the address it came from. */
  readonly from: string | undefined;
  readonly terminal: string | undefined;
  /** Programs through which it was entered, nearest first. */
  readonly via: readonly string[];
  /** The session from which it was entered. */
  readonly within: Session | undefined;
  /** exec: what its first program may have been asked to run (requestedHashes()); undefined if that is not known. */
  readonly asked: ReadonlySet<string> | undefined;
  /** exec into a pod: who did it. Undefined if no request is known. */
  kubernetes?: KubernetesEntry;
  /** container: requests to attach to it. */
  attached?: PodRequest[];
  readonly pid: number;
  /** When its first process was forked, in ns since the epoch. Who is in a container can stop that process before its program begins. */
  readonly forked: bigint;
  /** When its first program began, in ns since the epoch. */
  readonly began: bigint;
  readonly ranBefore: boolean;
  /** The last thing that was seen in it. */
  last: bigint;
  /** No process of it is left. */
  isOver: boolean;
  readonly commands: Command[];
  commandCount: number;
  /** Commands beyond the bound. */
  leftOut: number;
}

/** The changed files of a command, in order of time. */
export function filesOf({ files }: Command): FileChange[] {
  return [...files.values()].toSorted((one, other) => compareBigints(one.verbs.first, other.verbs.first));
}

/** All commands, each before its children. */
export function* commandsOf(session: Session): Generator<Command> {
  const next = session.commands.toReversed();
  for (let command = next.pop(); command; command = next.pop()) {
    yield command;
    next.push(...command.children.toReversed());
  }
}
