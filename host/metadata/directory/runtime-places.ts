// The places of this machine's container runtimes, and the candidates for a container.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerNotice } from '../../capture/native.ts';
import type { ContainerMetadata } from '../container-metadata.ts';
import { CriRuntimes } from '../cri/runtimes.ts';
import { usualSockets } from '../cri/sockets.ts';
import { DOCKER_SOCKET, inspectContainer, PODMAN_SOCKET } from '../docker.ts';
import type { MetadataSource, SourceListener } from '../failure-log.ts';
import { findRuncContainer, RUNC_ROOTS } from '../runc.ts';

export interface RuntimePlaces {
  /** CRI sockets: containerd's, CRI-O's. Missing ones are omitted. */
  readonly criSockets: readonly string[];
  readonly dockerSocket: string;
  readonly podmanSocket: string;
  readonly runcRoots: readonly string[];
}

/** `hostRoot`: mount point of the host's files, for an agent in a container. */
export function usualPlaces(hostRoot = process.env.HOST_ROOT ?? ''): RuntimePlaces {
  const below = (path: string) => (hostRoot === '' ? path : join(hostRoot, path));
  return {
    criSockets: usualSockets(hostRoot),
    dockerSocket: below(DOCKER_SOCKET),
    podmanSocket: below(PODMAN_SOCKET),
    runcRoots: RUNC_ROOTS.map(below),
  };
}

/** A runtime that may know a container. */
export interface ContainerSource {
  readonly name: MetadataSource;
  /** Its path, for messages. */
  readonly place: string;
  /** Its socket or directory exists. */
  isPresent(): boolean;
  /** Undefined for an unknown container. `deadline`: ms of performance.now(), which is monotonic. */
  find(id: string, deadline: number): Promise<ContainerMetadata | undefined>;
}

export class Runtimes {
  readonly #cri: CriRuntimes;
  readonly #sources: Readonly<Record<'cri' | 'docker' | 'podman' | 'runc', ContainerSource>>;

  constructor(places: RuntimePlaces, criListener: SourceListener) {
    const { criSockets, dockerSocket, podmanSocket, runcRoots } = places;
    this.#cri = new CriRuntimes(criSockets, criListener);
    this.#sources = {
      cri: {
        name: 'cri',
        place: criSockets.join(', '),
        isPresent: () => this.#cri.isPresent(),
        find: (id, deadline) => this.#cri.find(id, deadline),
      },
      docker: engine('docker', dockerSocket),
      podman: engine('podman', podmanSocket),
      runc: {
        name: 'runc',
        place: runcRoots.join(', '),
        isPresent: () => runcRoots.some((path) => existsSync(path)),
        find: (id, deadline) => findRuncContainer(id, deadline, runcRoots),
      },
    };
  }

  /** The runtimes to ask about a container, by its cgroup path. */
  for({ type, cgroup }: ContainerNotice): readonly ContainerSource[] {
    const { cri, docker, podman, runc } = this.#sources;
    switch (type) {
      case 'docker':
        return [docker];
      case 'podman':
        return [podman];
      case 'runc':
        return [runc];
      case 'containerd':
      case 'cri-o':
        return [cri];
      default:
        // Below the kubelet's cgroups there are only CRI runtimes or an old Docker.
        return cgroup.includes('kubepods') ? [cri, docker] : [cri, runc, docker, podman];
    }
  }

  async findRunning(): Promise<void> {
    await this.#cri.findRunning();
  }

  close(): void {
    this.#cri.close();
  }
}

function engine(name: 'docker' | 'podman', socket: string): ContainerSource {
  return {
    name,
    place: socket,
    isPresent: () => existsSync(socket),
    find: (id, deadline) =>
      inspectContainer(name, socket, id, AbortSignal.timeout(Math.max(1, Math.ceil(deadline - performance.now())))),
  };
}
