// An agent with both sources of events, and one with audit events alone: rules, alerts, reload and numbers of each.

import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readRequests } from '../../../host/cli/activity/audit-logs.ts';
import { renderStatus } from '../../../host/cli/reports/status-report.ts';
import { readAppendOutput } from '../../../host/config/append-output.ts';
import { loadConfig } from '../../../host/config/load.ts';
import { AuditSource } from '../../../host/daemon/audit/audit-source.ts';
import { statusOf } from '../../../host/daemon/control/status.ts';
import { eventSources } from '../../../host/daemon/event-sources.ts';
import { exposition } from '../../../host/daemon/metrics/exposition.ts';
import { ownMetrics } from '../../../host/daemon/metrics/own-metrics.ts';
import { renderSummary } from '../../../host/daemon/summary.ts';
import { SILENT } from '../../../host/diagnostics/terminal.ts';
import { AuditFileReader, findAuditFiles } from '../../../host/journal/audit/audit-files.ts';
import { podRequestFiles } from '../../../host/journal/pod-request-log.ts';
import { RequestLog } from '../../../host/sessions/request-log.ts';
import { auditBatch, auditEvent, auditModule, auditRule } from '../../support/audit/audit-rules.ts';
import { execEvents } from '../../support/audit/exec-events.ts';
import { moduleOf, process as processImage, shadowRead, startBuiltAgent } from '../../support/records/built-agent.ts';
import { inject } from '../../support/records/inject.ts';
import { freePort } from '../../support/servers/free-port.ts';
import { until } from '../../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'wasprey-audit-source-'));
after(() => rmSync(folder, { recursive: true }));
const token = join(folder, 'token');
writeFileSync(token, 'secret');
const log = join(folder, 'audit.log');
writeFileSync(log, '');

const SHADOW = `
- rule: Shadow
  desc: d
  condition: evt.type = openat and fd.name = /etc/shadow
  output: read %fd.name
  priority: WARNING
`;

async function configured() {
  const path = join(folder, 'wasprey.yaml');
  const listen = `127.0.0.1:${await freePort()}`;
  writeFileSync(
    path,
    `
append_output:
  - {match: {source: k8s_audit}, extra_output: "by %ka.user.name"}
  - {match: {source: syscall}, extra_output: "of %proc.name"}
sources:
  k8s_audit: {listen: "${listen}", ssl_enabled: false, token_file: ${token}, file: ${log}}
`,
  );
  const { configuration, origins } = loadConfig({ path, environment: {} });
  const { additions } = readAppendOutput(configuration, origins);
  const settings = configuration.sources.k8s_audit;
  const said: string[] = [];
  const other = new AuditSource({
    ...{ settings, hostname: 'h', isoTime: false, ruleMatching: 'first', namesModules: false },
    say: (level, message) => said.push(`${level}: ${message}`),
  });
  const post = async (body: string): Promise<number> => {
    const headers = { authorization: 'Bearer secret', 'content-type': 'application/json' };
    return (await fetch(`http://${listen}/k8s-audit`, { method: 'POST', headers, body })).status;
  };
  return { listen, configuration, other, post, said, extras: { additions } };
}

