// A process as a reader of the savefile has it at this point of the file.

import type { ProcessImage } from './process-image.ts';

export interface KnownProcess {
  readonly pid: number;
  /** ProcessImage.process */
  readonly process: string;
  parent: KnownProcess | undefined;
  readonly children: Set<KnownProcess>;
  /** Only the list at the head has it: an event of its parent makes it anew. */
  isListed: boolean;
  program: string;
  sid: number;
  cwd: string;
  /** Credentials by thread. */
  readonly threads: Map<number, Credentials>;
  readonly descriptors: Map<number, KnownDescriptor>;
}

export interface KnownDescriptor {
  readonly print: string;
  readonly closesOnExec: boolean;
}

export interface Credentials {
  readonly uid: number;
  readonly gid: number;
  readonly capabilities: string;
}

/** Values that no image has, so that the image's own are written before its next event. */
const UNKNOWN = { program: '', sid: -1, cwd: '' } as const;
const UNKNOWN_CREDENTIALS: Credentials = { uid: -1, gid: -1, capabilities: '-' };
const UNKNOWN_DESCRIPTOR: KnownDescriptor = { print: '', closesOnExec: false };
const STANDARD_STREAMS = [0, 1, 2];

export function credentialsOf({ uid, gid, capabilities }: ProcessImage): Credentials {
  return { uid, gid, capabilities: capabilities.join() };
}

/** Whether a reader may take it for an IP socket. Then it is closed where there must be none. */
export function mayBeIpSocket(descriptor: KnownDescriptor | undefined): boolean {
  return descriptor === UNKNOWN_DESCRIPTOR || /^[46]/.test(descriptor?.print ?? '');
}

/** Sets what a child has by its own clone, and by its parent of now. A program of its own is written after it. */
export function inherit(known: KnownProcess, image: ProcessImage): void {
  const { parent } = known;
  const ofParent = parent?.threads.get(parent.pid);
  known.threads.set(known.pid, { ...credentialsOf(image), capabilities: ofParent?.capabilities ?? '' });
  if (!parent) return;
  known.program = parent.program;
  known.sid = parent.sid;
  known.cwd = parent.cwd;
  for (const [number, one] of parent.descriptors) known.descriptors.set(number, one);
}

/** The reader created this process from an event of its parent, which may have changed since. Its state in the reader is therefore unknown. */
export function forget(known: KnownProcess): void {
  Object.assign(known, UNKNOWN);
  known.threads.set(known.pid, UNKNOWN_CREDENTIALS);
  const numbers = [...STANDARD_STREAMS, ...known.descriptors.keys(), ...(known.parent?.descriptors.keys() ?? [])];
  for (const number of numbers) known.descriptors.set(number, UNKNOWN_DESCRIPTOR);
}
