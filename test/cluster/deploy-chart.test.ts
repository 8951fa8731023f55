// The chart without a cluster: helm's own checks, what it renders for which values and versions, and what it refuses.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import yaml from 'js-yaml';
import { CHART, manifestsFiles, startKeysFile } from '../../deploy/chart/files.ts';
import { helmProgram } from '../../deploy/chart/helm.ts';
import { loadConfig } from '../../host/config/load.ts';
import { asArray, asObject, asText, at } from '../../host/diagnostics/json-value.ts';
import { STREAM_AUDIENCE } from '../../host/sessions/stream-messages.ts';
import { PROJECT } from '../../host/setup/paths.mjs';
import { falcoFile, missingFalco } from '../support/falco-data.ts';

type Values = Readonly<Record<string, unknown>>;

function helm(words: readonly string[], values: Values = {}) {
  return spawnSync(helmProgram(), [...words, '--values', '-'], { encoding: 'utf8', input: JSON.stringify(values) });
}

function template(values: Values, kubernetes = '1.34.0') {
  return helm(['template', 'try', CHART, '--namespace', 'security', '--kube-version', kubernetes], values);
}

/** Manifests of a kind, of which there has to be one. */
function render(kind: string, values: Values = {}, kubernetes?: string): unknown {
  const [found, ...others] = renderAll(kind, values, kubernetes);
  assert.ok(found !== undefined && others.length === 0, `one ${kind}`);
  return found;
}

function renderAll(kind: string, values: Values = {}, kubernetes?: string): unknown[] {
  const { status, stdout, stderr } = template(values, kubernetes);
  assert.equal(status, 0, stderr);
  return yaml.loadAll(stdout).filter((item) => at(item, 'kind') === kind);
}

function podOf(values: Values = {}): unknown {
  return at(render('DaemonSet', values), 'spec', 'template', 'spec');
}

function containerOf(values: Values = {}): unknown {
  return asArray(at(podOf(values), 'containers'))[0];
}