test('each source has its own rules and events; they share outputs, and are replaced together', async () => {
  const { other, post, extras, listen, said } = await configured();
  const modules = [await moduleOf(SHADOW), await auditModule(auditRule('ka.verb = create', 'Created'))];
  await using built = await startBuiltAgent(modules, { other, extras, namesModules: false });
  const { agent } = built;
  assert.deepEqual(said, [`info: audit events are received at ${listen}/k8s-audit`]);
  assert.deepEqual(agent.otherFailures(), []);
  assert.equal(await post(auditBatch(auditEvent('1'), auditEvent('2', { verb: 'get' }))), 200);
  inject(agent, [processImage(1, { comm_bytes: 'cat' })], [shadowRead(1)]);
  appendFileSync(log, `${auditEvent('3', { user: { username: 'bob' } })}\n`);
  await built.waitForLines(3);
  const messages = (lines: readonly string[]) => lines.map((line) => line.replace(/^\S+ /, '')).sort();
  assert.deepEqual(messages(built.lines()), [
    'Notice o by alice',
    'Notice o by bob',
    'Warning read /etc/shadow of cat',
  ]);

  await agent.replaceRules([await moduleOf(SHADOW), await auditModule(auditRule('ka.verb = get', 'Got'))], extras);
  assert.deepEqual(
    agent.modules().map(({ source }) => source),
    ['syscall', 'k8s_audit'],
  );
  await post(auditBatch(auditEvent('4'), auditEvent('5', { verb: 'get', user: { username: 'carol' } })));
  await built.waitForLines(4);
  assert.equal(messages(built.lines()).filter((line) => line === 'Notice o by carol').length, 1);

  const summary = await agent.stop();
  const { received, evaluated, duplicates, dropped } = summary.other ?? assert.fail();
  assert.deepEqual(
    { received, evaluated, duplicates, dropped },
    { received: 5, evaluated: 5, duplicates: 0, dropped: [] },
  );
  assert.deepEqual(
    [...summary.alerts.byRule],
    [
      ['Shadow', 1],
      ['Created', 2],
      ['Got', 1],
    ],
  );
});

test('requests to enter pods are kept in the journal, without objects, and each event once', async () => {
  const { other, post } = await configured();
  const journal = { folder: join(folder, 'journal'), kinds: [], keep: 1e6, maxBytes: 1e9 };
  const modules = [await auditModule(auditRule('ka.verb = get', 'Got'))];
  await using built = await startBuiltAgent(modules, { other, journal, namesModules: false });
  const made = { id: 'e', user: 'alice', words: ['sh', '-c', 'ä'], received: Date.parse('2026-11-27T20:00:00Z') };
  const [event = {}] = execEvents(made);
  const exec = JSON.stringify({ ...event, requestObject: { kind: 'PodExecOptions' }, annotations: { a: 'b' } });
  const batch = auditBatch(auditEvent('1'), exec, auditEvent('2'));
  assert.equal(await post(batch), 200);
  assert.equal(await post(batch), 200);
  await built.agent.stop();
  const files = podRequestFiles(journal.folder).filter((path) => existsSync(path));
  const texts = files.map((path) => readFileSync(path, 'utf8'));
  assert.doesNotMatch(texts.join(), /PodExecOptions|annotations/);
  assert.equal(texts.join('').split('\n').length, 2);
  const given = new RequestLog();
  given.take(event);
  assert.deepEqual(readRequests(files), { requests: given.requests, unreadable: 0 });
  assert.equal(given.requests[0]?.user.name, 'alice');
});

test('whoever gets requests to enter pods learns that some may be lost: refused, or in a log that was emptied', async () => {
  const { other, listen, post } = await configured();
  let missed = 0;
  writeFileSync(log, `${auditEvent('1')}\n`);
  await other.start({ modules: [] }, { write: () => {} }, { podRequests: { take: () => {}, missed: () => missed++ } });
  try {
    const headers = { authorization: 'Bearer secret' };
    // Of strangers nothing is lost.
    assert.equal((await fetch(`http://${listen}/k8s-audit`, { method: 'POST', body: 'x' })).status, 401);
    assert.equal(await post(auditEvent('2')), 200);
    assert.equal(missed, 0);
    assert.equal((await fetch(`http://${listen}/k8s-audit`, { method: 'POST', headers, body: 'x' })).status, 415);
    await until(() => missed === 1);
    truncateSync(log);
    await until(() => missed === 2);
  } finally {
    await other.stop();
  }
});

test('rules of one source that can not be used leave those of both', async () => {
  const { other, post } = await configured();
  const created = await auditModule(auditRule('ka.verb = create', 'Created'));
  await using built = await startBuiltAgent([await moduleOf(SHADOW), created], { other });
  const many = Array.from({ length: 600 }, (_, at) => `jevt.value[/${at}]`);
  const rules = created.rules.map((rule) => ({ ...rule, extra: { fields: many, formatted: [] } }));
  const next = await moduleOf(SHADOW.replace('/etc/shadow', '/etc/passwd'));
  await assert.rejects(built.agent.replaceRules([next, { ...created, rules }]), { name: 'RuleModuleError' });
  assert.equal(built.agent.summary().rules.generation, 0);
  inject(built.agent, [processImage(1, {})], [shadowRead(1)]);
  await post(auditEvent('1'));
  await built.waitForLines(2);
});

