// Rules on audit events, tried on what a journal has of them: the same alerts as while they came, and what is missing is reported.

import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadConfig } from '../../../host/config/load.ts';
import { AuditSource } from '../../../host/daemon/audit/audit-source.ts';
import { findAuditFiles } from '../../../host/journal/audit/audit-files.ts';
import { AuditStore } from '../../../host/journal/audit/audit-store.ts';
import type { Alert } from '../../../host/outputs/alert.ts';
import { auditEvent, auditModule, auditRule, stockAuditRules } from '../../support/audit/audit-rules.ts';
import { ALL_SAMPLES } from '../../support/audit/audit-samples.ts';
import { wasprey } from '../../support/command-line.ts';
import { missingFalco } from '../../support/falco-data.ts';
import { until } from '../../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'wasprey-audit-backtest-'));
after(() => rmSync(folder, { recursive: true }));
let runs = 0;

/** Lets a source that follows a log evaluate these lines. */
async function live(rules: string, lines: readonly string[]): Promise<{ journal: string; alerts: Alert[] }> {
  const own = join(folder, `${runs++}`);
  const [log, journal] = [`${own}.log`, `${own}.journal`];
  writeFileSync(log, '');
  writeFileSync(`${own}.yaml`, `sources: {k8s_audit: {file: ${log}}}\n`);
  const { configuration } = loadConfig({ path: `${own}.yaml`, environment: {} });
  const source = new AuditSource({
    settings: configuration.sources.k8s_audit,
    journal: { folder: journal, keep: 1e9, maxBytes: 1e9 },
    ...{ hostname: 'h', isoTime: false, ruleMatching: 'all', namesModules: false },
    say: (_, message) => assert.fail(message),
  });
  const alerts: Alert[] = [];
  const write = (alert: Alert): void => void (alert.source === 'k8s_audit' && alerts.push(alert));
  await source.start({ modules: [await auditModule(rules)] }, { write }, {});
  appendFileSync(log, lines.map((line) => `${line}\n`).join(''));
  await until(() => source.summary.received >= lines.length);
  await source.stop();
  const { kept, evaluated } = source.summary;
  assert.equal(kept?.events, evaluated);
  assert.equal(kept?.leftOut, 0);
  return { journal, alerts };
}

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function backtest(rules: string, ...words: string[]) {
  return wasprey('backtest', written('rules.yaml', rules), '--rule-matching', 'all', ...words);
}

const USERS = auditRule('ka.user.name exists', 'User').replace('output: o', 'output: "by %ka.user.name"');

test('the journal has what came, and raises the same alerts again', async () => {
  const at = (minute: number) => ({
    stageTimestamp: new Date(Date.parse('2026-11-28T10:00:00Z') + minute * 60_000).toISOString(),
    requestReceivedTimestamp: '2026-11-28T10:00:00Z',
  });
  const pod = { objectRef: { resource: 'pods', namespace: 'shop', name: 'web-1' } };
  const lines = [
    auditEvent('1', { ...pod, ...at(0) }),
    auditEvent('2', { ...at(1), user: { username: 'mallory' } }),
    auditEvent('2', { ...at(1), user: { username: 'mallory' } }),
    // As a batch has them: without a kind of their own.
    JSON.stringify({ kind: 'EventList', items: [JSON.parse(auditEvent('3', { ...at(2), kind: undefined }))] }),
  ];
  const { journal, alerts } = await live(USERS, lines);
  const { status, stdout, stderr } = backtest(USERS, '--on', journal, '--json');
  assert.equal(status, 0, stderr);
  const { from, to, files, events, complete, rules } = JSON.parse(stdout);
  assert.deepEqual([from, to], ['2026-11-28T10:00:00.000Z', '2026-11-28T10:02:00.000Z']);
  assert.deepEqual(files, findAuditFiles([journal]));
  assert.deepEqual([events, complete], [3, true]);
  assert.equal(alerts.length, 3);
  const [rule] = rules;
  assert.deepEqual(rule.users, [
    { name: 'alice', alerts: 2 },
    { name: 'mallory', alerts: 1 },
  ]);
  assert.deepEqual(rule.places, [
    { name: 'cluster', alerts: 2 },
    { name: 'shop/web-1', alerts: 1 },
  ]);
  assert.deepEqual(
    rule.examples.map(({ output }: { output: string }) => output),
    ['by alice', 'by mallory', 'by alice'],
  );
  const text = backtest(USERS, '--on', ...findAuditFiles([journal])).stdout;
  assert.match(
    text,
    /User \(Notice\): 3 alerts, .*\n {2}first .*\n.*\n {2}where {5}.*\n {2}users {5}alice \(2\), mallory \(1\)/,
  );
});

