// The state of a container (or of a tree of processes) at the time of an alert, as a capture has it: plain data, for JSON. Every text in
// it comes from traced processes, and is escaped where it is shown.

import { flag, list, number, object, oneOf, optional, text, type ValueOf } from '../../diagnostics/json-shape.ts';

/** What the state is of. */
export type StateScope =
  /** All processes whose control group names the container. `id`: the full id, 64 hexadecimal digits where the runtime has them. */
  | { readonly kind: 'container'; readonly id: string }
  /** The process with that pid or the processes of that session, and all that descend from them. */
  | { readonly kind: 'process_tree'; readonly pid: number }
  | { readonly kind: 'all' };

export interface StateLimits {
  /** Limit of processor time (time-limit.ts): what has not been read by then is left out. Hashes of files come after it, and have as much time again. */
  readonly milliseconds: number;
  readonly processes: number;
  /** Descriptors of one process. */
  readonly descriptors: number;
  /** Changed files of the upper layer. */
  readonly changedFiles: number;
  /** No hash is made beyond so many bytes in all. */
  readonly hashedBytes: number;
}

export const STATE_LIMITS: StateLimits = {
  milliseconds: 200,
  processes: 4096,
  descriptors: 1024,
  changedFiles: 4096,
  hashedBytes: 64 << 20,
};

const SOCKET = object({
  protocol: oneOf(['tcp', 'tcp6', 'udp', 'udp6', 'unix']),
  /** `10.0.0.1:443`, `[::1]:80`, or the path of a unix socket. */
  local: text,
  /** Missing when not connected. */
  peer: optional(text),
  /** `established`, `listen`, ... of TCP. */
  status: optional(text),
});

const DESCRIPTOR = object({
  number,
  /** What /proc calls it: a path, `pipe:[1]`, `anon_inode:[eventpoll]`. */
  target: text,
  access: optional(oneOf(['r', 'w', 'rw'])),
  socket: optional(SOCKET),
});

/** Memory that may be executed, with the file that is mapped there. */
const EXECUTABLE_MAP = object({ from: text, to: text, access: text, path: text });

const DETAILS = object({ descriptors: list(DESCRIPTOR), executableMaps: list(EXECUTABLE_MAP) });

const EXECUTABLE = object({
  path: text,
  /** It was removed, or never had a name (memfd). */
  deleted: flag,
  size: number,
  inode: number,
  /** Hexadecimal; missing when a bound was reached, or the file could not be read. */
  sha256: optional(text),
});

const PROCESS = object({
  pid: number,
  /** Its number in its own pid namespace. */
  vpid: number,
  parent: number,
  session: number,
  name: text,
  /** R, S, D, T, Z, ...: proc_pid_stat(5). */
  status: text,
  /** ms since the epoch. */
  started: number,
  arguments: list(text),
  /** Names of variables, without values: they may be secrets. */
  environment: list(text),
  directory: optional(text),
  root: optional(text),
  executable: optional(EXECUTABLE),
  /** Real, effective, saved, of the file system. */
  users: list(number),
  groups: list(number),
  supplementary: list(number),
  /** Hexadecimal, as /proc has them. */
  capabilities: object({ effective: text, permitted: text, bounding: text }),
  noNewPrivileges: flag,
  /** 0 off, 1 strict, 2 filter. */
  seccomp: number,
  terminal: flag,
  /** What is read last, of all processes: missing when the time was over. */
  details: optional(DETAILS),
});

const MOUNT = object({
  point: text,
  type: text,
  source: text,
  /** Where in the file system it begins. */
  root: text,
  options: text,
});

const LISTENER = object({
  protocol: oneOf(['tcp', 'tcp6', 'udp', 'udp6']),
  address: text,
  /** Processes of the scope that have it open. */
  pids: list(number),
});

const CHANGED_FILE = object({
  /** In the container. */
  path: text,
  kind: oneOf(['file', 'directory', 'link', 'removed', 'other']),
  size: number,
  mode: number,
  user: number,
  /** ms since the epoch. */
  modified: number,
  changed: number,
  sha256: optional(text),
});

/** In the order in which they are taken. */
export const STATE_PARTS = ['fired', 'processes', 'files', 'details', 'hashes'] as const;

/** ms after the alert's event, when it was begun, and when each part was there. */
const TIMES = object({
  begun: number,
  /** The process that fired and its ancestors, with the hashes of their programs. */
  fired: number,
  processes: number,
  /** Mounts and changed files. */
  files: number,
  /** Open files, sockets and executable memory. */
  details: number,
  hashes: number,
});

export type StateTimes = ValueOf<typeof TIMES>;

/** Reads a state out of a file. */
export const STATE = object({
  /** ms since the epoch, when it was begun, and how long it took without the hashes. */
  taken: number,
  milliseconds: number,
  /** Missing in older files. */
  times: optional(TIMES),
  processes: list(PROCESS),
  mounts: list(MOUNT),
  listening: list(LISTENER),
  /** Missing: the container has no upper layer that was found. */
  changed: optional(list(CHANGED_FILE)),
  /** What is missing in it, each as a sentence. */
  missing: list(text),
});

export type State = ValueOf<typeof STATE>;
export type ProcessState = ValueOf<typeof PROCESS>;
export type ProcessDetails = ValueOf<typeof DETAILS>;
export type Executable = ValueOf<typeof EXECUTABLE>;
export type Descriptor = ValueOf<typeof DESCRIPTOR>;
export type Socket = ValueOf<typeof SOCKET>;
export type ExecutableMap = ValueOf<typeof EXECUTABLE_MAP>;
export type Mount = ValueOf<typeof MOUNT>;
export type Listener = ValueOf<typeof LISTENER>;
export type ChangedFile = ValueOf<typeof CHANGED_FILE>;
