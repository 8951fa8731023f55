// Containers of a savefile: those that processes are in, and their runtime's data about them, which events have as JSON.

import { SECOND } from '../../fields/time.ts';
import type { ContainerMetadata, ContainerMount } from '../../metadata/container-metadata.ts';
import type { ContainerOfProcess } from './images.ts';

export interface KnownContainer {
  readonly container: ContainerOfProcess;
  /** Undefined: the file does not say. */
  readonly metadata: ContainerMetadata | undefined;
}

/** Containers whose metadata is kept until a process is in them, and those that processes are in. */
const MOST = 65_536;
/** Bytes of what an event says of a container, and of all that is kept. */
const LONGEST_JSON = 64 << 10;
const MOST_BYTES = 64 << 20;
const SHORT_ID = 12;

export class Containers {
  readonly #metadata = new Map<string, { readonly metadata: ContainerMetadata; readonly bytes: number }>();
  #bytes = 0;
  readonly #seen = new Map<string, ContainerOfProcess>();
  readonly #changed = new Set<string>();

  /** A process is in it. */
  seen(container: ContainerOfProcess): void {
    const id = shortened(container.fullId);
    if (this.#seen.has(id) || this.#seen.size >= MOST) return;
    this.#seen.set(id, container);
    this.#changed.add(id);
  }

  /** What an event says; what can't be read is ignored, and so is what is too long. */
  add(json: Uint8Array): void {
    if (json.length > LONGEST_JSON) return;
    const found = readContainer(Buffer.from(json).toString('utf8'));
    if (!found) return;
    const id = shortened(found.id);
    const before = this.#metadata.get(id);
    const bytes = this.#bytes + json.length - (before?.bytes ?? 0);
    if (bytes > MOST_BYTES || (!before && this.#metadata.size >= MOST)) return;
    this.#bytes = bytes;
    this.#metadata.set(id, { metadata: found.metadata, bytes: json.length });
    if (this.#seen.has(id)) this.#changed.add(id);
  }

  /** Containers that are new or known better since the last call. */
  take(): KnownContainer[] {
    const ids = [...this.#changed];
    this.#changed.clear();
    return ids.flatMap((id) => {
      const container = this.#seen.get(id);
      return container ? [{ container, metadata: this.#metadata.get(id)?.metadata }] : [];
    });
  }
}

function shortened(id: string): string {
  return id.slice(0, SHORT_ID);
}

function readContainer(text: string): { id: string; metadata: ContainerMetadata } | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const container = member(json, 'container');
  const id = textOf(container, 'full_id') ?? textOf(container, 'id');
  if (id === undefined || id === 'host') return undefined;
  return { id, metadata: metadataOf(container) };
}

function metadataOf(container: unknown): ContainerMetadata {
  const labels = labelsOf(member(container, 'labels'));
  const podLabels = labelsOf(member(container, 'pod_sandbox_labels'));
  const created = member(container, 'created_time');
  const privileged = member(container, 'privileged');
  const pid = member(container, 'host_pid');
  const [network, ipc] = [member(container, 'host_network'), member(container, 'host_ipc')];
  const digest = textOf(container, 'imagedigest');
  return defined({
    name: textOf(container, 'name'),
    image: textOf(container, 'image'),
    imageId: textOf(container, 'imageid'),
    imageDigest: digest,
    privileged: typeof privileged === 'boolean' ? privileged : undefined,
    user: textOf(container, 'User'),
    startTime: isTime(created) ? BigInt(created) * SECOND : undefined,
    ip: textOf(container, 'ip'),
    labels,
    mounts: mountsOf(member(container, 'Mounts')),
    hostNamespaces: typeof pid === 'boolean' ? { pid, network: network === true, ipc: ipc === true } : undefined,
    cni: textOf(container, 'cni_json'),
    pod: labels && podOf(container, labels, podLabels),
  });
}

/** Seconds since the epoch, which the nanoseconds of a container have room for. */
function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0 && Number(value) < LATEST;
}

const LATEST = 2 ** 34;

/** The kubelet's labels of a container name its pod. */
function podOf(
  container: unknown,
  labels: ReadonlyMap<string, string>,
  podLabels: ReadonlyMap<string, string> | undefined,
): ContainerMetadata['pod'] {
  const name = labels.get('io.kubernetes.pod.name');
  if (name === undefined) return undefined;
  return defined({
    name,
    namespace: labels.get('io.kubernetes.pod.namespace'),
    uid: labels.get('io.kubernetes.pod.uid'),
    sandboxId: textOf(container, 'pod_sandbox_id') ?? labels.get('io.kubernetes.sandbox.id'),
    ip: textOf(container, 'ip'),
    labels: podLabels,
  });
}

function mountsOf(json: unknown): ContainerMount[] | undefined {
  if (!Array.isArray(json)) return undefined;
  return json.map((mount: unknown) => ({
    source: textOf(mount, 'Source') ?? '',
    destination: textOf(mount, 'Destination') ?? '',
    mode: textOf(mount, 'Mode') ?? '',
    writable: member(mount, 'RW') === true,
    propagation: textOf(mount, 'Propagation') ?? '',
  }));
}

function labelsOf(json: unknown): ReadonlyMap<string, string> | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  return new Map(
    Object.entries(json).flatMap(([key, value]): [string, string][] =>
      typeof value === 'string' ? [[key, value]] : [],
    ),
  );
}

function member(json: unknown, name: string): unknown {
  return typeof json === 'object' && json !== null ? (json as Record<string, unknown>)[name] : undefined;
}

/** Absent if it is empty: libs writes all keys. */
function textOf(json: unknown, name: string): string | undefined {
  const value = member(json, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

type Defined<Members> = { [Name in keyof Members]?: Exclude<Members[Name], undefined> };

function defined<Members extends object>(members: Members): Defined<Members> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Defined<Members>;
}
