// The thread that evaluates audit events: what it counts, what it takes for the same event, and what hostile texts can do to it.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { LONGEST_LINE } from '../../../host/audit/events/log-lines.ts';
import { AuditEvaluation, type KeepsEvents } from '../../../host/audit/live/evaluation.ts';
import { EvaluationInterrupted } from '../../../host/audit/live/interrupted.ts';
import { LossWatch } from '../../../host/audit/live/loss-watch.ts';
import type { TextOutcome } from '../../../host/audit/live/protocol.ts';
import { SeenEvents } from '../../../host/audit/live/seen-events.ts';
import type { Alert } from '../../../host/outputs/alert.ts';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { auditBatch, auditEvent, auditModule, auditRule } from '../../support/audit/audit-rules.ts';
import { until } from '../../support/until.ts';

const RULES = auditRule('ka.user.name = mallory', 'Mallory') + auditRule('ka.verb = create', 'Created');
const alerts: Alert[] = [];
/** What is reported about the events that were lost. */
const internal: Alert[] = [];
const write = (alert: Alert): void => {
  (alert.source === 'internal' ? internal : alerts).push(alert);
};
let evaluation: AuditEvaluation;

before(async () => {
  const options = { hostname: 'h', isoTime: false, ruleMatching: 'first', namesModules: false } as const;
  const onTrouble = (message: string): void => assert.fail(message);
  evaluation = new AuditEvaluation({ ...options, onTrouble }, { write });
  await evaluation.start({ modules: [await auditModule(RULES)] });
});
after(() => evaluation.stop());

function take(text: string | Uint8Array, isGzip = false): Promise<TextOutcome> {
  return evaluation.evaluate({ form: 'value', bytes: new Uint8Array(Buffer.from(text)), isGzip });
}

const refused = (kind: string) => ({
  received: 1,
  evaluated: 0,
  duplicates: 0,
  dropped: [[kind, 1]],
  unreadable: kind,
});

test('events are evaluated, by the first rule that matches', async () => {
  alerts.length = 0;
  const mallory = auditEvent('1', { user: { username: 'mallory' } });
  const outcome = await take(auditBatch(mallory, auditEvent('2'), auditEvent('3', { verb: 'get' })));
  assert.deepEqual(outcome, { received: 3, evaluated: 3, duplicates: 0, dropped: [] });
  assert.deepEqual(
    alerts.map(({ rule, source }) => [rule, source]),
    [
      ['Mallory', 'k8s_audit'],
      ['Created', 'k8s_audit'],
    ],
  );
});

test('a batch that comes again is known, in any order and compression; another event with the same auditID is not', async () => {
  const events = ['d1', 'd2', 'd3'].map((id) => auditEvent(id));
  await take(auditBatch(...events));
  alerts.length = 0;
  const again = await take(gzipSync(auditBatch(...events.toReversed())), true);
  assert.deepEqual(again, { received: 3, evaluated: 0, duplicates: 3, dropped: [] });
  assert.equal(alerts.length, 0);
  // A client chooses the auditID of its requests.
  const hidden = await take(auditEvent('d1', { user: { username: 'mallory' } }));
  assert.equal(hidden.evaluated, 1);
  assert.equal(alerts[0]?.rule, 'Mallory');
});

test('bounded memory of what came: the oldest events are forgotten', () => {
  const seen = new SeenEvents(4);
  const event = (id: number): Uint8Array => Buffer.from(`event ${id}`);
  assert.deepEqual(
    [1, 1, 2, 3, 1, 4, 5, 6, 7, 1].map((id) => seen.add(event(id))),
    [false, true, false, false, true, false, false, false, false, false],
  );
});

