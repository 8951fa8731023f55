// The chart without a cluster: helm's own checks, what it renders for which values and versions, and what it refuses.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import yaml from 'js-yaml';
import { CHART, manifestsFile } from '../../deploy/chart/files.ts';
import { helmProgram } from '../../deploy/chart/helm.ts';
import { loadConfig } from '../../host/config/load.ts';
import { asArray, asText, at } from '../../host/diagnostics/json-value.ts';
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
    const [file] = renderAll('ConfigMap', values).map((map) => asText(at(map, 'data', 'wasprey.yaml')));
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
  const { path, text } = manifestsFile(helmProgram());
  assert.equal(readFileSync(join(PROJECT, path), 'utf8'), text);
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

test('no AppArmor profile hides the processes of the host, said as the cluster knows it', () => {
  const annotation = 'container.apparmor.security.beta.kubernetes.io/wasprey';
  const template = (kubernetes: string, values: Values = {}) =>
    at(render('DaemonSet', values, kubernetes), 'spec', 'template');
  const before = template('1.29.9', { podAnnotations: { team: 'security' } });
  assert.deepEqual(at(before, 'metadata', 'annotations'), { [annotation]: 'unconfined', team: 'security' });
  const [container] = asArray(at(before, 'spec', 'containers'));
  assert.equal(at(container, 'securityContext', 'appArmorProfile'), undefined);
  assert.equal(at(template('1.30.0'), 'metadata', 'annotations'), undefined);
  const own = { podAnnotations: { [annotation]: 'localhost/agents' } };
  assert.deepEqual(at(template('1.29.9', own), 'metadata', 'annotations'), own.podAnnotations);
  const replaced = template('1.29.9', { containerSecurityContext: { privileged: true } });
  assert.equal(at(replaced, 'metadata', 'annotations'), undefined);
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
  assert.deepEqual(rules_files, ['/etc/wasprey/rules', '/etc/wasprey/rules.d']);
  assert.equal(asArray(at(containerOf(values), 'ports')).map((port) => at(port, 'containerPort'))[0], 9000);
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

test('a configuration that is not watched makes new pods when it changes', () => {
  const annotations = (values: Values) =>
    at(render('DaemonSet', values), 'spec', 'template', 'metadata', 'annotations');
  assert.equal(annotations({}), undefined);
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
  assert.deepEqual(renderAll('Service'), []);
  const values = { metrics: { enabled: true }, serviceMonitor: { create: true, labels: { release: 'prometheus' } } };
  const monitor = render('ServiceMonitor', values);
  assert.equal(at(monitor, 'metadata', 'labels', 'release'), 'prometheus');
  const wanted = at(monitor, 'spec', 'selector', 'matchLabels');
  const labels = at(render('Service', values), 'metadata', 'labels');
  for (const [name, value] of Object.entries(wanted ?? {})) assert.equal(at(labels, name), value);
});

test('the notes tell what a value takes away, and follow the alerts of more than five nodes', () => {
  const notes = (values: Values) => {
    const { status, stdout, stderr } = helm(['install', 'try', CHART, '--dry-run=client'], values);
    assert.equal(status, 0, stderr);
    return stdout.slice(stdout.indexOf('\nNOTES:'));
  };
  assert.match(notes({}), /logs -f .* --max-log-requests 100\n/);
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
    [{ falcosidekick: { enabled: true } }, /falcosidekick/],
    [{ driver: { kind: 'kmod' } }, /driver.*kind/],
    [{ driver: { enabled: false } }, /driver.*enabled/],
    [{ controller: { kind: 'deployment' } }, /controller.*kind/],
    [{ image: { architectures: ['s390x'] } }, /architectures/],
    [{ customRules: { 'rules.txt': '' } }, /rules\.txt/],
    [{ falco: { jsonoutput: true } }, /jsonoutput/],
    [{ falco: { json_output: 'maybe' } }, /json_output/],
    [{ falco: { webserver: { listen_port: 0 } } }, /listen_port/],
    [{ falco: { priority: 'severe' } }, /priority/],
    [{ healthChecks: { livenessProbe: { periodSeconds: 0 } } }, /periodSeconds/],
  ];
  for (const [values, reason] of refusals) {
    const { status, stderr } = template(values);
    assert.notEqual(status, 0, JSON.stringify(values));
    assert.match(stderr, reason);
  }
});
