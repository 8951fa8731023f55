// Sessions that began with an exec into a container: recognised when their first program begins, and found again from any process that descends from
// it. By the rules of the journal's sessions (host/journal/activity/): the first program in a container whose process was forked outside of it.

import { containerOf, isRuntime } from '../../fields/entry.ts';
import type { EventMemory } from '../../fields/memory.ts';
import { ImageRecord } from '../../fields/record.ts';
import { CONTAINER, CONTAINER_STATE } from '../../schema/container.ts';
import { IMAGE, IMAGE_KIND, LONGEST_CHAIN, ROOT_PID_NAMESPACE } from '../../schema/image.ts';
import { member } from '../../schema/layout.ts';
import type { SessionRef, StartedSession } from '../../sessions/exec-entry.ts';
import type { FromWorker } from '../messages/protocol.ts';

const KIND = member(IMAGE, 'kind').offset;
const PARENT_ADDRESS = member(IMAGE, 'parent_address').offset;
const CONTAINER_ADDRESS = member(IMAGE, 'container_address').offset;
const PID_NAMESPACE = member(IMAGE, 'pid_namespace').offset;
const STATE = member(CONTAINER, 'state').offset;

/** The oldest are forgotten. What descends from a forgotten one is recognised as long as its first process is remembered. */
const REMEMBERED = 16_384;
/** Sessions within sessions that are followed. */
const MOST_WITHIN = 8;

interface Session extends SessionRef {
  /** Someone entered a container that was there; else it is the container's own program. */
  readonly isExec: boolean;
  /** In which it was entered. */
  readonly within: Session | undefined;
}

export class ExecSessions {
  readonly #memory: EventMemory;
  /** Sessions by the process that began them. */
  readonly #known = new Map<string, Session>();
  /** What of() has found, by image id: rules with conditions on the session ask for each event that the rest of them holds of. */
  readonly #ofImage = new Map<bigint, readonly SessionRef[]>();
  #found: StartedSession[] = [];

  constructor(memory: EventMemory) {
    this.#memory = memory;
  }

  /** Called with the address of each new image, before its first event is evaluated. Most are not the first program of a container. */
  see(image: number): void {
    const memory = this.#memory;
    const kind = memory.u16(image + KIND);
    if (kind !== IMAGE_KIND.EXEC && kind !== IMAGE_KIND.SNAPSHOT) return;
    const container = memory.u32(image + CONTAINER_ADDRESS);
    if (container === 0 || memory.u8(container + STATE) === CONTAINER_STATE.HOST) return;
    const parent = memory.u32(image + PARENT_ADDRESS);
    const namespace = memory.u32(image + PID_NAMESPACE);
    const isInside =
      parent !== 0 &&
      memory.u32(parent + CONTAINER_ADDRESS) === container &&
      memory.u32(parent + PID_NAMESPACE) === namespace;
    // In the host's pid namespace the parent may be a runtime, which is in the container's cgroup already.
    if (isInside && namespace !== ROOT_PID_NAMESPACE) return;
    const record = ImageRecord.at(memory, image);
    if (record) this.#sessionOf(record, record);
  }

  /** The sessions that the process descends from, the innermost first. */
  of(image: ImageRecord | undefined): readonly SessionRef[] {
    if (!image) return [];
    const id = image.big('id');
    // 0: its process is not known.
    const known = id === 0n ? undefined : this.#ofImage.get(id);
    if (known) return known;
    const session = this.#sessionOf(image);
    const found = refsFrom(session);
    // What is in no session may be in a container that is not known yet, unless it is on the host.
    if (id !== 0n && (session || image.container?.isHost)) {
      if (this.#ofImage.size >= REMEMBERED) this.#ofImage.clear();
      this.#ofImage.set(id, found);
    }
    return found;
  }

  /** Sends those that were recognised since the last call: before the matches that name them. */
  announce(send: (message: FromWorker) => void): void {
    if (this.#found.length === 0) return;
    send({ kind: 'sessions', sessions: this.#found });
    this.#found = [];
  }

  /** @param program an image that has just come, whose program is its process's first in the container if that begins a session */
  #sessionOf(image: ImageRecord, program?: ImageRecord): Session | undefined {
    const chain: ImageRecord[] = [];
    let session: Session | undefined;
    let next: ImageRecord | undefined = image;
    for (; next; next = next.parent) {
      session = this.#known.get(keyOf(next));
      if (session) break;
      // If a chain is cut, its beginning is not known.
      if (chain.length === LONGEST_CHAIN) return undefined;
      chain.push(next);
    }
    for (const each of chain.reverse()) {
      const container = containerOf(each);
      if (container === undefined || container === session?.container || isRuntime(each)) continue;
      session = this.#begin(each, container, session, each === program);
    }
    return session;
  }

  #begin(image: ImageRecord, container: string, within: Session | undefined, isFirstProgram: boolean): Session {
    const key = keyOf(image);
    const [pid, start] = [image.number('pid'), image.big('start_time')];
    // The first process of a pid namespace is what the container was made for.
    const session: Session = { key, pid, start, container, isExec: image.number('vpid') !== 1, within };
    this.#known.set(key, session);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= REMEMBERED) break;
      this.#known.delete(oldest);
    }
    if (!session.isExec) return session;
    // Where its parent is not known, it may have been there before.
    const isFirst = isFirstProgram && image.number('kind') === IMAGE_KIND.EXEC && image.parent !== undefined;
    const argv = isFirst ? image.bytes('argv') : undefined;
    this.#found.push({ key, pid, start, container, ...(argv && { argv }) });
    return session;
  }
}

/** A process for good: a pid that is used again has another start. */
function keyOf(image: ImageRecord): string {
  return `${image.number('pid')} ${image.big('start_time')}`;
}

/** The sessions by an exec, from the innermost on. */
function refsFrom(innermost: Session | undefined): readonly SessionRef[] {
  const found: SessionRef[] = [];
  for (let session = innermost; session && found.length < MOST_WITHIN; session = session.within) {
    const { key, pid, start, container } = session;
    if (session.isExec) found.push({ key, pid, start, container });
  }
  return found;
}