test('what can never be read is refused with its reason', async () => {
  const cases: readonly (readonly [string, string | Uint8Array, boolean?])[] = [
    ['not-json', ''],
    ['not-json', 'junk'],
    ['not-json', auditBatch(auditEvent('j')).slice(0, -1)],
    ['not-json', `${auditEvent('j')} {}`],
    ['not-json', '['.repeat(100_000)],
    ['not-json', `[${'0,'.repeat(2 ** 21)}0]`],
    ['not-json', '{"kind":"EventList","items":[NaN]}'],
    ['not-an-event', '{"kind":"Pod"}'],
    ['not-an-event', '{"__proto__":{"kind":"Event"}}'],
    ['not-an-event', '"Event"'],
    ['no-time', '{"kind":"Event","auditID":"x"}'],
    ['not-gzip', 'plain', true],
    ['not-gzip', gzipSync(auditEvent('cut')).subarray(0, 40), true],
    ['too-large', gzipSync(Buffer.alloc(LONGEST_LINE + 1)), true],
  ];
  for (const [kind, text, isGzip] of cases) {
    assert.deepEqual(await take(text, isGzip), refused(kind), `${kind} of ${String(text).slice(0, 40)}`);
  }
});

test('hostile members are values as any other, and the event behind is evaluated', async () => {
  alerts.length = 0;
  const hostile = [
    auditEvent('h1').replace('"verb"', '"__proto__":{"verb":"get"},"constructor":{"prototype":{}},"toString":1,"verb"'),
    auditEvent('h2', { requestObject: { metadata: { name: 'x'.repeat(200_000) } } }),
    auditEvent('h3').replace('"create"', '"\\ud800\\u0000create"'),
    auditEvent('h4').replace('"create"', `1e${'9'.repeat(5000)}`),
    auditEvent('h5', { requestObject: Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`k${at}`, at])) }),
    auditEvent('h6', { user: { username: 'mallory' } }),
  ];
  const outcome = await take(auditBatch(...hostile));
  assert.deepEqual(outcome, { received: 6, evaluated: 6, duplicates: 0, dropped: [] });
  assert.deepEqual(
    alerts.map(({ rule }) => rule),
    ['Created', 'Created', 'Created', 'Mallory'],
  );
  assert.equal(Object.hasOwn(Object.prototype, 'verb'), false);
});

test('bytes that are no UTF-8 do not keep others from being read', async () => {
  const event = Buffer.from(auditEvent('u', { user: { username: 'XX' } }));
  event.set([0xff, 0xfe], event.indexOf('XX'));
  assert.equal((await take(event)).evaluated, 1);
});

test('an event over the bound is dropped alone', async () => {
  const large = auditEvent('large', { requestObject: { x: 'y'.repeat(300_000) } });
  const outcome = await take(auditBatch(large, auditEvent('small')));
  assert.deepEqual(outcome, { received: 2, evaluated: 1, duplicates: 0, dropped: [['too-large', 1]] });
});

test('new rules take over between texts; rules that can not be loaded leave those in use', async () => {
  const module = await auditModule(auditRule('ka.verb = delete', 'Deleted'));
  const before = await auditModule(RULES);
  const prepared = await evaluation.prepare({ modules: [module] });
  alerts.length = 0;
  await take(auditEvent('r1'));
  prepared.use();
  await take(auditEvent('r2'));
  await take(auditEvent('r3', { verb: 'delete' }));
  assert.deepEqual(
    alerts.map(({ rule }) => rule),
    ['Created', 'Deleted'],
  );
  const many = Array.from({ length: 600 }, (_, at) => `jevt.value[/${at}]`);
  const rules = module.rules.map((rule) => ({ ...rule, extra: { fields: many, formatted: [] } }));
  await assert.rejects(evaluation.prepare({ modules: [{ ...module, rules }] }), { message: /name 600 values/ });
  await take(auditEvent('r4', { verb: 'delete' }));
  assert.equal(alerts.at(-1)?.rule, 'Deleted');
  (await evaluation.prepare({ modules: [before] })).use();
});

test('all that was received is evaluated, known or dropped', () => {
  const { received, evaluated, duplicates, dropped, matchesDropped } = evaluation.counters;
  const sum = dropped.reduce((total, { count }) => total + count, 0);
  assert.equal(received, evaluated + duplicates + sum);
  assert.ok(sum > 0 && duplicates > 0);
  assert.equal(matchesDropped, 0);
});

test('what is lost raises an alert at once, what follows is reported together', async () => {
  assert.equal(internal[0]?.message, 'Wasprey internal: audit events lost. Received and not evaluated: not-json: 1.');
  const said: string[] = [];
  const losses = new LossWatch({ internal: (_, priority, message) => said.push(`${priority} ${message}`) }, 20);
  losses.add([
    ['too-large', 2],
    ['failed', 1],
  ]);
  losses.add([['too-large', 3]]);
  losses.add([['too-large', 4]]);
  assert.equal(said.length, 1);
  await until(() => said.length === 2);
  losses.add([['not-json', 1]]);
  losses.finish();
  losses.finish();
  assert.deepEqual(
    said.map((message) => message.split(': ').slice(2).join(': ')),
    ['too-large: 2, failed: 1.', 'too-large: 7.', 'not-json: 1.'],
  );
});