test('audit events alone: nothing is captured; status, metrics and summary have the numbers', async () => {
  const { other, post, extras } = await configured();
  const modules = [await auditModule(auditRule('ka.verb = create', 'Created'))];
  await using built = await startBuiltAgent(modules, { source: 'none', other, extras, namesModules: false });
  const { agent } = built;
  const batch = auditBatch(auditEvent('1'), auditEvent('2'));
  assert.equal(await post(batch), 200);
  assert.equal(await post(batch), 200);
  assert.equal(await post('junk'), 400);
  appendFileSync(log, 'junk\n');
  await until(() => agent.summary().other?.received === 6 || undefined);
  await built.waitForLines(2);
  const summary = agent.summary();
  const metrics = exposition(ownMetrics(summary)).split('\n');
  for (const line of [
    'wasprey_source_events_received_total{source="k8s_audit"} 6',
    'wasprey_source_events_total{source="k8s_audit",outcome="evaluated"} 2',
    'wasprey_source_events_total{source="k8s_audit",outcome="duplicate"} 2',
    'wasprey_source_events_total{source="k8s_audit",outcome="dropped",reason="not-json"} 2',
    'wasprey_source_requests_total{source="k8s_audit",status="200"} 2',
    'wasprey_source_requests_total{source="k8s_audit",status="400"} 1',
  ]) {
    assert.ok(metrics.includes(line), `${line}\n${metrics.filter((each) => each.includes('_source_')).join('\n')}`);
  }
  const facts = { version: '1', startedMs: 0, modules: agent.modules() };
  const { text, isWell } = renderStatus(statusOf(facts, summary), { ...SILENT, bold: (title) => title });
  assert.match(text, /Trouble\n {2}2 events of k8s_audit were dropped\n/);
  assert.match(text, /Events of k8s_audit\n +received +6\n +evaluated +2\n +duplicates +2\n +dropped: not-json +2\n/);
  assert.match(text, /^ +2 +0 ms +Notice +Created$/m);
  assert.equal(isWell, false);
  assert.match(
    renderSummary(summary, 1),
    /^ {2}k8s_audit {3}6 events received: 2 evaluated, 2 received before, 2 dropped$/m,
  );
});

test('an address that is taken ends the start, with nothing left behind', async () => {
  const first = await configured();
  const modules = [await auditModule(auditRule('ka.verb = create'))];
  await using _built = await startBuiltAgent(modules, { source: 'none', other: first.other });
  const settings = first.configuration.sources.k8s_audit;
  const other = new AuditSource({
    ...{ settings, hostname: 'h', isoTime: false, ruleMatching: 'first', namesModules: false },
    say: () => {},
  });
  await assert.rejects(startBuiltAgent(modules, { source: 'none', other }), {
    message: `audit events can't be received at ${first.listen}: listen EADDRINUSE: address already in use ${first.listen}`,
  });
});

