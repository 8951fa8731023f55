// The JSON Schema of the chart's values: what is not in it is refused. `falco` is the configuration.

import { configSchema } from '../../host/config/json-schema.ts';

type Schema = Readonly<Record<string, unknown>>;

const FLAG = { type: 'boolean' };
const TEXT = { type: 'string' };
const COUNT = { type: 'integer', minimum: 0 };
const PORT = { type: 'integer', minimum: 1, maximum: 65535 };
const PORT_OR_NAME = { anyOf: [PORT, { type: 'string', pattern: '^[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$' }] };
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

/** The configuration, which is the same in a file of its own. */
const { $schema: SCHEMA_VERSION, title: _title, ...FALCO } = configSchema();

export const VALUES_SCHEMA: Schema = {
  $schema: SCHEMA_VERSION,
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
      // Falco's: nothing of the host's /sys is mounted, since BPF programs are attached without.
      sysfsMountPath: TEXT,
      modernEbpf: strict({ leastPrivileged: FLAG, sysfsMount: FLAG }),
    }),
    collectors: strict({
      enabled: FLAG,
      containerEngine: strict({
        enabled: FLAG,
        engines: strict({ docker: RUNTIME, podman: RUNTIME, containerd: RUNTIME, cri: RUNTIME }),
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
        ports: strict({ metrics: strict({ port: PORT, targetPort: PORT_OR_NAME, protocol: oneOf('TCP') }) }),
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
    falco: FALCO,
  }),
};

function strict(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: 'object', additionalProperties: false, properties };
}

function oneOf(...values: readonly string[]): Schema {
  return { type: 'string', enum: values };
}
