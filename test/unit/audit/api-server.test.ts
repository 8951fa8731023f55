// `wasprey audit-config`: what an API server reads.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import yaml from 'js-yaml';
import { auditPolicy } from '../../../host/audit/api-server/policy.ts';
import { AUDIT_CONFIG } from '../../../host/cli/commands/audit-config.ts';
import { parseArguments, UsageError } from '../../../host/diagnostics/arguments.ts';
import { CommandFailure } from '../../../host/diagnostics/failure.ts';
import { asArray, at } from '../../../host/diagnostics/json-value.ts';
import { SILENT } from '../../../host/diagnostics/terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'wasprey-audit-config-'));
after(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const pem = (kind: string): string => `-----BEGIN ${kind}-----\nAA==\n-----END ${kind}-----\n`;
const ca = file('ca.crt', pem('CERTIFICATE'));
const certificate = file('client.crt', pem('CERTIFICATE'));
const key = file('client.key', pem('EC PRIVATE KEY'));
const token = file('token', 'a-token\n');

async function auditConfig(...words: string[]): Promise<string> {
  let printed = '';
  const print = (text: string): void => {
    printed += text;
  };
  await AUDIT_CONFIG.run(parseArguments(AUDIT_CONFIG.options, words), { ...SILENT, print });
  return printed;
}

test('the files, and the options that name them', async () => {
  const to = join(folder, 'both');
  mkdirSync(to);
  const identity = ['--client-certificate', certificate, '--client-key', key, '--token-file', token];
  const printed = await auditConfig(to, '--server', 'https://10.0.0.5:9765/k8s-audit', '--ca', ca, ...identity);
  assert.match(printed, new RegExp(`^--audit-policy-file=${to}/audit-policy.yaml\n--audit-webhook-config-file=${to}/`));
  const webhook = join(to, 'audit-webhook.kubeconfig');
  assert.equal(statSync(webhook).mode & 0o777, 0o600);
  const base64 = (path: string): string => readFileSync(path).toString('base64');
  assert.deepEqual(yaml.load(readFileSync(webhook, 'utf8')), {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'wasprey',
        cluster: { server: 'https://10.0.0.5:9765/k8s-audit', 'certificate-authority-data': base64(ca) },
      },
    ],
    users: [
      {
        name: 'wasprey',
        user: {
          'client-certificate-data': base64(certificate),
          'client-key-data': base64(key),
          token: 'a-token',
        },
      },
    ],
    contexts: [{ name: 'wasprey', context: { cluster: 'wasprey', user: 'wasprey' } }],
    'current-context': 'wasprey',
  });
  await assert.rejects(auditConfig(to, '--server', 'https://a/', '--token-file', token), CommandFailure);
});

test('the policy never sends values of secrets and tokens', async () => {
  const to = join(folder, 'policy');
  mkdirSync(to);
  await auditConfig(to, '--server', 'https://a:1/x', '--token-file', token);
  const policy = yaml.load(readFileSync(join(to, 'audit-policy.yaml'), 'utf8'));
  const levels = asArray(at(policy, 'rules')).flatMap((rule) =>
    JSON.stringify(at(rule, 'resources') ?? '').match(/secrets|token/) ? [at(rule, 'level')] : [],
  );
  assert.deepEqual(levels, ['Metadata']);
});

test('what can not be meant is refused', async () => {
  for (const words of [
    [],
    [folder],
    [folder, '--server', 'nonsense', '--token-file', token],
    [folder, '--server', 'ftp://a/', '--token-file', token],
    [folder, '--server', 'http://10.0.0.5:9765/k8s-audit', '--token-file', token],
    [folder, '--server', 'https://a/'],
    [folder, '--server', 'https://a/', '--client-key', key],
  ]) {
    await assert.rejects(auditConfig(...words), UsageError, words.join(' '));
  }
});

test('files that an API server could not use are refused, and nothing is written', async () => {
  const to = join(folder, 'refused');
  mkdirSync(to);
  const blank = file('blank', 'two words\n');
  const empty = file('empty', '\n');
  for (const [words, message] of [
    [['--token-file', empty], `${empty} has no token`],
    [['--token-file', blank], `${blank} has no token`],
    [['--token-file', token, '--ca', token], `${token} has no certificate in PEM form`],
    [['--client-certificate', certificate, '--client-key', ca], `${ca} has no private key in PEM form`],
  ] as const) {
    await assert.rejects(auditConfig(to, '--server', 'https://a:1/x', ...words), { message });
  }
  assert.deepEqual(readdirSync(to), []);
});

test('that events of the cluster are deleted is sent', async () => {
  const policy = yaml.load(auditPolicy());
  const [events] = asArray(at(policy, 'rules')).filter((rule) => JSON.stringify(rule).includes('events.k8s.io'));
  assert.ok(!JSON.stringify(at(events, 'verbs')).includes('delete'));
});
