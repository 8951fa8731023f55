// The containers of a history: what is known of each, and what was seen in it.

import type { ContainerView } from '../container-view.ts';
import { isInRootNamespace, type ProgramState } from './process.ts';
import type { ContainerPlace, Session } from './session.ts';

/** The first program of a container starts when its runtime says that the container did. */
const SAME_START_NS = 1_000_000_000n;
const SHORT_ID = 12;

export class ContainerPlaces {
  readonly #places = new Map<string, ContainerPlace>();
  /** Containers in which a process was seen, with the session of the first. */
  readonly #first = new Map<string, Session | undefined>();
  /** Containers by pid namespaces that are not the host's. */
  readonly #byNamespace = new Map<number, string>();

  /** Before each history: another machine or start of it has other namespaces. */
  begin(): void {
    this.#byNamespace.clear();
  }

  /** An object that learns more when the runtime answers. */
  place(id: string): ContainerPlace {
    const known = this.#places.get(id);
    if (known) return known;
    const place = { id };
    this.#places.set(id, place);
    return place;
  }

  /**
   * The id of the container that a program is in, by its cgroup or, as after nsenter, by its pid namespace alone; undefined on the host, '' if
   * that is not known.
   */
  of(state: ProgramState): string | undefined {
    return state.container ?? (isInRootNamespace(state) ? undefined : this.#byNamespace.get(state.pidNamespace));
  }

  /** Whether nothing was seen in it before. */
  isNew(id: string): boolean {
    return !this.#first.has(id);
  }

  /** A program was seen in it, in that session if it is an entry. */
  see(id: string, state: ProgramState, session: Session | undefined): void {
    if (!this.#first.has(id)) this.#first.set(id, session);
    if (!isInRootNamespace(state)) this.#byNamespace.set(state.pidNamespace, id);
  }

  learn(view: ContainerView): void {
    const id = view.text('id') ?? view.id.slice(0, SHORT_ID);
    const place = this.place(id);
    const name = view.text('name');
    // runc has no names.
    if (name && name !== view.text('full_id')) place.name = name;
    const image = view.text('image') ?? view.text('image_repository');
    if (image) place.image = image;
    const [pod, namespace] = [view.text('pod_name'), view.text('pod_namespace')];
    if (pod) place.pod = pod;
    if (namespace) place.namespace = namespace;
    this.#correctKind(id, view.startTime);
  }

  /** In the pid namespace of a pod, a container's own program looks as if it was entered. */
  #correctKind(id: string, start: bigint): void {
    const session = this.#first.get(id);
    if (session?.kind !== 'exec' || start === 0n) return;
    const apart = session.began - start;
    if (apart < SAME_START_NS && apart > -SAME_START_NS) session.kind = 'container';
  }
}
