// The JSON Schema of the chart's values: what is not in it is refused. `falco` follows from the definition of the configuration.

import { DEFINITION } from '../../host/config/definition.ts';
import type { Definition, SectionDefinition } from '../../host/config/value-types.ts';

type Schema = Readonly<Record<string, unknown>>;

const FLAG = { type: 'boolean' };
const TEXT = { type: 'string' };
const COUNT = { type: 'integer', minimum: 0 };
const PORT = { type: 'integer', minimum: 1, maximum: 65535 };
/** Parts of Kubernetes' own objects, which the API server checks. */
const OBJECT = { type: 'object' };
const OBJECTS = { type: 'array', items: OBJECT };
const TEXTS = { type: 'array', items: TEXT };
const LABELS = { type: 'object', additionalProperties: TEXT };
const PULL_SECRETS = { type: 'array', items: strict({ name: TEXT }) };
const PATHS = { type: 'array', items: { type: 'string', pattern: '^/' } };

const PROBE = strict({
  initialDelaySeconds: COUNT,
  timeoutSeconds: { type: 'integer', minimum: 1 },
  periodSeconds: { type: 'integer', minimum: 1 },
  failureThreshold: { type: 'integer', minimum: 1 },
});

const RUNTIME = strict({ enabled: FLAG, sockets: PATHS });

export const VALUES_SCHEMA: Schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Values of the chart wasprey',
  ...strict({
    /** Helm's own, for charts within charts. */
    global: OBJECT,
    image: strict({
      pullPolicy: oneOf('Always', 'IfNotPresent', 'Never'),
      registry: TEXT,
      repository: { type: 'string', minLength: 1 },
      tag: TEXT,
      architectures: { type: 'array', items: oneOf('amd64', 'arm64'), minItems: 1 },
    }),
    imagePullSecrets: PULL_SECRETS,
    nameOverride: TEXT,
    fullnameOverride: TEXT,
    namespaceOverride: TEXT,
    podAnnotations: LABELS,
    podLabels: LABELS,
    podPriorityClassName: { type: ['string', 'null'] },
    podSecurityContext: OBJECT,
    containerSecurityContext: OBJECT,
    podHostname: { type: ['string', 'null'] },
    falcoHostnameEnv: FLAG,
    serviceAccount: strict({ create: FLAG, annotations: LABELS, name: TEXT, imagePullSecrets: PULL_SECRETS }),
    rbac: strict({ create: FLAG }),
    resources: OBJECT,
    nodeSelector: LABELS,
    affinity: OBJECT,
    tolerations: OBJECTS,
    healthChecks: strict({ startupProbe: PROBE, livenessProbe: PROBE, readinessProbe: PROBE }),
    controller: strict({
      kind: oneOf('daemonset'),
      annotations: LABELS,
      labels: LABELS,
      daemonset: strict({ updateStrategy: OBJECT }),
    }),
    driver: strict({
      enabled: { const: true },
      kind: oneOf('auto', 'modern_ebpf'),
      sysfsMountPath: { type: 'string', pattern: '^/sys/kernel' },
      modernEbpf: strict({ leastPrivileged: FLAG, sysfsMount: FLAG }),
    }),
    collectors: strict({
      enabled: FLAG,
      containerEngine: strict({
        enabled: FLAG,
        engines: strict({ docker: RUNTIME, podman: RUNTIME, cri: RUNTIME }),
      }),
      kubernetes: strict({ enabled: FLAG }),
    }),
    mounts: strict({ volumes: OBJECTS, volumeMounts: OBJECTS }),
    extra: strict({ env: OBJECTS, args: TEXTS, initContainers: OBJECTS }),
    customRules: {
      type: 'object',
      propertyNames: { pattern: '^[-._a-zA-Z0-9]+\\.ya?ml$' },
      additionalProperties: TEXT,
    },
    metrics: strict({
      enabled: FLAG,
      rulesCountersEnabled: FLAG,
      resourceUtilizationEnabled: FLAG,
      stateCountersEnabled: FLAG,
      kernelEventCountersEnabled: FLAG,
      kernelEventCountersPerCPUEnabled: FLAG,
      service: strict({
        create: FLAG,
        type: oneOf('ClusterIP', 'NodePort', 'LoadBalancer'),
        labels: LABELS,
        annotations: LABELS,
        ports: strict({ metrics: strict({ port: PORT, targetPort: PORT, protocol: oneOf('TCP') }) }),
      }),
    }),
    serviceMonitor: strict({
      create: FLAG,
      path: { type: 'string', pattern: '^/' },
      labels: LABELS,
      selector: LABELS,
      interval: TEXT,
      scheme: oneOf('http', 'https'),
      tlsConfig: OBJECT,
      scrapeTimeout: TEXT,
      relabelings: OBJECTS,
      targetLabels: TEXTS,
      endpointPort: TEXT,
    }),
    generate: strict({
      enabled: FLAG,
      args: TEXTS,
      ttlSecondsAfterFinished: COUNT,
      resources: OBJECT,
      tolerations: OBJECTS,
      nodeSelector: LABELS,
    }),
    falco: schemaOfSection(DEFINITION),
  }),
};

function strict(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: 'object', additionalProperties: false, properties };
}

function oneOf(...values: readonly string[]): Schema {
  return { type: 'string', enum: values };
}

/** Keys that have no effect are taken with any value, as the agent does. */
function schemaOf(definition: Definition): Schema {
  const { description } = definition;
  switch (definition.kind) {
    case 'flag':
      return { description, ...FLAG };
    case 'number':
      return {
        description,
        type: definition.whole ? 'integer' : 'number',
        minimum: definition.least,
        maximum: definition.most,
      };
    case 'text':
      return definition.choices ? { description, ...anyCase(definition.choices) } : { description, ...TEXT };
    case 'duration':
      return { description, ...TEXT };
    case 'list': {
      const items = { type: 'array', items: schemaOf(definition.items) };
      return definition.orOne ? { description, anyOf: [items, TEXT] } : { description, ...items };
    }
    case 'section':
      return definition.textFor === undefined
        ? schemaOfSection(definition)
        : { description, anyOf: [schemaOfSection(definition), TEXT] };
    case 'map':
      return { description, type: 'object', additionalProperties: schemaOf(definition.values) };
    case 'unused':
      return { description };
  }
}

function schemaOfSection({ description, keys }: SectionDefinition): Schema {
  const properties = Object.entries(keys).map(([key, value]) => [key, schemaOf(value)]);
  return { description, ...strict(Object.fromEntries(properties)) };
}

/** The agent takes choices in upper and lower case. */
function anyCase(choices: readonly string[]): Schema {
  const letters = (text: string) =>
    text
      .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      .replace(/[a-z]/gi, (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`);
  return { type: 'string', pattern: `^(${choices.map(letters).join('|')})$` };
}