async function assertSameAlerts(rules: string, least: number): Promise<void> {
  const lines = ALL_SAMPLES.map(({ line }) => line);
  const { journal, alerts } = await live(rules, lines);
  const { stdout } = backtest(rules, '--on', journal, '--json');
  const counts = new Map<string, number>();
  for (const { rule } of alerts) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  const tried = new Map<string, number>(
    JSON.parse(stdout).rules.flatMap((rule: { rule: string; alerts: number }) => {
      return rule.alerts > 0 ? [[rule.rule, rule.alerts]] : [];
    }),
  );
  assert.deepEqual(new Map([...tried].sort()), new Map([...counts].sort()));
  assert.ok(alerts.length >= least, String(alerts.length));
}

test('on all samples of audit events: live alerts = those of the journal', () => assertSameAlerts(USERS, 20));

const skip = missingFalco('k8s_audit_rules.yaml');
test("the same by Falco's rules", { skip }, () => assertSameAlerts(stockAuditRules(), 20));

test('what is missing is reported: damage, events that were not kept, and time before them', async () => {
  const { journal } = await live(USERS, [auditEvent('1', { stageTimestamp: new Date().toISOString() })]);
  const [path = ''] = findAuditFiles([journal]);
  const store = new AuditStore({ folder: journal, keep: 1e9, maxBytes: 1e9 }, () => {});
  // More than waits for a disk at a time.
  for (let id = 0; id < 20; id++) store.add({ lines: Buffer.alloc(1 << 20, '\n'), events: 10, to: 0 });
  await until(() => store.summary.events + store.summary.leftOut === 200);
  store.add({ lines: Buffer.from('\n'), events: 0, to: 0 });
  await store.close();
  appendFileSync(path, 'damage');
  const { status, stdout } = backtest(USERS, '--on', journal, '--since', '2h');
  assert.equal(status, 1);
  assert.match(
    stdout,
    /What the history lacks:\n {2}User\n {6}audit events before .*: the ones that are kept begin then\n/,
  );
  assert.match(stdout, /\n {6}\d+ audit events that could not be kept\n/);
  assert.match(stdout, /Damaged: .*\.jsonl\.zst: it ends within a block\./);
});

test('rules on system calls need a recording, and without audit events those on these lack them', async () => {
  const { journal } = await live(USERS, [auditEvent('1')]);
  const shadow = '- {rule: S, desc: d, condition: evt.type = openat, output: o, priority: NOTICE}\n';
  const { status, stderr } = backtest(shadow + USERS, '--on', journal);
  assert.equal(status, 1);
  assert.match(stderr, /the history has no system calls, which these rules need/);
});