/** The configuration file, read as the agent reads it. */
function configurationOf(values: Values) {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-chart-'));
  try {
    const [file] = renderAll('ConfigMap', values).flatMap((map) => asText(at(map, 'data', 'wasprey.yaml')) ?? []);
    assert.ok(file);
    const path = join(folder, 'wasprey.yaml');
    writeFileSync(path, file);
    return loadConfig({ path, environment: {} }).configuration;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('helm finds nothing wrong with it', () => {
  const { status, stdout } = helm(['lint', '--strict', CHART]);
  assert.equal(status, 0, stdout);
});

test('the plain manifests are what the chart renders now (else: npm run chart)', () => {
  for (const { path, text } of [startKeysFile(), ...manifestsFiles(helmProgram())]) {
    assert.equal(readFileSync(join(PROJECT, path), 'utf8'), text);
  }
});

test('an agent has the rights that it needs, and no others, unless it is asked for more', () => {
  assert.deepEqual(at(containerOf(), 'securityContext'), {
    runAsUser: 0,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    appArmorProfile: { type: 'Unconfined' },
    capabilities: { drop: ['ALL'], add: ['BPF', 'PERFMON', 'SYS_PTRACE'] },
  });
  const privileged = containerOf({ driver: { modernEbpf: { leastPrivileged: false } } });
  assert.equal(at(privileged, 'securityContext', 'privileged'), true);
  const own = { runAsUser: 0, capabilities: { add: ['SYS_ADMIN'] } };
  assert.deepEqual(at(containerOf({ containerSecurityContext: own }), 'securityContext'), own);
});

test('responses have the rights that their actions need, and no others', () => {
  const doing = (...actions: readonly object[]): Values => ({
    responses: {
      actions: actions.map((action, index) => ({ name: `r${index}`, match: { priority: 'critical' }, ...action })),
    },
  });
  const added = (values: Values): unknown[] =>
    asArray(at(containerOf(values), 'securityContext', 'capabilities', 'add')).slice(3);
  assert.deepEqual(added(doing({ do: 'pause_container' }, { do: 'stop_container' }, { do: 'delete_pod' })), []);
  assert.deepEqual(added(doing({ do: 'kill_process_tree' })), ['KILL']);
  assert.deepEqual(added(doing({ do: 'isolate_container', allow: ['dns'] })), ['NET_ADMIN']);
  assert.deepEqual(added(doing({ do: 'kill_container' }, { do: 'isolate_container' })), ['KILL', 'NET_ADMIN']);
  assert.deepEqual(added(doing({ do: 'deny', where: 'kernel' })), ['NET_ADMIN']);
  const onPods = (values: Values): unknown[] => {
    const rules = asArray(at(render('ClusterRole', values), 'rules'));
    const ofPods = rules.filter((rule) => asArray(at(rule, 'resources')).includes('pods'));
    return ofPods.flatMap((rule) => asArray(at(rule, 'verbs')));
  };
  assert.deepEqual(onPods(doing({ do: 'isolate_container' })), ['list', 'watch']);
  assert.deepEqual(onPods(doing({ do: 'delete_pod' })), ['list', 'watch', 'get', 'delete']);
  assert.deepEqual(onPods(doing({ do: 'label_pod', labels: { a: 'b' } })), ['list', 'watch', 'get', 'patch']);
});

test('what responses have in force is kept on the host, and an agent can see whether it is uninstalled', () => {
  const values = { responses: { actions: [{ name: 'r', match: { priority: 'critical' }, do: 'pause_container' }] } };
  const volumes = (given: Values): unknown[] =>
    asArray(at(podOf(given), 'volumes')).flatMap((volume) =>
      at(volume, 'name') === 'in-force' ? [at(volume, 'hostPath', 'path')] : [],
    );
  const ownRights = (given: Values): unknown[] => asArray(at(render('Role', given), 'rules')).slice(1);
  assert.deepEqual(volumes(values), ['/var/lib/wasprey/responses']);
  assert.deepEqual(ownRights(values), [
    { apiGroups: ['apps'], resources: ['daemonsets'], resourceNames: ['try-wasprey'], verbs: ['get'] },
  ]);
  assert.ok(asArray(at(containerOf(values), 'env')).some((entry) => at(entry, 'value') === 'try-wasprey'));
  // What was in force when the last response was taken out of the values is still to be undone.
  assert.deepEqual(volumes({}), ['/var/lib/wasprey/responses']);
  assert.deepEqual(ownRights({}), ownRights(values));
  assert.ok(asArray(at(containerOf({}), 'env')).some((entry) => at(entry, 'value') === 'try-wasprey'));
  const own = { mounts: { volumeMounts: [{ name: 'data', mountPath: '/var/lib/wasprey' }] } };
  assert.deepEqual(volumes(own), []);
});

test('no AppArmor profile hides the processes of the host, said as the cluster knows it', () => {
  const annotation = 'container.apparmor.security.beta.kubernetes.io/wasprey';
  const template = (kubernetes: string, values: Values = {}) =>
    at(render('DaemonSet', values, kubernetes), 'spec', 'template');
  const before = template('1.29.9', { podAnnotations: { team: 'security' } });
  const annotations = (template: unknown) => {
    const { 'checksum/start-keys': _, ...others } = asObject(at(template, 'metadata', 'annotations')) ?? {};
    return others;
  };
  assert.deepEqual(annotations(before), { [annotation]: 'unconfined', team: 'security' });
  const [container] = asArray(at(before, 'spec', 'containers'));
  assert.equal(at(container, 'securityContext', 'appArmorProfile'), undefined);
  assert.deepEqual(annotations(template('1.30.0')), {});
  const own = { podAnnotations: { [annotation]: 'localhost/agents' } };
  assert.deepEqual(annotations(template('1.29.9', own)), own.podAnnotations);
  const replaced = template('1.29.9', { containerSecurityContext: { privileged: true } });
  assert.deepEqual(annotations(replaced), {});
});

test('who asks Kubernetes for nothing has no token and no role', () => {
  const values = { collectors: { kubernetes: { enabled: false } } };
  assert.equal(at(podOf(values), 'automountServiceAccountToken'), false);
  for (const kind of ['ClusterRole', 'Role']) assert.deepEqual(renderAll(kind, values), []);
  assert.equal(at(podOf(), 'automountServiceAccountToken'), true);
  assert.equal(renderAll('ClusterRoleBinding').length, 1);
});

test('sockets below /run are reached by one mount, others by their folder', () => {
  const paths = (values: Values) =>
    asArray(at(containerOf(values), 'volumeMounts')).flatMap((mount) => {
      const path = asText(at(mount, 'mountPath'));
      return path?.startsWith('/host') ? [path] : [];
    });
  assert.deepEqual(paths({}), ['/host/run']);
  const engines = { cri: { sockets: ['/opt/runtime/cri.sock', '/var/run/crio/crio.sock'] } };
  assert.deepEqual(paths({ collectors: { containerEngine: { engines } } }), ['/host/opt/runtime', '/host/run']);
  assert.deepEqual(paths({ collectors: { containerEngine: { enabled: false } } }), []);
});

test('a new pod watches before the old one ends, where the cluster can', () => {
  const strategy = (kubernetes: string) =>
    at(render('DaemonSet', {}, kubernetes), 'spec', 'updateStrategy', 'rollingUpdate');
  assert.deepEqual(strategy('1.20.0'), { maxUnavailable: 1 });
  assert.deepEqual(strategy('1.25.3'), { maxSurge: 1, maxUnavailable: 0 });
  const updateStrategy = { type: 'OnDelete' };
  const given = render('DaemonSet', { controller: { daemonset: { updateStrategy } } });
  assert.deepEqual(at(given, 'spec', 'updateStrategy'), updateStrategy);
});

test('pods go to the processors that the image is for', () => {
  const terms = (values: Values) =>
    JSON.stringify(at(podOf(values), 'affinity', 'nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution'));
  assert.match(terms({}), /"kubernetes.io\/arch","operator":"In","values":\["amd64","arm64"\]/);
  assert.match(terms({ image: { architectures: ['arm64'] } }), /"values":\["arm64"\]/);
});

test('the configuration file is what the values say, and the agent reads it', () => {
  const values = { falco: { json_output: true, webserver: { listen_port: 9000 } }, metrics: { enabled: true } };
  const { json_output, webserver, metrics, rules_files } = configurationOf(values);
  assert.equal(json_output, true);
  assert.equal(webserver.listen_port, 9000);
  assert.ok(webserver.prometheus_metrics_enabled && metrics.enabled);
  const rules = ['/etc/wasprey/rules', '/etc/wasprey/rules.image', '/var/lib/wasprey/followed'];
  assert.deepEqual(rules_files, [...rules, '/etc/wasprey/rules.d']);
  const mapped = configurationOf({ rulesConfigMaps: ['falco-rules'] });
  assert.deepEqual(mapped.rules_files, [...rules, '/etc/wasprey/rules.maps/falco-rules', '/etc/wasprey/rules.d']);
  const falcos = ['/etc/falco/falco_rules.yaml', '/etc/falco/rules.d', '/mine/rules.yaml'];
  const behind = [...rules, '/etc/wasprey/rules.d', '/mine/rules.yaml'];
  assert.deepEqual(configurationOf({ falco: { rules_files: falcos } }).rules_files, behind);
  assert.equal(asArray(at(containerOf(values), 'ports')).map((port) => at(port, 'containerPort'))[0], 9000);
});

test('rule files are taken in their order, as a list or a single one, by the newer or the older key', () => {
  const rulesFiles = (falco: Values, rulesConfigMaps: readonly string[] = []) => {
    const { rules_files, rules_file } = configurationOf({ falco, rulesConfigMaps });
    assert.deepEqual(rules_file, []);
    return rules_files;
  };
  const custom = '/etc/wasprey/rules.d';
  const stock = ['/etc/wasprey/rules', '/etc/wasprey/rules.image', '/var/lib/wasprey/followed'];
  assert.deepEqual(rulesFiles({ rules_file: '/mine.yaml' }), ['/mine.yaml']);
  const older = ['/etc/falco/falco_rules.yaml', '/mine.yaml'];
  assert.deepEqual(rulesFiles({ rules_file: older }), [...stock, '/mine.yaml']);
  assert.deepEqual(rulesFiles({ rules_files: '/mine.yaml' }), ['/mine.yaml']);
  for (const none of [null, '', []]) assert.deepEqual(rulesFiles({ rules_files: none }), [...stock, custom]);
  const maps = ['a', 'b'].map((name) => `/etc/wasprey/rules.maps/${name}`);
  const first = ['/first.yaml', '/etc/falco/rules.d/', '/last.yaml'];
  assert.deepEqual(rulesFiles({ rules_files: first }, ['a', 'b', 'a']), ['/first.yaml', ...maps, custom, '/last.yaml']);
  assert.deepEqual(rulesFiles({ rules_files: '/mine.yaml' }, ['a', 'b']), ['/mine.yaml', ...maps]);
});

test('responses are in a ConfigMap of their own, which the configuration includes', () => {
  const actions = [{ name: 'freeze', match: { rules: ['*'] }, do: 'pause_container' }];
  const mapOf = (values: Values): unknown => {
    const maps = renderAll('ConfigMap', values);
    const files = maps.flatMap((map) => asText(at(map, 'data', 'responses.yaml')) ?? []);
    assert.equal(files.length, 1);
    return yaml.load(files[0] ?? '');
  };
  assert.deepEqual(mapOf({}), { responses: {} });
  assert.deepEqual(mapOf({ responses: { mode: 'act', actions } }), { responses: { mode: 'act', actions } });
  assert.deepEqual(mapOf({ falco: { responses: { actions } } }), { responses: { actions } });
  const { responses, config_files: files } = configurationOf({ falco: { responses: { actions }, config_files: '/x' } });
  assert.deepEqual(responses.actions, []);
  assert.deepEqual(files, [{ path: '/x' }, { path: '/etc/wasprey/responses', strategy: 'override' }]);
  const mount = asArray(at(containerOf(), 'volumeMounts')).find((each) => at(each, 'name') === 'responses');
  assert.equal(at(mount, 'mountPath'), '/etc/wasprey/responses');
  const both = template({ responses: { mode: 'act' }, falco: { responses: { actions } } });
  assert.match(both.stderr, /responses and falco\.responses exclude each other/);
  // Helm reads an unquoted `off` as false.
  const off = template({ responses: { never: { labels: { 'wasprey.io/responses': false } } } });
  assert.match(off.stderr, /got boolean, want string/);
});

const RECEIVER: Values = { controller: { kind: 'deployment' } };

/** Where the receiver finds certificates and token, by the name of the volume. */
function secretsOf(values: Values): unknown[] {
  const volumes = asArray(at(render('Deployment', values), 'spec', 'template', 'spec', 'volumes'));
  return volumes.flatMap((volume) => {
    const secret = at(volume, 'secret', 'secretName');
    return secret === undefined ? [] : [[at(volume, 'name'), secret]];
  });
}

test('a receiver of audit events has no privilege, asks nobody, and mounts nothing of the node', () => {
  for (const kind of ['DaemonSet', 'ClusterRole', 'Role']) assert.deepEqual(renderAll(kind, RECEIVER), [], kind);
  assert.deepEqual(renderAll('Deployment'), []);
  const pod = at(render('Deployment', RECEIVER), 'spec', 'template', 'spec');
  const [container] = asArray(at(pod, 'containers'));
  assert.equal(at(pod, 'hostPID'), undefined);
  assert.equal(at(pod, 'securityContext', 'runAsNonRoot'), true);
  assert.deepEqual(at(container, 'securityContext', 'capabilities'), { drop: ['ALL'] });
  assert.deepEqual(at(container, 'args'), [
    'run',
    '--config=/etc/wasprey/config/wasprey.yaml',
    '--disable-source=syscall',
  ]);
  assert.doesNotMatch(JSON.stringify(at(pod, 'volumes')), /hostPath/);
  const { sources, journal, kubernetes } = configurationOf(RECEIVER);
  assert.equal(sources.k8s_audit.listen, '0.0.0.0:9765');
  assert.deepEqual([journal.enabled, kubernetes.enabled], [false, false]);
  for (const values of [{ k8sAudit: null }, { k8sAudit: { service: null, tls: null } }])
    assert.ok(render('Deployment', { ...RECEIVER, ...values }));
});

test('its certificate and token are made by the chart, or come from Secrets', () => {
  assert.deepEqual(secretsOf(RECEIVER), [
    ['audit-tls', 'try-wasprey-audit'],
    ['audit-token', 'try-wasprey-audit'],
  ]);
  const address = '10.96.0.50';
  const values = { ...RECEIVER, k8sAudit: { service: { clusterIP: address }, tls: { hosts: ['audit.example'] } } };
  const data = at(render('Secret', values), 'data');
  const text = (key: string): string => Buffer.from(asText(at(data, key)) ?? '', 'base64').toString();
  const certificate = new X509Certificate(text('tls.crt'));
  assert.ok(certificate.verify(new X509Certificate(text('ca.crt')).publicKey));
  assert.notEqual(certificate.subject, certificate.issuer, 'a certificate of its own name counts as self-signed');
  assert.ok(certificate.checkPrivateKey(createPrivateKey(text('tls.key'))));
  for (const host of ['try-wasprey-audit.security.svc', 'audit.example']) assert.ok(certificate.checkHost(host), host);
  assert.equal(certificate.checkIP(address), address);
  assert.match(text('token'), /^\w{48}$/);
  const service = renderAll('Service', values).find((item) => at(item, 'metadata', 'name') === 'try-wasprey-audit');
  assert.equal(at(service, 'spec', 'clusterIP'), address);

  const own = { tls: { secretName: 'tls' }, clientAuthority: { secretName: 'clients' } };
  assert.deepEqual(renderAll('Secret', { ...RECEIVER, k8sAudit: own }), []);
  assert.deepEqual(secretsOf({ ...RECEIVER, k8sAudit: own }), [
    ['audit-tls', 'tls'],
    ['audit-clients', 'clients'],
  ]);
  const { client_ca, token_file } = configurationOf({ ...RECEIVER, k8sAudit: own }).sources.k8s_audit;
  assert.deepEqual([client_ca, token_file], ['/etc/wasprey/audit/clients/ca.crt', '']);
  assert.match(notes(RECEIVER), /wasprey audit-config .*--token-file token/);
  assert.doesNotMatch(notes({ ...RECEIVER, k8sAudit: own }), /audit-config/);
});

test('a receiver that serves agents may review tokens and look pods up, and gives them its authority alone', () => {
  const serving = { ...RECEIVER, k8sAudit: { agents: { enabled: true, serviceAccounts: ['security/agents'] } } };
  const { sources, kubernetes } = configurationOf(serving);
  const { agents } = sources.k8s_audit;
  assert.deepEqual([agents.listen, agents.service_accounts], ['0.0.0.0:9766', ['security/agents']]);
  assert.equal(kubernetes.enabled, true);
  const rights = asArray(at(render('ClusterRole', serving), 'rules')).map((rule) => [
    at(rule, 'resources'),
    at(rule, 'verbs'),
  ]);
  assert.deepEqual(rights, [
    [['tokenreviews'], ['create']],
    [['pods'], ['get']],
  ]);
  const deployment = at(render('Deployment', serving), 'spec');
  assert.deepEqual(at(deployment, 'strategy'), { type: 'Recreate', rollingUpdate: null });
  assert.equal(at(deployment, 'template', 'spec', 'automountServiceAccountToken'), true);
  const service = renderAll('Service', serving).find((item) => at(item, 'metadata', 'name') === 'try-wasprey-audit');
  assert.deepEqual(
    asArray(at(service, 'spec', 'ports')).map((port) => at(port, 'port')),
    [9765, 9766],
  );
  const authority = renderAll('ConfigMap', serving).find(
    (item) => at(item, 'metadata', 'name') === 'try-wasprey-audit-ca',
  );
  assert.deepEqual(Object.keys(asObject(at(authority, 'data')) ?? {}), ['ca.crt']);
  assert.ok(new X509Certificate(asText(at(authority, 'data', 'ca.crt')) ?? '').ca);
  assert.match(notes(serving), /url: https:\/\/try-wasprey-audit\.default\.svc:9766\n.*try-wasprey-audit-ca/);

  const own = { ...serving.k8sAudit, tls: { secretName: 'tls' } };
  assert.ok(!JSON.stringify(renderAll('ConfigMap', { ...RECEIVER, k8sAudit: own })).includes('audit-ca'));
  for (const [values, reason] of [
    [{ ...RECEIVER, k8sAudit: { agents: { enabled: true } } }, /needs k8sAudit\.agents\.serviceAccounts/],
    [
      { ...serving, controller: { kind: 'deployment', deployment: { replicas: 2 } } },
      /needs controller\.deployment\.replicas 1/,
    ],
  ] as const) {
    assert.match(template(values).stderr, reason);
  }
});

test('agents hear a receiver with a token that is of use nowhere else, and only if they are to', () => {
  const url = 'https://audit.security.svc:9766';
  const values = { sessions: { receiver: { url, authority: { configMapName: 'authority' } } } };
  const { receiver } = configurationOf(values).sessions;
  assert.equal(receiver.url, url);
  const pod = podOf(values);
  const volumes = asArray(at(pod, 'volumes'));
  const volume = (name: string): unknown => volumes.find((each) => at(each, 'name') === name);
  assert.equal(at(volume('receiver-ca'), 'configMap', 'name'), 'authority');
  const [token] = asArray(at(volume('receiver-token'), 'projected', 'sources'));
  assert.deepEqual(at(token, 'serviceAccountToken', 'audience'), STREAM_AUDIENCE);
  const mounted = asArray(at(containerOf(values), 'volumeMounts')).map((mount) => asText(at(mount, 'mountPath')) ?? '');
  for (const file of [receiver.ca_file, receiver.token_file]) assert.ok(mounted.includes(dirname(file)), file);
  assert.doesNotMatch(JSON.stringify(podOf({})), /receiver/);
  assert.equal(configurationOf({}).sessions.receiver.url, '');
  assert.notEqual(template({ sessions: { receiver: { url: 'http://audit:9766' } } }).status, 0);
});

test('a value that is taken away leaves what the chart has without it', () => {
  const withoutProbe = containerOf({ healthChecks: { livenessProbe: null } });
  assert.equal(at(withoutProbe, 'livenessProbe'), undefined);
  assert.ok(at(withoutProbe, 'readinessProbe'));
  assert.equal(at(containerOf({ healthChecks: null }), 'readinessProbe'), undefined);
  for (const driver of [null, { modernEbpf: null }]) {
    assert.equal(at(containerOf({ driver }), 'securityContext', 'privileged'), undefined);
    assert.doesNotMatch(notes({ driver }), /privileged/);
  }
  assert.doesNotMatch(JSON.stringify(at(podOf({ image: { architectures: null } }), 'affinity')), /arch/);
  assert.ok(configurationOf({ falco: null }).rules_files.length > 0);
  assert.match(notes({ falco: null }), /pods have no probes/);
  assert.match(notes({ falco: { metrics: null, webserver: null } }), /pods have no probes/);
  for (const name of ['mounts', 'extra', 'controller']) assert.ok(containerOf({ [name]: null }));
  for (const collectors of [null, { containerEngine: null }, { containerEngine: { engines: { docker: null } } }]) {
    assert.equal(configurationOf({ collectors }).container_engines.docker.enabled, false);
  }
});

test('names of digits stay text, and a ConfigMap named twice is mounted once', () => {
  const values = {
    fullnameOverride: '123',
    nameOverride: '456',
    namespaceOverride: '789',
    podHostname: '012',
    podPriorityClassName: '345',
    serviceAccount: { name: '678' },
    rulesConfigMaps: ['901', '901'],
    metrics: { enabled: true },
    serviceMonitor: { create: true, endpointPort: '8765' },
    generate: { enabled: true },
  };
  const { stdout } = template(values);
  for (const manifest of yaml.loadAll(stdout)) {
    for (const path of [['name'], ['namespace'], ['labels', 'app.kubernetes.io/name']]) {
      const name = at(manifest, 'metadata', ...path);
      assert.ok(name === undefined || asText(name) !== undefined, `${path.join('.')}: ${JSON.stringify(name)}`);
    }
  }
  const pod = podOf(values);
  assert.equal(at(pod, 'hostname'), '012');
  assert.equal(at(pod, 'priorityClassName'), '345');
  assert.equal(at(pod, 'serviceAccountName'), '678');
  const maps = asArray(at(pod, 'volumes')).map((volume) => at(volume, 'configMap', 'name'));
  assert.deepEqual(maps.filter(Boolean), ['123', '123-rules', '123-responses', '901']);
  const mounted = asArray(at(containerOf(values), 'volumeMounts')).map((mount) => at(mount, 'mountPath'));
  assert.equal(mounted.filter((path) => path === '/etc/wasprey/rules.maps/901').length, 1);
  const monitor = at(render('ServiceMonitor', values), 'spec');
  assert.equal(at(asArray(at(monitor, 'endpoints'))[0], 'port'), '8765');
  assert.deepEqual(at(monitor, 'namespaceSelector', 'matchNames'), ['789']);
});

test('what an agent keeps has a place that it can write to, and one of the values if they have it', () => {
  const values = { falco: { spool: { enabled: true } } };
  const { spool, follow_folder, control } = configurationOf(values);
  const mounts = (given: Values) =>
    asArray(at(containerOf(given), 'volumeMounts')).flatMap((mount) =>
      at(mount, 'readOnly') === true ? [] : [asText(at(mount, 'mountPath')) ?? ''],
    );
  for (const path of [spool.path, follow_folder, control.socket])
    assert.ok(
      mounts(values).some((folder) => path.startsWith(`${folder}/`)),
      path,
    );
  const volumes = [{ name: 'kept', hostPath: { path: '/var/lib/wasprey' } }];
  const own = { mounts: { volumes, volumeMounts: [{ name: 'kept', mountPath: '/var/lib/wasprey' }] } };
  assert.equal(mounts(own).filter((folder) => folder === '/var/lib/wasprey').length, 1);
});

test("all of Falco's own configuration is taken as `falco`", { skip: missingFalco('falco.yaml') }, () => {
  const falco = yaml.load(readFileSync(falcoFile('falco.yaml'), 'utf8')) as Values;
  assert.equal(configurationOf({ falco }).webserver.listen_port, 8765);
});

test('keys that apply from the next start make new pods when they change, others do not', () => {
  const checksum = (values: Values) =>
    at(render('DaemonSet', values), 'spec', 'template', 'metadata', 'annotations', 'checksum/start-keys');
  const before = checksum({});
  assert.match(asText(before) ?? '', /^[0-9a-f]{64}$/);
  for (const values of [{ metrics: { enabled: true } }, { falco: { webserver: { listen_port: 9000 } } }]) {
    assert.notEqual(checksum(values), before, JSON.stringify(values));
  }
  const http_output = { enabled: true, url: 'http://example.invalid' };
  for (const falco of [{ priority: 'error' }, { rules: [{ disable: { tag: 'x' } }] }, { http_output }]) {
    assert.equal(checksum({ falco }), before, JSON.stringify(falco));
  }
});

test('a configuration that is not watched makes new pods when it changes', () => {
  const annotations = (values: Values) =>
    at(render('DaemonSet', values), 'spec', 'template', 'metadata', 'annotations');
  assert.equal(at(annotations({}), 'checksum/config'), undefined);
  const checksum = (priority: string) =>
    at(annotations({ falco: { watch_config_files: false, priority } }), 'checksum/config');
  assert.match(asText(checksum('error')) ?? '', /^[0-9a-f]{64}$/);
  assert.notEqual(checksum('error'), checksum('info'));
});

test('there are probes where there is a web server, and metrics where they are wanted', () => {
  const container = containerOf();
  assert.deepEqual(at(container, 'readinessProbe', 'httpGet'), { path: '/readyz', port: 'web', scheme: 'HTTP' });
  // An agent whose rules are blind for want of a hook is not ready, and not to be started again and again.
  assert.deepEqual(at(container, 'startupProbe', 'httpGet'), { path: '/startupz', port: 'web', scheme: 'HTTP' });
  assert.deepEqual(at(container, 'livenessProbe', 'httpGet'), { path: '/healthz', port: 'web', scheme: 'HTTP' });
  assert.equal(at(containerOf({ falco: { webserver: { enabled: false } } }), 'livenessProbe'), undefined);
  // Where an agent must end, the pod's description has the reason.
  assert.equal(at(container, 'terminationMessagePolicy'), 'FallbackToLogsOnError');
  assert.deepEqual(renderAll('Service'), []);
  const values = { metrics: { enabled: true }, serviceMonitor: { create: true, labels: { release: 'prometheus' } } };
  const monitor = render('ServiceMonitor', values);
  assert.equal(at(monitor, 'metadata', 'labels', 'release'), 'prometheus');
  const wanted = at(monitor, 'spec', 'selector', 'matchLabels');
  const labels = at(render('Service', values), 'metadata', 'labels');
  for (const [name, value] of Object.entries(wanted ?? {})) assert.equal(at(labels, name), value);
});

function notes(values: Values): string {
  const { status, stdout, stderr } = helm(['install', 'try', CHART, '--dry-run=client'], values);
  assert.equal(status, 0, stderr);
  return stdout.slice(stdout.indexOf('\nNOTES:'));
}

test('the notes tell what a value takes away, and follow the alerts of more than five nodes', () => {
  assert.match(notes({}), /logs -f .* --max-log-requests 100\n\n.*run it again after an upgrade/);
  assert.match(notes({}), /each node of amd64 and arm64 whose taints it tolerates \(`tolerations`\)/);
  const told = /no metrics are served, since falco\.webserver\.enabled is false/;
  assert.doesNotMatch(notes({}), told);
  assert.match(notes({ metrics: { enabled: true }, falco: { webserver: { enabled: false } } }), told);
  const overruled = /falco\.metrics\.enabled .* have no effect/;
  assert.match(notes({ falco: { metrics: { enabled: true } } }), overruled);
  assert.doesNotMatch(notes({ metrics: { enabled: true }, falco: { metrics: { enabled: true } } }), overruled);
});

test('the metrics are reached at whatever port they are served, and by a name that a Service can have', () => {
  const values = { metrics: { enabled: true }, falco: { webserver: { listen_port: 9000 } } };
  const [target] = asArray(at(render('Service', values), 'spec', 'ports')).map((port) => at(port, 'targetPort'));
  const ports = asArray(at(containerOf(values), 'ports'));
  assert.deepEqual(
    ports.filter((port) => target === at(port, 'name')).map((port) => at(port, 'containerPort')),
    [9000],
  );
  const long = asText(at(render('Service', { ...values, fullnameOverride: 'w'.repeat(63) }), 'metadata', 'name'));
  assert.match(long ?? '', /^w{55}-metrics$/);
});

test('values that are not there, or of another kind, are refused by name', () => {
  const refusals: readonly [Values, RegExp][] = [
    [{ falcosidekik: { enabled: true } }, /falcosidekik/],
    [{ driver: { kind: 'gvisor' } }, /driver.*kind/],
    [{ driver: { enabled: false } }, /driver.*enabled/],
    [{ controller: { kind: 'statefulset' } }, /controller.*kind/],
    [{ controller: { deployment: { replicas: 0 } } }, /replicas/],
    [{ k8sAudit: { service: { type: 'ExternalName' } } }, /k8sAudit.*type/],
    [{ image: { architectures: ['s390x'] } }, /architectures/],
    [{ customRules: { 'rules.txt': '' } }, /rules\.txt/],
    [{ falco: { jsonoutput: true } }, /jsonoutput/],
    [{ falco: { json_output: 'maybe' } }, /json_output/],
    [{ falco: { webserver: { listen_port: 0 } } }, /listen_port/],
    [{ falco: { webserver: { listen_port: `\${PORT}` } } }, /listen_port can't be/],
    [{ falco: { webserver: { ssl_enabled: `\${TLS}` } } }, /ssl_enabled can't be/],
    [{ falco: { rules_file: '/a.yaml', rules_files: ['/b.yaml'] } }, /rules_file is the older name/],
    [{ falco: { priority: 'severe' } }, /priority/],
    [{ healthChecks: { livenessProbe: { periodSeconds: 0 } } }, /periodSeconds/],
  ];
  for (const [values, reason] of refusals) {
    const { status, stderr } = template(values);
    assert.notEqual(status, 0, JSON.stringify(values));
    assert.match(stderr, reason);
  }
});

test("Falco's values are taken: applied where they mean something here, else named with what to do instead", () => {
  const image = { registry: 'docker.io', repository: 'falcosecurity/falco', tag: '0.44.1' };
  assert.equal(at(containerOf({ image }), 'image'), 'wasprey:0.1.0');
  assert.equal(
    at(containerOf({ image: { ...image, registry: 'mirror.invalid/x' } }), 'image'),
    'mirror.invalid/x/wasprey:0.1.0',
  );
  assert.match(notes({ image }), /image\.repository is Falco's: wasprey:0\.1\.0 is used/);

  assert.match(notes({ tty: true }), /no effect:\n\n {2}tty: alerts are written line by line in any case\n/);
  assert.doesNotMatch(notes({ tty: false, scc: {}, driver: { kmod: {}, loader: { enabled: false } } }), /no effect/);
  assert.match(notes({ driver: { kind: 'kmod' } }), /driver\.kind kmod means the BPF programs of Wasprey/);

  const sidekick = { enabled: true, config: { slack: { webhookurl: 'x' } } };
  const { http_output, json_output } = configurationOf({ falcosidekick: sidekick });
  assert.ok(http_output.enabled && json_output);
  assert.equal(http_output.url, 'http://try-falcosidekick:2801');
  const full = configurationOf({ falcosidekick: { ...sidekick, fullfqdn: true, listenPort: 9 } });
  assert.equal(full.http_output.url, 'http://try-falcosidekick.security.svc.cluster.local:9');
  assert.match(notes({ falcosidekick: sidekick }), /posted to http:\/\/try-falcosidekick:2801\./);

  for (const values of [{ grafana: false }, { certs: true }]) assert.ok(notes(values));

  const refs = [
    'falco-rules:5',
    'registry.invalid/rules/falco-rules:5',
    'oci://registry.invalid/rules/falco-rules:5',
    'registry.invalid/plugins/plugin/json:1',
  ];
  const falcoctl = { artifact: { follow: { enabled: true } }, config: { artifact: { follow: { refs, every: '6h' } } } };
  const follow = configurationOf({ falcoctl }).follow.map(({ reference, every }) => [reference, every]);
  assert.deepEqual(follow, [['oci://registry.invalid/rules/falco-rules:5', 6 * 3_600_000]]);
  assert.match(notes({ falcoctl }), /artifact falco-rules:5 of falcoctl is not fetched/);
  assert.match(notes({ falcoctl }), /plugin registry\.invalid\/plugins\/plugin\/json:1 .*is not installed/);

  const { metrics } = configurationOf({ metrics: { enabled: true, interval: '10m', outputRule: true } });
  assert.ok(metrics.output_rule);
  assert.equal(metrics.interval, 600_000);

  const old = {
    docker: { enabled: false },
    containerd: { enabled: true, socket: 'unix:///opt/containerd.sock' },
    crio: { enabled: true, socket: '/opt/crio.sock' },
  };
  const { docker, cri } = configurationOf({ collectors: old }).container_engines;
  assert.equal(docker.enabled, false);
  assert.ok(cri.sockets.includes('/opt/containerd.sock'));
  assert.ok(cri.sockets.includes('/opt/crio.sock'));
});

test("all default values of Falco's chart are taken", { skip: missingFalco('helm-values.yaml') }, () => {
  const values = yaml.load(readFileSync(falcoFile('helm-values.yaml'), 'utf8')) as Values;
  assert.equal(configurationOf(values).webserver.listen_port, 8765);
  assert.match(notes(values), /driver\.loader\.enabled: there is no driver to be built or loaded/);
});
