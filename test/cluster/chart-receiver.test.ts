// The receiver of audit events, as the chart renders it.

import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { asArray, asObject, asText, at } from '../../host/diagnostics/json-value.ts';
import { STREAM_AUDIENCE } from '../../host/sessions/stream-messages.ts';
import {
  configurationOf,
  containerOf,
  notes,
  podOf,
  render,
  renderAll,
  template,
  type Values,
} from '../support/cluster/rendered-chart.ts';

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
  assert.equal(configurationOf({ ...RECEIVER, k8sAudit: { keepEvents: true } }).journal.enabled, true);
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

test('a receiver whose responses act on pods may do that, and no more', () => {
  const rightsFor = (action: string, more: object = {}): unknown[] => {
    const actions = [{ name: 'r', match: { rules: ['*'] }, do: action, ...more }];
    const values = { ...RECEIVER, responses: { mode: 'act', actions } };
    const { kubernetes } = configurationOf(values);
    const pod = at(render('Deployment', values), 'spec', 'template', 'spec');
    const isAsking = [kubernetes.enabled, at(pod, 'automountServiceAccountToken')];
    const roles = renderAll('ClusterRole', values).flatMap((role) => asArray(at(role, 'rules')));
    return [...isAsking, ...roles.map((rule) => [at(rule, 'resources'), at(rule, 'verbs')])];
  };
  assert.deepEqual(rightsFor('delete_pod'), [true, true, [['pods'], ['get', 'delete']]]);
  assert.deepEqual(rightsFor('label_pod', { labels: { a: 'b' } }), [true, true, [['pods'], ['get', 'patch']]]);
  // Of a configuration that others share.
  assert.deepEqual(rightsFor('kill_process'), [false, false]);
  const [container] = asArray(at(render('Deployment', RECEIVER), 'spec', 'template', 'spec', 'containers'));
  const environment = asArray(at(container, 'env'));
  assert.ok(environment.some((item) => at(item, 'name') === 'POD_UID'));
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
