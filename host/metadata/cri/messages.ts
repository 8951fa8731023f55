// The used part of the Container Runtime Interface: messages with the members that are read, by their numbers in the API.
// Versions v1 and v1alpha2 differ only in their package.

import { fromJSON, type ServiceDefinition } from '@grpc/proto-loader';

export type CriVersion = 'v1' | 'v1alpha2';

type Member = readonly [number: number, type: string, rule?: 'repeated' | 'map'];

const MESSAGES: Readonly<Record<string, Readonly<Record<string, Member>>>> = {
  VersionRequest: { version: [1, 'string'] },
  VersionResponse: { runtime_name: [2, 'string'], runtime_version: [3, 'string'] },
  ContainerStateValue: { state: [1, 'int32'] },
  ContainerFilter: { id: [1, 'string'], state: [2, 'ContainerStateValue'] },
  ListContainersRequest: { filter: [1, 'ContainerFilter'] },
  ListContainersResponse: { containers: [1, 'Container', 'repeated'] },
  Container: { id: [1, 'string'], pod_sandbox_id: [2, 'string'] },
  ContainerStatusRequest: { container_id: [1, 'string'], verbose: [2, 'bool'] },
  ContainerStatusResponse: { status: [1, 'ContainerStatus'], info: [2, 'string', 'map'] },
  ContainerStatus: {
    id: [1, 'string'],
    metadata: [2, 'ContainerMetadata'],
    created_at: [4, 'int64'],
    started_at: [5, 'int64'],
    image: [8, 'ImageSpec'],
    image_ref: [9, 'string'],
    labels: [12, 'string', 'map'],
    mounts: [14, 'Mount', 'repeated'],
  },
  ContainerMetadata: { name: [1, 'string'] },
  ImageSpec: { image: [1, 'string'] },
  Mount: {
    container_path: [1, 'string'],
    host_path: [2, 'string'],
    readonly: [3, 'bool'],
    propagation: [5, 'int32'],
  },
  StopContainerRequest: { container_id: [1, 'string'], timeout: [2, 'int64'] },
  StopContainerResponse: {},
  PodSandboxStatusRequest: { pod_sandbox_id: [1, 'string'], verbose: [2, 'bool'] },
  PodSandboxStatusResponse: { status: [1, 'PodSandboxStatus'], info: [2, 'string', 'map'] },
  PodSandboxStatus: {
    id: [1, 'string'],
    metadata: [2, 'PodSandboxMetadata'],
    created_at: [4, 'int64'],
    network: [5, 'PodSandboxNetworkStatus'],
    linux: [6, 'LinuxPodSandboxStatus'],
    labels: [7, 'string', 'map'],
    annotations: [8, 'string', 'map'],
  },
  PodSandboxMetadata: { name: [1, 'string'], uid: [2, 'string'], namespace: [3, 'string'] },
  PodSandboxNetworkStatus: { ip: [1, 'string'] },
  LinuxPodSandboxStatus: { namespaces: [1, 'Namespace'] },
  Namespace: { options: [2, 'NamespaceOption'] },
  NamespaceOption: { network: [1, 'int32'], pid: [2, 'int32'], ipc: [3, 'int32'] },
  ImageStatusRequest: { image: [1, 'ImageSpec'] },
  ImageStatusResponse: { image: [1, 'Image'] },
  Image: { id: [1, 'string'], repo_tags: [2, 'string', 'repeated'], repo_digests: [3, 'string', 'repeated'] },
};

const SERVICES = {
  RuntimeService: ['Version', 'ListContainers', 'ContainerStatus', 'StopContainer', 'PodSandboxStatus'],
  ImageService: ['ImageStatus'],
} as const;

export type CriMethod = (typeof SERVICES)[keyof typeof SERVICES][number];

/** CONTAINER_RUNNING of the API. */
export const RUNNING = 1;
/** NODE of the API's namespace modes: the host's. */
export const NODE_NAMESPACE = 2;
/** Mount propagation by the API's numbers. */
export const PROPAGATION: readonly string[] = ['private', 'rslave', 'rshared'];

/** How a method is called. */
export interface CriCall {
  readonly path: string;
  readonly encode: (message: object) => Buffer;
  /** Throws on an invalid message. */
  readonly decode: (bytes: Buffer) => object;
}

export type CriService = keyof typeof SERVICES;

export function criServices(version: CriVersion): Readonly<Record<CriService, ServiceDefinition>> {
  const messages = Object.entries(MESSAGES).map(([name, members]) => [name, { fields: fieldsOf(members) }] as const);
  const services = Object.entries(SERVICES).map(([name, methods]) => [name, { methods: methodsOf(methods) }] as const);
  const nested = { [version]: { nested: Object.fromEntries([...messages, ...services]) } };
  const definitions = fromJSON({ nested: { runtime: { nested } } }, { keepCase: true, longs: String });
  const found = Object.keys(SERVICES).map((name) => [name, definitions[`runtime.${version}.${name}`]]);
  return Object.fromEntries(found) as Record<CriService, ServiceDefinition>;
}

export function criCalls(version: CriVersion): Readonly<Record<CriMethod, CriCall>> {
  const { RuntimeService, ImageService } = criServices(version);
  return {
    Version: callOf(RuntimeService, 'Version'),
    ListContainers: callOf(RuntimeService, 'ListContainers'),
    ContainerStatus: callOf(RuntimeService, 'ContainerStatus'),
    StopContainer: callOf(RuntimeService, 'StopContainer'),
    PodSandboxStatus: callOf(RuntimeService, 'PodSandboxStatus'),
    ImageStatus: callOf(ImageService, 'ImageStatus'),
  };
}

function callOf(service: ServiceDefinition, name: CriMethod): CriCall {
  const method = service[name];
  if (!method) throw new TypeError(`no method ${name}`);
  return { path: method.path, encode: method.requestSerialize, decode: method.responseDeserialize };
}

function fieldsOf(members: Readonly<Record<string, Member>>) {
  return Object.fromEntries(
    Object.entries(members).map(([name, [id, type, rule]]) => {
      if (rule === 'map') return [name, { id, type, keyType: 'string' }];
      return [name, { id, type, ...(rule && { rule }) }];
    }),
  );
}

function methodsOf(methods: readonly CriMethod[]) {
  return Object.fromEntries(
    methods.map((method) => [method, { requestType: `${method}Request`, responseType: `${method}Response` }]),
  );
}
