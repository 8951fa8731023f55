// The chart without a cluster: helm's own checks, and what it renders for which values and versions.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import yaml from 'js-yaml';
import { CHART, manifestsFiles, startKeysFile } from '../../deploy/chart/files.ts';
import { helmProgram } from '../../deploy/chart/helm.ts';
import { asArray, asObject, asText, at } from '../../host/diagnostics/json-value.ts';
import { PROJECT } from '../../host/setup/paths.mjs';
import {
  configurationOf,
  containerOf,
  helm,
  notes,
  podOf,
  render,
  renderAll,
  template,
  type Values,
} from '../support/cluster/rendered-chart.ts';
import { falcoFile, missingFalco } from '../support/falco-data.ts';

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
