// The JSON Schema of the chart's values: what is not in it is refused. `falco` is the configuration. Values of Falco's chart that have no
// effect here (falco-values.yaml) may have any form.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import yaml from 'js-yaml';
import { configSchema } from '../../host/config/json-schema.ts';
import { isObject } from '../../host/diagnostics/json-value.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Path of a value of Falco's chart -> what to do instead. */
export const WITHOUT_EFFECT = yaml.load(
  readFileSync(join(import.meta.dirname, 'wasprey/falco-values.yaml'), 'utf8'),
) as Readonly<Record<string, string>>;

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

/** Of falcoctl: what is in it besides has no effect. */
const SWITCH = { type: 'object', properties: { enabled: FLAG } };
const REFERENCES = { type: 'object', properties: { refs: TEXTS, every: TEXT } };

const OLD_RUNTIME = strict({ enabled: FLAG, socket: TEXT });
const RUNTIME = strict({ enabled: FLAG, sockets: PATHS });

/** The configuration, which is the same in a file of its own. */
const { $schema: SCHEMA_VERSION, title: _title, ...FALCO } = configSchema();
/**
 * Labels of responses are texts: Helm reads `off` as false, and an agent would look for a label of that value. Everything else is as in the
 * configuration.
 */
const RESPONSE_LABELS = [
  ['responses', 'never', 'labels'],
  ['responses', 'actions', 'labels'],
] as const;

const OWN_VALUES = strict({
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
    kind: oneOf('daemonset', 'deployment'),
    annotations: LABELS,
    labels: LABELS,
    daemonset: strict({ updateStrategy: OBJECT }),
    deployment: strict({ replicas: { type: 'integer', minimum: 1 } }),
  }),
  driver: strict({
    enabled: { const: true },
    // All of Falco's, also of older charts.
    kind: oneOf('auto', 'modern_ebpf', 'modern-bpf', 'kmod', 'module', 'ebpf'),
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
    // Of older charts of Falco.
    docker: OLD_RUNTIME,
    containerd: OLD_RUNTIME,
    crio: OLD_RUNTIME,
  }),
  falcosidekick: {
    ...strict({ enabled: FLAG, fullfqdn: FLAG, listenPort: { type: ['string', 'integer'] } }),
    // Of the sidekick itself.
    additionalProperties: true,
  },
  falcoctl: strict({
    image: OBJECT,
    artifact: { type: 'object', properties: { install: SWITCH, follow: SWITCH } },
    config: {
      type: 'object',
      properties: { artifact: { type: 'object', properties: { install: REFERENCES, follow: REFERENCES } } },
    },
  }),
  rulesConfigMaps: TEXTS,
  mounts: strict({ volumes: OBJECTS, volumeMounts: OBJECTS }),
  extra: strict({ env: OBJECTS, args: TEXTS, initContainers: OBJECTS }),
  customRules: {
    type: 'object',
    propertyNames: { pattern: '^[-._a-zA-Z0-9]+\\.ya?ml$' },
    additionalProperties: TEXT,
  },
  responses: { $ref: '#/properties/falco/properties/responses' },
  k8sAudit: strict({
    service: strict({
      type: oneOf('ClusterIP', 'NodePort', 'LoadBalancer'),
      clusterIP: TEXT,
      port: PORT,
      nodePort: { anyOf: [PORT, { type: 'null' }] },
      annotations: LABELS,
    }),
    tls: strict({ secretName: TEXT, hosts: TEXTS, addresses: TEXTS }),
    clientAuthority: strict({ secretName: TEXT }),
    token: strict({ secretName: TEXT }),
    agents: strict({ enabled: FLAG, serviceAccounts: TEXTS, port: PORT }),
    keepEvents: FLAG,
  }),
  sessions: strict({
    receiver: strict({
      url: { type: 'string', pattern: '^(https://[^/\\s]+)?$' },
      authority: strict({ configMapName: TEXT }),
    }),
  }),
  metrics: strict({
    enabled: FLAG,
    interval: TEXT,
    outputRule: FLAG,
    libbpfStatsEnabled: FLAG,
    convertMemoryToMB: FLAG,
    includeEmptyValues: FLAG,
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
      ports: strict({
        metrics: strict({
          port: PORT,
          targetPort: PORT_OR_NAME,
          protocol: oneOf('TCP'),
          ipFamilyPolicy: TEXT,
          ipFamilies: TEXTS,
        }),
      }),
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
  falco: RESPONSE_LABELS.reduce((schema, path) => withTexts(schema, path), FALCO),
});

export const VALUES_SCHEMA: Schema = {
  $schema: SCHEMA_VERSION,
  title: 'Values of the chart wasprey',
  ...Object.keys(WITHOUT_EFFECT).reduce((schema, path) => accepting(schema, path.split('.')), OWN_VALUES),
};

/** The same, and any value at that path. Below a name that the schema does not have, everything is accepted. */
function accepting(schema: Schema, [name = '', ...rest]: readonly string[]): Schema {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const own = properties[name];
  const inner = rest.length > 0 && isObject(own) && own.properties !== undefined ? accepting(own, rest) : (own ?? {});
  return { ...schema, properties: { ...properties, [name]: inner } };
}

/** The same, with texts alone as values of the map at that path; lists on it are those of their items. */
function withTexts(schema: Schema, [name, ...rest]: readonly string[]): Schema {
  if (name === undefined) return { ...schema, additionalProperties: TEXT };
  if (isObject(schema.items)) return { ...schema, items: withTexts(schema.items, [name, ...rest]) };
  const properties = isObject(schema.properties) ? schema.properties : {};
  const own = properties[name];
  if (!isObject(own)) throw new Error(`the configuration has no ${name}`);
  return { ...schema, properties: { ...properties, [name]: withTexts(own, rest) } };
}

function strict(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: 'object', additionalProperties: false, properties };
}

function oneOf(...values: readonly string[]): Schema {
  return { type: 'string', enum: values };
}