/** Whose thread ends at a text of three bytes. */
function mortal(
  said: string[],
  keep?: KeepsEvents,
): { again: AuditEvaluation; give: (text: string) => Promise<TextOutcome> } {
  const worker = join(PROJECT, 'host/audit/live/worker.ts');
  const script = `import { parentPort } from 'node:worker_threads';
    parentPort.on('message', ({ kind, bytes }) => { if (kind === 'text' && bytes.length === 3) process.exit(1); });
    await import(${JSON.stringify(pathToFileURL(worker).href)});`;
  const again = new AuditEvaluation(
    {
      ...{ hostname: 'h', isoTime: false, ruleMatching: 'first', namesModules: false },
      entry: new URL(`data:text/javascript,${encodeURIComponent(script)}`),
      onTrouble: (message) => said.push(message),
      keep,
    },
    { write },
  );
  return {
    again,
    give: (text) => again.evaluate({ form: 'value', bytes: new Uint8Array(Buffer.from(text)) }),
  };
}

test('a thread that ends is started again with the rules in use; what it had is given back', async (t) => {
  const said: string[] = [];
  const { again, give } = mortal(said);
  t.after(() => again.stop());
  await again.start({ modules: [await auditModule(RULES)] });
  const lost = [give('die'), give(auditEvent('e1'))];
  for (const each of lost) await assert.rejects(each, { name: 'EvaluationInterrupted', wasGiven: true });
  assert.deepEqual(said, ['audit events are not evaluated: it has ended; it is tried again in 1 s']);
  assert.equal(again.failure, 'audit events are not evaluated: it has ended');
  await assert.rejects(give(auditEvent('e1')), { name: 'EvaluationInterrupted', wasGiven: false });
  alerts.length = 0;
  // What comes while the thread has no rules yet is not evaluated by none.
  const outcome = await until(() => give(auditEvent('e1')).catch(() => undefined));
  assert.equal(outcome.evaluated, 1);
  assert.equal(alerts.length, 1);
  assert.equal(again.failure, undefined);
});

test('events that were to be kept are left out with the thread, and counted', async () => {
  const kept: number[] = [];
  const leftOut: number[] = [];
  const keep = {
    add: ({ events }: { events: number }) => kept.push(events),
    leaveOut: (n: number) => leftOut.push(n),
  };
  const { again, give } = mortal([], keep);
  await again.start({ modules: [await auditModule(RULES)] });
  await give(auditBatch(auditEvent('k1'), auditEvent('k2')));
  await assert.rejects(give('die'));
  assert.deepEqual([kept, leftOut], [[], [2]]);
  await until(() => give(auditEvent('k3')).catch(() => undefined));
  await again.stop();
  assert.deepEqual([kept, leftOut], [[1], [2]]);
});

test('rules that come into use after the thread was started again are evaluated by it', async (t) => {
  const { again, give } = mortal([]);
  t.after(() => again.stop());
  await again.start({ modules: [await auditModule(RULES)] });
  const prepared = await again.prepare({ modules: [await auditModule(auditRule('ka.verb = create', 'Next'))] });
  await assert.rejects(give('die'));
  await until(() => again.failure === undefined || undefined);
  prepared.use();
  alerts.length = 0;
  let id = 0;
  await until(async () => {
    await give(auditEvent(`n${++id}`));
    return alerts.at(-1)?.rule === 'Next' || undefined;
  });
  assert.equal(alerts.length, id, 'none was evaluated by no rule');
});

test('a stop evaluates what waits, and takes no more', async () => {
  const outcomes = ['s1', 's2', 's3'].map((id) => take(auditEvent(id)));
  await evaluation.stop();
  for (const outcome of await Promise.all(outcomes)) assert.equal(outcome.evaluated, 1);
  await assert.rejects(take(auditEvent('s4')), EvaluationInterrupted);
});
