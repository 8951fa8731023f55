// What an event type is: the shape of its record, its parameters, and the system calls that are reported as it.

import type { EventShape } from '../event-structs.ts';
import type { Parameter } from '../types.ts';
import type { IoUringOperation } from './io-uring.ts';

export type EventCategory = 'file' | 'net' | 'process' | 'user' | 'IPC' | 'system' | 'other';

/** What a call may have changed in its process: the process gets a new image before the event is written. */
export type ProcessChange = 'credentials' | 'group' | 'place';

/** What the calls of a family do, however they are called. */
export type CallEffect =
  | ImpliedEffect
  | 'forks'
  | 'duplicates'
  | 'removes'
  | 'makes-directory'
  | 'makes-node'
  | 'renames'
  | 'links'
  | 'links-symbolically'
  | 'truncates'
  | 'changes-mode'
  | 'changes-owner'
  /** Extended attributes, and those that chattr sets. */
  | 'changes-attributes'
  | 'changes-times'
  | 'mounts'
  | 'accepts'
  | 'sends'
  | 'receives'
  | 'signals'
  | 'changes-namespaces'
  | 'loads-kernel-code';

/** Follow from the shape, or from `change`: see effectOf(). */
type ImpliedEffect = 'opens' | 'runs' | 'changes-credentials';

/** The BPF programs that write event records (native/bpf/hooks.h: WASPREY_SLOTS). */
export type EventProgram =
  | 'on_open'
  | 'on_execve'
  | 'on_socket'
  | 'on_send'
  | 'on_send_many'
  | 'on_receive'
  | 'on_receive_many'
  | 'on_path'
  | 'on_paths'
  | 'on_descriptor'
  | 'on_process';

/** A call by socketcall(2) of i386. */
export interface SocketCall {
  /** Number as SYS_* of <linux/net.h>. */
  readonly number: number;
  /** How many arguments the kernel reads. */
  readonly arguments: number;
  /** Default: the name of the type. */
  readonly name?: string;
}

/** `name` is that of the system call, too. */
export type EventType = TypeBase & (NamesFiles | NamesNone);

type GivenEffect = Exclude<CallEffect, ImpliedEffect>;

/** The journal, activity and reports know calls on files by nothing but what these do. */
interface NamesFiles {
  readonly shape: 'path' | 'paths';
  readonly does: GivenEffect;
}

interface NamesNone {
  readonly shape: Exclude<EventShape, NamesFiles['shape']>;
  /** Missing where no other call does the same, and where it is implied. */
  readonly does?: GivenEffect;
}

interface TypeBase {
  readonly name: string;
  /** header.type; stable: a number is never given to another type. */
  readonly number: number;
  readonly category: EventCategory;
  readonly parameters: readonly Parameter[];
  /** Falco's event flags: fd.* fields are absent on events with neither. */
  readonly createsFd?: true;
  readonly usesFd?: true;
  /** evt.buffer and the evt.is_io family. */
  readonly io?: 'read' | 'write';
  /** Default: the program of the shape. */
  readonly program?: EventProgram;
  /** Further system calls that are reported as this type, by their names in call-numbers.ts; some are 32-bit alone. */
  readonly otherCalls?: readonly string[];
  /** Types whose work the call does as well: rules on those need it, too. */
  readonly sisters?: readonly string[];
  readonly change?: ProcessChange;
  /** Requests of io_uring that are reported as this type. */
  readonly requests?: readonly IoUringOperation[];
  readonly socketcalls?: readonly SocketCall[];
}
