// One container runtime: combines its answers about a container, its sandbox and its image.

import { asArray, asText, at } from '../../diagnostics/json-value.ts';
import type { ContainerMetadata } from '../container-metadata.ts';
import { asMetadataError, MetadataError, type SourceListener } from '../failure-log.ts';
import { parseImageName } from '../image-name.ts';
import { CriClient } from './client.ts';
import { RUNNING } from './messages.ts';
import {
  fromContainerStatus,
  fromImageStatus,
  fromSandboxStatus,
  infoOf,
  type SandboxFacts,
  sandboxIdOf,
} from './read.ts';

/** Images in the cache: containers come and go, images stay. */
const IMAGES_KEPT = 256;
/** Running containers that are listed at the start. */
const MOST_LISTED = 4096;

export class CriRuntime {
  readonly #client: CriClient;
  readonly #listener: SourceListener;
  /** Metadata by image reference, oldest first. */
  readonly #images = new Map<string, ContainerMetadata>();

  /** `listener` is notified of partial failures, where the answer is still useful. */
  constructor(socket: string, listener: SourceListener) {
    this.#client = new CriClient(socket, listener);
    this.#listener = listener;
  }

  /** Whether it speaks CRI at all. */
  async greet(deadline: number): Promise<boolean> {
    return await this.#client.greet(deadline);
  }

  /** Undefined for an unknown container. Rejects with MetadataError. */
  async find(id: string, deadline: number): Promise<ContainerMetadata | undefined> {
    const answer = await this.#client.call('ContainerStatus', { container_id: id, verbose: true }, deadline);
    if (!answer) return await this.#findSandbox(id, deadline);
    this.#check(id, at(answer, 'status', 'id'));
    const info = infoOf(answer);
    const container = fromContainerStatus(answer, info);
    const [sandbox, image] = await Promise.all([
      this.#beside(this.#sandboxOf(id, sandboxIdOf(info), deadline)),
      this.#beside(this.#image(asText(at(answer, 'status', 'image_ref')) || container.image, deadline)),
    ]);
    const { ip } = sandbox?.pod ?? {};
    const pod = { ...container.pod, ...sandbox?.pod };
    return {
      ...image,
      ...container,
      ...imageName(container.image, image?.image),
      runtime: this.#client.runtime,
      ...(ip !== undefined && { ip }),
      ...(Object.keys(pod).length > 0 && { pod }),
      ...(sandbox?.hostNamespaces && { hostNamespaces: sandbox.hostNamespaces }),
      ...(sandbox?.cni !== undefined && { cni: sandbox.cni }),
    };
  }

  /** Ids of the containers that run. */
  async running(deadline: number): Promise<readonly string[]> {
    const filter = { state: { state: RUNNING } };
    const answer = await this.#client.call('ListContainers', { filter }, deadline);
    const ids = asArray(at(answer, 'containers')).map((container) => asText(at(container, 'id')));
    return ids.filter((id) => id !== undefined && id !== '').slice(0, MOST_LISTED) as string[];
  }

  close(): void {
    this.#client.close();
  }

  /** The sandbox itself is a container too: the pause process runs in it. */
  async #findSandbox(id: string, deadline: number): Promise<ContainerMetadata | undefined> {
    const sandbox = await this.#sandbox(id, deadline);
    if (!sandbox) return undefined;
    const { pod, labels, hostNamespaces, cni, startTime } = sandbox;
    return {
      runtime: this.#client.runtime,
      pod,
      labels,
      ...(pod.name !== undefined && { name: pod.name }),
      ...(pod.ip !== undefined && { ip: pod.ip }),
      ...(hostNamespaces && { hostNamespaces }),
      ...(cni !== undefined && { cni }),
      ...(startTime !== undefined && { startTime }),
    };
  }

  /** `sandbox`: its id, if the details of the container have it. */
  async #sandboxOf(id: string, sandbox: string | undefined, deadline: number): Promise<SandboxFacts | undefined> {
    if (sandbox !== undefined) return await this.#sandbox(sandbox, deadline);
    const answer = await this.#client.call('ListContainers', { filter: { id } }, deadline);
    const listed = asText(at(asArray(at(answer, 'containers'))[0], 'pod_sandbox_id'));
    return listed ? await this.#sandbox(listed, deadline) : undefined;
  }

  async #sandbox(id: string, deadline: number): Promise<SandboxFacts | undefined> {
    const answer = await this.#client.call('PodSandboxStatus', { pod_sandbox_id: id, verbose: true }, deadline);
    if (!answer) return undefined;
    this.#check(id, at(answer, 'status', 'id'));
    return fromSandboxStatus(id, answer);
  }

  async #image(reference: string | undefined, deadline: number): Promise<ContainerMetadata | undefined> {
    if (reference === undefined || reference === '') return undefined;
    const known = this.#images.get(reference);
    if (known) return known;
    const answer = await this.#client.call('ImageStatus', { image: { image: reference } }, deadline);
    if (!answer) return undefined;
    const image = fromImageStatus(answer);
    this.#images.set(reference, image);
    for (const oldest of this.#images.keys()) {
      if (this.#images.size <= IMAGES_KEPT) break;
      this.#images.delete(oldest);
    }
    return image;
  }

  /** The rest of the metadata is useful without it. */
  async #beside<T>(answer: Promise<T>): Promise<T | undefined> {
    try {
      return await answer;
    } catch (error) {
      this.#listener.failed(asMetadataError(error));
      return undefined;
    }
  }

  /** Runtimes accept a prefix of an id: reject an answer about another container. */
  #check(asked: string, answered: unknown): void {
    if (asked === answered) return;
    throw new MetadataError('invalid', `${this.#client.socket}: the answer is about another container`);
  }
}

/** Finds the image's name for a container that was started by the image's id. */
function imageName(asked: string | undefined, known: string | undefined): { readonly image?: string } {
  const image = asked !== undefined && parseImageName(asked) ? asked : (known ?? asked);
  return image === undefined ? {} : { image };
}