test('files that can not be read are named', async () => {
  const { journal } = await live(USERS, [auditEvent('1')]);
  mkdirSync(join(journal, 'audit-20200101T000000.000Z.jsonl.zst'));
  assert.equal(backtest(USERS, '--on', journal).status, 0, 'a folder is no file of it');
  const gone = join(journal, 'audit-20200101T000000.001Z.jsonl.zst');
  const { status, stderr } = backtest(USERS, '--on', gone);
  assert.equal(status, 1);
  assert.match(stderr, /can't read .*: no such file or directory/);
  writeFileSync(gone, 'other');
  const other = backtest(USERS, '--on', journal);
  assert.equal(other.status, 1);
  assert.match(other.stdout, /User \(Notice\): 1 alert,[\s\S]*/);
  assert.match(other.stdout, /Damaged: .*000\.001Z\.jsonl\.zst: it ends within a block\./);
});

const AT = '2026-11-28T10:00:00Z';
const TIMES = { requestReceivedTimestamp: AT, stageTimestamp: AT };

/** The read of a secret. */
function secretRead(id: number, username: string, namespace: string, name: string): string {
  return auditEvent(`${id}`, {
    user: { username },
    responseStatus: { code: 200 },
    objectRef: { resource: 'secrets', namespace, name },
    ...TIMES,
  });
}

test('compared with other rules: which alerts are new, and which are gone', async () => {
  const lines = [
    secretRead(1, 'alice', 'shop', 'db'),
    secretRead(2, 'bob', 'shop', 'db'),
    secretRead(3, 'bob', 'shop', 'db'),
    secretRead(4, 'carol', 'bank', 'db'),
  ];
  const { journal } = await live(USERS, lines);
  const [tried, compared] = [
    auditRule('ka.user.name in (alice, carol)', 'User'),
    auditRule('ka.user.name in (alice, bob)', 'User') + auditRule('ka.user.name exists', 'Any'),
  ];
  // Of system calls nothing is recorded here, and none of the tried rules is on them.
  const onCalls = '- {rule: S, desc: d, condition: evt.type = openat, output: o, priority: NOTICE}\n';
  const words = ['--on', journal, '--against', written('compared.yaml', compared + onCalls)];
  const { status, stdout, stderr } = backtest(tried, ...words, '--json');
  assert.equal(status, 0, stderr);
  const { rules, differences } = JSON.parse(stdout);
  assert.deepEqual(
    rules.map(({ rule, alerts }: { rule: string; alerts: number }) => [rule, alerts]),
    [['User', 2]],
  );
  assert.deepEqual(
    differences.sort((a: { rule: string }, b: { rule: string }) => (a.rule < b.rule ? 1 : -1)),
    [
      {
        ...{ rule: 'User', tried: 2, compared: 3 },
        added: { alerts: 1, origins: [{ name: 'carol in bank', alerts: 1 }] },
        removed: { alerts: 2, origins: [{ name: 'bob in shop', alerts: 2 }] },
      },
      {
        ...{ rule: 'Any', tried: 0, compared: 4 },
        added: { alerts: 0, origins: [] },
        removed: {
          alerts: 4,
          origins: [
            { name: 'bob in shop', alerts: 2 },
            { name: 'alice in shop', alerts: 1 },
            { name: 'carol in bank', alerts: 1 },
          ],
        },
      },
    ],
  );
  const same = backtest(tried, '--on', journal, '--against', written('same.yaml', tried)).stdout;
  assert.match(same, /Compared: the same alerts\./);
});

test('names that a client made long are counted by their beginning', async () => {
  const name = 'a'.repeat(200_000);
  const { journal } = await live(USERS, [secretRead(1, 'alice', name, 'db'), secretRead(2, name, 'shop', 'db')]);
  const { places, users } = JSON.parse(backtest(USERS, '--on', journal, '--json').stdout).rules[0];
  const cut = `${'a'.repeat(256)}...`;
  assert.deepEqual([places[0].name, users[0].name], [cut, cut]);
});

test('compared with the rules that run: those on audit events too', async () => {
  const { journal } = await live(USERS, [secretRead(1, 'alice', 'shop', 'db'), secretRead(2, 'bob', 'shop', 'db')]);
  const running = written('running.yaml', auditRule('ka.user.name = alice', 'User'));
  const source = '{k8s_audit: {file: /nowhere/audit.log}}';
  const config = written('running-config.yaml', `rules_files: [${running}]\nsources: ${source}\n`);
  const words = ['--on', journal, '--against', 'running', '-c', config, '--json'];
  const { status, stdout, stderr } = backtest(USERS, ...words);
  assert.equal(status, 0, stderr);
  const [{ rule, added, removed }] = JSON.parse(stdout).differences;
  assert.deepEqual([rule, added.alerts, removed.alerts], ['User', 1, 0]);
});

test('responses are tried on the alerts, with their conditions, rails and limits', async () => {
  let id = 0;
  const enter = (namespace: string, name: string, username: string, code = 101): string =>
    auditEvent(`${id++}`, {
      ...{ stage: 'ResponseStarted', requestURI: `/api/v1/namespaces/${namespace}/pods/${name}/exec?command=sh` },
      objectRef: { resource: 'pods', subresource: 'exec', namespace, name, apiVersion: 'v1' },
      ...{ user: { username }, responseStatus: { code }, ...TIMES },
    });
  const lines = [
    enter('shop', 'web-1', 'alice'),
    enter('shop', 'web-1', 'alice'),
    enter('shop', 'web-2', 'on-call'),
    enter('shop', 'web-3', 'mallory', 403),
    enter('kube-system', 'dns', 'alice'),
    enter('shop', 'web-4', 'alice'),
    enter('shop', 'web-5', 'alice'),
    secretRead(id++, 'alice', 'shop', 'db'),
  ];
  const { journal } = await live(USERS, lines);
  const action = '{name: mark, match: {rules: [User]}, unless: ka.user.name = on-call, do: label_pod, labels: {a: b}}';
  const responses = `responses: {limits: {per_node: 2/1h}, never: {namespaces: [kube-system]}, actions: [${action}]}`;
  const config = written('responses.yaml', responses);
  const { status, stdout, stderr } = backtest(USERS, '--on', journal, '--responses', '-c', config, '--json');
  assert.equal(status, 0, stderr);
  const [mark] = JSON.parse(stdout).responses;
  assert.deepEqual(mark, {
    ...{ response: 'mark', do: 'label_pod', alerts: 8, acted: 2 },
    refused: { already: 1, excepted: 1, 'no-target': 2, protected: 1, limit: 1 },
    places: [
      { name: 'shop/web-1', alerts: 1 },
      { name: 'shop/web-4', alerts: 1 },
    ],
    rules: [{ name: 'User', alerts: 2 }],
    ...{ first: '2026-11-28T10:00:00.000Z', last: '2026-11-28T10:00:00.000Z' },
  });
});

test('exceptions are proposed, each tried on the same events', async () => {
  const robot = 'system:serviceaccount:ci:deployer';
  const lines = [
    ...Array.from({ length: 40 }, (_, index) => secretRead(index, robot, 'ci', `token-${index}`)),
    secretRead(40, robot, 'bank', 'vault'),
    secretRead(41, 'mallory', 'ci', 'token-1'),
  ];
  const { journal } = await live(USERS, lines);
  const rules = written('tuned.yaml', auditRule('ka.target.resource = secrets', 'Secret read'));
  const words = ['tune', 'Secret read', rules, '--on', journal];
  const { status, stdout, stderr } = wasprey(...words, '--json');
  assert.equal(status, 0, stderr);
  const { alerts, proposals } = JSON.parse(stdout);
  assert.equal(alerts, 42);
  const [best] = proposals;
  assert.deepEqual([best.held_back, best.left], [40, 2]);
  assert.ok(best.fields.includes('ka.user.name') && best.fields.includes('ka.target.namespace'), best.fields.join());
  assert.deepEqual(best.left_origins, [
    { name: `mallory in ci`, alerts: 1 },
    { name: `${robot} in bank`, alerts: 1 },
  ]);
  const exception = written('exception.yaml', wasprey(...words, '--yaml', '1').stdout);
  const left = wasprey('backtest', rules, exception, '--on', journal, '--json');
  assert.equal(JSON.parse(left.stdout).rules[0].alerts, 2);
  const other = wasprey('tune', 'Secret reed', rules, '--on', journal);
  assert.equal(other.status, 1);
  assert.match(other.stderr, /there is no rule 'Secret reed'[\s\S]*did you mean 'Secret read'\?/);
});
