// The state of a container (or of a tree of processes) at the time of an alert, as a capture has it: plain data, for JSON. Every text in
// it comes from traced processes, and is escaped where it is shown.

/** What the state is of. */
export type StateScope =
  /** All processes whose control group names the container. `id`: the full id, 64 hexadecimal digits where the runtime has them. */
  | { readonly kind: 'container'; readonly id: string }
  /** The process, and all that descend from it. */
  | { readonly kind: 'process_tree'; readonly pid: number }
  | { readonly kind: 'all' };

export interface StateLimits {
  /** What has not been read by then is left out. Hashes of files come after it, and have as much time again. */
  readonly milliseconds: number;
  readonly processes: number;
  /** Of one process. */
  readonly descriptors: number;
  /** Of the upper layer. */
  readonly changedFiles: number;
  /** Files that are longer have no hash; no hash is made beyond so many bytes in all. */
  readonly hashedBytes: number;
}

export const STATE_LIMITS: StateLimits = {
  milliseconds: 200,
  processes: 4096,
  descriptors: 1024,
  changedFiles: 4096,
  hashedBytes: 64 << 20,
};

export interface State {
  /** ms since the epoch, when it was begun, and how long it took without the hashes. */
  readonly taken: number;
  readonly milliseconds: number;
  readonly processes: readonly ProcessState[];
  readonly mounts: readonly Mount[];
  readonly listening: readonly Listener[];
  /** Undefined: the container has no upper layer that was found. */
  readonly changed: readonly ChangedFile[] | undefined;
  /** What is missing in it, each as a sentence. */
  readonly missing: readonly string[];
}

export interface ProcessState {
  readonly pid: number;
  /** Its numbers in its own pid namespace. */
  readonly vpid: number;
  readonly parent: number;
  readonly session: number;
  readonly name: string;
  /** R, S, D, T, Z, ...: proc(5). */
  readonly status: string;
  /** ms since the epoch. */
  readonly started: number;
  readonly arguments: readonly string[];
  /** Names of variables, without values: they may be secrets. */
  readonly environment: readonly string[];
  readonly directory: string | undefined;
  readonly root: string | undefined;
  readonly executable: Executable | undefined;
  /** Real, effective, saved, file system. */
  readonly users: readonly number[];
  readonly groups: readonly number[];
  readonly supplementary: readonly number[];
  /** Hexadecimal, as /proc has them. */
  readonly capabilities: { readonly effective: string; readonly permitted: string; readonly bounding: string };
  readonly noNewPrivileges: boolean;
  /** 0 off, 1 strict, 2 filter. */
  readonly seccomp: number;
  readonly terminal: boolean;
  /** What is read last, of all processes: undefined when the time was over. */
  details?: ProcessDetails;
}

export interface ProcessDetails {
  readonly descriptors: readonly Descriptor[];
  /** Memory that may be executed, with the file that is mapped there. */
  readonly executableMaps: readonly ExecutableMap[];
}

export interface Executable {
  readonly path: string;
  /** It was removed, or never had a name (memfd). */
  readonly deleted: boolean;
  readonly size: number;
  readonly inode: number;
  /** Hexadecimal; undefined when it was too long, or could not be read. */
  sha256?: string;
}

export interface Descriptor {
  readonly number: number;
  /** What /proc calls it: a path, `pipe:[1]`, `anon_inode:[eventpoll]`. */
  readonly target: string;
  readonly access: 'r' | 'w' | 'rw' | undefined;
  readonly socket?: Socket;
}

export interface Socket {
  readonly protocol: 'tcp' | 'tcp6' | 'udp' | 'udp6' | 'unix';
  /** `10.0.0.1:443`, `[::1]:80`, or the path of a unix socket. */
  readonly local: string;
  /** Undefined when not connected. */
  readonly peer?: string;
  /** `established`, `listen`, ... of TCP. */
  readonly status?: string;
}

export interface ExecutableMap {
  readonly from: string;
  readonly to: string;
  readonly access: string;
  readonly path: string;
}

export interface Mount {
  readonly point: string;
  readonly type: string;
  readonly source: string;
  /** Where in the file system it begins. */
  readonly root: string;
  readonly options: string;
}

export interface Listener {
  readonly protocol: 'tcp' | 'tcp6' | 'udp' | 'udp6';
  readonly address: string;
  /** Processes of the scope that have it open. */
  readonly pids: readonly number[];
}

export interface ChangedFile {
  /** In the container. */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'link' | 'removed' | 'other';
  readonly size: number;
  readonly mode: number;
  readonly user: number;
  /** ms since the epoch. */
  readonly modified: number;
  readonly changed: number;
  sha256?: string;
}
