// The container runtimes of this machine that speak CRI, asked one after the other; all running containers at the start.

import type { ContainerMetadata } from '../container-metadata.ts';
import { asMetadataError, type MetadataError, type SourceListener } from '../failure-log.ts';
import type { CriRuntime } from './runtime.ts';
import { presentSockets } from './sockets.ts';

/** A socket without CRI is tried again after this time: containerd's CRI plugin may be turned on. */
const SILENT_FOR_MS = 60_000;
/** How long the runtime has for the list at the start, and for each container on it. */
const START_TIMEOUT_MS = 5000;
const AT_ONCE = 8;
/** Results of the start are dropped after this time if unused. */
const KEEP_MS = 60_000;

interface Known {
  readonly runtime: CriRuntime;
  /** performance.now() before which it is not tried again. */
  silentUntil: number;
}

export class CriRuntimes {
  readonly #sockets: readonly string[];
  readonly #listener: SourceListener;
  readonly #runtimes = new Map<string, Known>();
  /** Answers by full id, during the lookup and until the result is used. */
  readonly #early = new Map<string, Promise<ContainerMetadata | undefined>>();
  #forget: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(sockets: readonly string[], listener: SourceListener) {
    this.#sockets = sockets;
    this.#listener = listener;
  }

  isPresent(): boolean {
    return presentSockets(this.#sockets).length > 0;
  }

  /** Undefined if no runtime knows the container. `deadline`: ms of performance.now(). Rejects with MetadataError. */
  async find(id: string, deadline: number): Promise<ContainerMetadata | undefined> {
    const early = this.#early.get(id);
    this.#early.delete(id);
    return (await early) ?? (await this.#ask(id, deadline));
  }

  /** Looks up all running containers, so that a restarted agent does not have to ask about each. Never rejects. */
  async findRunning(): Promise<void> {
    this.#forget = setTimeout(() => this.#early.clear(), KEEP_MS);
    this.#forget.unref();
    const deadline = performance.now() + START_TIMEOUT_MS;
    try {
      for (const runtime of await this.#speaking(deadline)) {
        const ids = [...(await runtime.running(deadline))];
        const next = async (): Promise<void> => {
          for (let id = ids.shift(); id !== undefined && !this.#closed; id = ids.shift()) {
            const found = this.#tolerant(runtime.find(id, deadline));
            this.#early.set(id, found);
            await found;
          }
        };
        await Promise.all(Array.from({ length: AT_ONCE }, next));
      }
    } catch (error) {
      this.#listener.failed(asMetadataError(error));
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#forget);
    for (const { runtime } of this.#runtimes.values()) runtime.close();
    this.#runtimes.clear();
  }

  async #ask(id: string, deadline: number): Promise<ContainerMetadata | undefined> {
    let failure: MetadataError | undefined;
    for (const runtime of await this.#speaking(deadline)) {
      try {
        const found = await runtime.find(id, deadline);
        if (found) return found;
      } catch (error) {
        failure ??= asMetadataError(error);
      }
    }
    if (failure) throw failure;
    return undefined;
  }

  /** Drops the result; the runtime is asked again when needed. */
  async #tolerant(answer: Promise<ContainerMetadata | undefined>): Promise<ContainerMetadata | undefined> {
    try {
      return await answer;
    } catch {
      return undefined;
    }
  }

  /** The runtimes with CRI. Rejects if sockets exist but none answers. */
  async #speaking(deadline: number): Promise<readonly CriRuntime[]> {
    let failure: MetadataError | undefined;
    const greeted = presentSockets(this.#sockets).map(async (socket) => {
      const known = await this.#known(socket);
      if (!known || performance.now() < known.silentUntil) return undefined;
      try {
        if (await known.runtime.greet(deadline)) return known.runtime;
        known.silentUntil = performance.now() + SILENT_FOR_MS;
      } catch (error) {
        failure ??= asMetadataError(error);
      }
      return undefined;
    });
    const speaking = (await Promise.all(greeted)).filter((runtime) => runtime !== undefined);
    if (speaking.length === 0 && failure) throw failure;
    return speaking;
  }

  /** gRPC takes 15 MB, so it is only loaded if there is a socket. */
  async #known(socket: string): Promise<Known | undefined> {
    const { CriRuntime } = await import('./runtime.ts');
    if (this.#closed) return undefined;
    let known = this.#runtimes.get(socket);
    if (!known) {
      known = { runtime: new CriRuntime(socket, this.#listener), silentUntil: 0 };
      this.#runtimes.set(socket, known);
    }
    return known;
  }
}
