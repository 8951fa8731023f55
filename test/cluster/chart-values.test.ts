// Values that the chart refuses, and those of Falco's chart that it takes.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import yaml from 'js-yaml';
import { at } from '../../host/diagnostics/json-value.ts';
import { configurationOf, containerOf, notes, template, type Values } from '../support/cluster/rendered-chart.ts';
import { falcoFile, missingFalco } from '../support/falco-data.ts';

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
