// Reads a container's metadata from a runtime's answers, member by member: missing members or those of another type are unknown.

import { asArray, asObject, asText, asTexts, at } from '../../diagnostics/json-value.ts';
import { boundedTexts } from '../bounded-texts.ts';
import { compact } from '../compact.ts';
import type { ContainerMetadata, ContainerMount, HostNamespaces, PodOfContainer } from '../container-metadata.ts';
import { environmentNames } from '../environment-names.ts';
import { isPrivileged } from '../oci-privileges.ts';
import { podOfLabels } from '../pod-labels.ts';
import { NODE_NAMESPACE, PROPAGATION } from './messages.ts';

const MOST_MOUNTS = 256;
const LONGEST_INFO = 4 * 1024 * 1024;
/** The member in which CRI-O stores the CNI result. */
const CRIO_CNI = 'io.kubernetes.cri-o.CNIResult';

/** The details that runtimes add as JSON to a verbose answer; an empty object if missing. */
export function infoOf(answer: unknown): unknown {
  const text = asText(at(answer, 'info', 'info'));
  if (text === undefined || text.length > LONGEST_INFO) return {};
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** From the answer to ContainerStatus. */
export function fromContainerStatus(answer: unknown, info: unknown): ContainerMetadata {
  const status = at(answer, 'status');
  const labels = boundedTexts(asTexts(at(status, 'labels')));
  return compact<ContainerMetadata>({
    name: asText(at(status, 'metadata', 'name')),
    image: asText(at(status, 'image', 'image')),
    privileged: privilegedOf(info),
    user: userOf(info),
    startTime: asStartTime(at(status, 'started_at')) ?? asStartTime(at(status, 'created_at')),
    labels,
    environmentNames: environmentOf(info),
    mounts: asArray(at(status, 'mounts')).slice(0, MOST_MOUNTS).map(mount),
    pod: podOfLabels(labels),
  });
}

/** Id of the sandbox, from the details of containerd and CRI-O. */
export function sandboxIdOf(info: unknown): string | undefined {
  return asText(at(info, 'sandboxID')) || undefined;
}

/** The image's digest in its registry: `sha256:...` of `name@sha256:...`. */
export function fromImageStatus(answer: unknown): ContainerMetadata {
  const image = at(answer, 'image');
  const reference = asArray(at(image, 'repo_digests'))
    .map(asText)
    .find((text) => text?.includes('@'));
  return compact<ContainerMetadata>({
    imageId: asText(at(image, 'id'))?.replace(/^sha256:/, '') || undefined,
    imageDigest: reference?.slice(reference.indexOf('@') + 1),
    image: asText(asArray(at(image, 'repo_tags'))[0]) ?? reference,
  });
}

export interface SandboxFacts {
  readonly pod: PodOfContainer;
  readonly hostNamespaces?: HostNamespaces;
  readonly cni?: string;
  readonly startTime?: bigint;
  readonly labels: ReadonlyMap<string, string>;
}

/** From the answer to PodSandboxStatus. */
export function fromSandboxStatus(id: string, answer: unknown): SandboxFacts {
  const status = at(answer, 'status');
  const options = asObject(at(status, 'linux', 'namespaces', 'options'));
  const labels = boundedTexts(asTexts(at(status, 'labels')));
  const pod = compact<PodOfContainer>({
    name: asText(at(status, 'metadata', 'name')),
    namespace: asText(at(status, 'metadata', 'namespace')),
    uid: asText(at(status, 'metadata', 'uid')),
    sandboxId: id,
    ip: asText(at(status, 'network', 'ip')) || undefined,
    labels,
    annotations: boundedTexts(asTexts(at(status, 'annotations'))),
  });
  return compact<SandboxFacts>({
    pod,
    labels,
    // Members that are 0 are not sent: if there are options, an unnamed namespace is the pod's.
    hostNamespaces: options && {
      pid: options.pid === NODE_NAMESPACE,
      network: options.network === NODE_NAMESPACE,
      ipc: options.ipc === NODE_NAMESPACE,
    },
    cni: cniOf(infoOf(answer)),
    startTime: asStartTime(at(status, 'created_at')),
  });
}

/** Whether the container is privileged, by its configuration or its OCI specification; CRI-O has a separate member. */
function privilegedOf(info: unknown): boolean | undefined {
  const own = at(info, 'privileged');
  if (typeof own === 'boolean') return own;
  const asked = at(info, 'config', 'linux', 'security_context');
  // This JSON omits members that are false.
  if (asObject(asked)) return at(asked, 'privileged') === true;
  const specification = at(info, 'runtimeSpec');
  return asObject(at(specification, 'process', 'capabilities')) ? isPrivileged(specification) : undefined;
}

function userOf(info: unknown): string | undefined {
  const asked = at(info, 'config', 'linux', 'security_context');
  const name = asText(at(asked, 'run_as_username'));
  if (name) return name;
  const number = at(info, 'runtimeSpec', 'process', 'user', 'uid') ?? at(asked, 'run_as_user', 'value');
  if (typeof number === 'number') return String(number);
  // Some runtimes omit uid 0 from an OCI specification.
  return asObject(at(info, 'runtimeSpec', 'process', 'user')) ? '0' : undefined;
}

function environmentOf(info: unknown): readonly string[] | undefined {
  const own = environmentNames(at(info, 'runtimeSpec', 'process', 'env'));
  if (own) return own;
  const asked = at(info, 'config', 'envs');
  return Array.isArray(asked) ? environmentNames(asked.map((entry) => at(entry, 'key'))) : undefined;
}

function mount(value: unknown): ContainerMount {
  const propagation = at(value, 'propagation') ?? 0;
  return {
    source: asText(at(value, 'host_path')) ?? '',
    destination: asText(at(value, 'container_path')) ?? '',
    mode: '',
    writable: at(value, 'readonly') !== true,
    propagation: (typeof propagation === 'number' && PROPAGATION[propagation]) || 'unknown',
  };
}

/** The interfaces without irrelevant details that differ between pods: host ends, hardware addresses, paths. */
function cniOf(info: unknown): string | undefined {
  const interfaces = asObject(at(info, 'cniResult', 'Interfaces'));
  if (!interfaces) return asText(at(info, 'runtimeSpec', 'annotations', CRIO_CNI));
  const shown = Object.entries(interfaces).filter(([name]) => name !== 'lo' && !name.startsWith('veth'));
  const addresses = shown.map(([name, value]) => [name, { IPConfigs: at(value, 'IPConfigs') ?? null }]);
  return JSON.stringify(Object.fromEntries(addresses));
}

/** ns since the epoch, as int64 in decimal. */
function asStartTime(value: unknown): bigint | undefined {
  const digits = asText(value);
  return digits !== undefined && /^[1-9]\d{0,18}$/.test(digits) ? BigInt(digits) : undefined;
}
