// A process as a reader of the savefile has it at this point of the file.

import type { ProcessImage } from './process-image.ts';

export interface KnownProcess {
  readonly pid: number;
  /** ProcessImage.process */
  readonly process: string;
  parent: KnownProcess | undefined;
  readonly children: Set<KnownProcess>;
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

/** What a child has of its parent. */
export interface Inherited extends Pick<KnownProcess, 'program' | 'sid' | 'cwd'> {
  readonly credentials: Credentials;
  readonly descriptors: ReadonlyMap<number, KnownDescriptor>;
}

/** No process has these, so what it needs is written. */
const NOT_KNOWN = { program: '', sid: -1, cwd: '', uid: -1, gid: -1, capabilities: '-' } as const;
const UNKNOWN_DESCRIPTOR: KnownDescriptor = { print: '', closesOnExec: false };

export function credentialsOf({ uid, gid, capabilities }: ProcessImage): Credentials {
  return { uid, gid, capabilities: capabilities.join() };
}

/** Whether it may be one, so that it has to be closed for a reader that must not see one. */
export function mayBeIpSocket(descriptor: KnownDescriptor | undefined): boolean {
  return descriptor === UNKNOWN_DESCRIPTOR || /^[46]/.test(descriptor?.print ?? '');
}

/** @param tid the thread of the parent that forks */
export function inheritedFrom(parent: KnownProcess, tid = parent.pid): Inherited {
  const { program, sid, cwd, threads, descriptors } = parent;
  const { uid, gid, capabilities } = NOT_KNOWN;
  const credentials = threads.get(tid) ?? threads.get(parent.pid) ?? { uid, gid, capabilities };
  return { program, sid, cwd, credentials, descriptors: new Map(descriptors) };
}

/** What is the same in both; the rest is not known. */
export function agreed(one: Inherited, other: Inherited): Inherited {
  const descriptors = new Map(one.descriptors);
  for (const number of new Set([...one.descriptors.keys(), ...other.descriptors.keys()])) {
    const [a, b] = [one.descriptors.get(number), other.descriptors.get(number)];
    if (a?.print !== b?.print || a?.closesOnExec !== b?.closesOnExec) descriptors.set(number, UNKNOWN_DESCRIPTOR);
  }
  const [a, b] = [one.credentials, other.credentials];
  return {
    program: one.program === other.program ? one.program : NOT_KNOWN.program,
    sid: one.sid === other.sid ? one.sid : NOT_KNOWN.sid,
    cwd: one.cwd === other.cwd ? one.cwd : NOT_KNOWN.cwd,
    credentials: {
      uid: a.uid === b.uid ? a.uid : NOT_KNOWN.uid,
      gid: a.gid === b.gid ? a.gid : NOT_KNOWN.gid,
      capabilities: a.capabilities === b.capabilities ? a.capabilities : NOT_KNOWN.capabilities,
    },
    descriptors,
  };
}