test('sources are those that are configured, as far as options leave them', () => {
  const sources = (words: Parameters<typeof eventSources>[0], options: readonly string[] = []) =>
    eventSources(words, loadConfig({ options, environment: {} }).configuration).join();
  const file = ['sources.k8s_audit.file=/x'];
  const named = (text: string) => [{ text, place: 0 }];
  assert.equal(sources({}), 'syscall');
  assert.equal(sources({}, file), 'syscall,k8s_audit');
  assert.equal(sources({ 'disable-source': named('syscall') }, file), 'k8s_audit');
  assert.equal(sources({ 'enable-source': named('k8s_audit') }, file), 'k8s_audit');
  assert.equal(sources({ 'disable-source': named('k8s_audit') }, file), 'syscall');
  const cases: readonly (readonly [Parameters<typeof eventSources>[0], RegExp])[] = [
    [{ 'disable-source': named('syscall') }, /all sources of events are off/],
    [{ 'enable-source': named('k8s_audit') }, /no audit events are received/],
    [{ 'enable-source': named('aws') }, /--enable-source can't be 'aws'/],
    [{ 'enable-source': named('syscall'), 'disable-source': named('k8s_audit') }, /exclude each other/],
  ];
  for (const [words, message] of cases) assert.throws(() => sources(words), { message });
});

test('events are kept in the journal, in another folder from a change on, or not at all', async () => {
  const { other, post } = await configured();
  const [first, second] = [join(folder, 'kept-1'), join(folder, 'kept-2')];
  const bounds = { keep: 1e9, maxBytes: 1e9 };
  const modules = [await auditModule(auditRule('ka.verb = get', 'Got'))];
  await using built = await startBuiltAgent(modules, { other, namesModules: false });
  const { agent } = built;
  await post(auditEvent('k0'));
  await agent.setAuditJournal({ folder: first, ...bounds });
  // Also from a batch, and each once.
  await post(auditBatch(auditEvent('k1'), auditEvent('k2')));
  await post(auditBatch(auditEvent('k2'), auditEvent('k3')));
  await until(() => (agent.summary().other?.kept?.events ?? 0) === 3);
  const facts = { version: '1', startedMs: 0, modules: agent.modules() };
  const { text } = renderStatus(statusOf(facts, agent.summary()), { ...SILENT, bold: (title) => title });
  assert.match(text, /\n {2}kept +3 in .*kept-1, 0 left out\n/);
  assert.match(exposition(ownMetrics(agent.summary())), /wasprey_source_kept_events_total\{source="k8s_audit"\} 3\n/);
  // Bounds alone change nothing else.
  await agent.setAuditJournal({ folder: first, ...bounds, keep: 1e8 });
  await agent.setAuditJournal({ folder: second, ...bounds });
  await post(auditEvent('k4'));
  await until(() => (agent.summary().other?.kept?.events ?? 0) === 1);
  await agent.setAuditJournal(undefined);
  await post(auditEvent('k5'));
  assert.equal(agent.summary().other?.kept, undefined);
  await agent.stop();
  const idsIn = (place: string): unknown[] =>
    findAuditFiles([place]).flatMap((path) =>
      [...new AuditFileReader(path).blocks()].flatMap((lines) =>
        Buffer.from(lines)
          .toString()
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line).items[0].auditID),
      ),
    );
  assert.deepEqual([idsIn(first), idsIn(second)], [['k1', 'k2', 'k3'], ['k4']]);
});

test('a journal that can not be written is reported once, and holds up no event', async () => {
  const { other, post, said } = await configured();
  const place = join(folder, 'no-folder');
  writeFileSync(place, '');
  const modules = [await auditModule(auditRule('ka.verb = create', 'Created'))];
  await using built = await startBuiltAgent(modules, { other, namesModules: false });
  const { agent } = built;
  await agent.setAuditJournal({ folder: place, keep: 1e9, maxBytes: 1e9 });
  assert.equal(await post(auditBatch(auditEvent('j1'), auditEvent('j2'))), 200);
  // Two of the events, and one of the agent's own.
  const lines = await built.waitForLines(3);
  const own = lines.filter((line) => line.includes('Wasprey internal: journal failure'));
  assert.match(own.join('\n'), /Critical .*: audit events can't be kept in .*no-folder: /);
  assert.equal(said.filter((line) => line.startsWith("error: audit events can't be kept")).length, 1);
  const facts = { version: '1', startedMs: 0, modules: agent.modules() };
  const { text } = renderStatus(statusOf(facts, agent.summary()), { ...SILENT, bold: (title) => title });
  assert.match(text, /Trouble\n {2}audit events can't be kept in .*no-folder: /);
  assert.match(text, /\n {2}kept +0 in .*no-folder, 2 left out\n/);
  // Failures that come and go are one alert.
  await agent.setAuditJournal({ folder: join(place, 'other'), keep: 1e9, maxBytes: 1e9 });
  assert.equal(await post(auditEvent('j3')), 200);
  await until(() => said.filter((line) => line.startsWith("error: audit events can't be kept")).length === 2);
  await agent.stop();
  assert.equal(built.lines().filter((line) => line.includes('Wasprey internal: journal failure')).length, 1);
});
