// Rules on audit events from the bytes of JSON on: what conditions and alerts read, and what hostile events can do.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditEvaluation, auditRule, type ShownValue } from '../../support/audit/audit-rules.ts';

const TIME = '2024-01-02T03:04:05.1Z';

function eventOf(members: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ kind: 'Event', auditID: 'id', stageTimestamp: TIME, ...members });
}

/** The values of fields on an event. */
async function valuesOf(fields: readonly string[], event: string): Promise<Readonly<Record<string, ShownValue>>> {
  const evaluate = await auditEvaluation(auditRule('jevt.rawtime exists'), fields);
  const [match] = evaluate(event).matches;
  return Object.fromEntries(fields.map((field, index) => [field, match?.values[index]]));
}

/** Which of the conditions hold. */
async function holding(conditions: readonly string[], event: string): Promise<readonly string[]> {
  const rules = conditions.map((condition) => auditRule(condition, JSON.stringify(condition)));
  const evaluate = await auditEvaluation(rules.join(''));
  return evaluate(event).matches.map(({ rule }) => rule);
}

test('fields of any event', async () => {
  const fields = ['evt.num', 'evt.source', 'evt.pluginname', 'evt.is_async', 'evt.asynctype', 'evt.hostname'];
  const times = ['evt.time.iso8601', 'evt.rawtime', 'evt.rawtime.s', 'evt.rawtime.ns', 'evt.reltime', 'jevt.rawtime'];
  assert.deepEqual(await valuesOf([...fields, ...times, 'evt.plugininfo'], eventOf({})), {
    'evt.num': '1',
    'evt.source': 'k8s_audit',
    'evt.pluginname': 'k8saudit',
    'evt.is_async': 'false',
    'evt.asynctype': undefined,
    'evt.hostname': 'test-host',
    'evt.time.iso8601': '2024-01-02T03:04:05.100000000+0000',
    'evt.rawtime': '1704164645100000000',
    'evt.rawtime.s': '1704164645',
    'evt.rawtime.ns': '100000000',
    'evt.reltime': '0',
    'jevt.rawtime': '1704164645100000000',
    'evt.plugininfo': eventOf({}),
  });
});

test('values by pointer, also with blanks and quotes in keys, and the whole event', async () => {
  const event = eventOf({ a: { 'b c': [1, '2'], "it's": 'x' } });
  const fields = ['jevt.value[/a/b c/1]', "jevt.value[/a/it's]", 'jevt.value[]', 'json.value[a]', 'jevt.obj'];
  assert.deepEqual(Object.values(await valuesOf(fields, event)), [
    '2',
    'x',
    event,
    '{"b c":[1,"2"],"it\'s":"x"}',
    JSON.stringify(JSON.parse(event), null, 2),
  ]);
  const conditions = ['jevt.value["/a/b c/1"] = 2', 'jevt.value[/a] contains it', 'json.value[/nope] exists'];
  assert.deepEqual(await holding(conditions, event), conditions.slice(0, 2));
});

test('lists: in needs all elements, intersects one; neither holds of an absent one', async () => {
  const event = eventOf({ user: { groups: ['a', 'b', ''] }, requestObject: { rules: [{ verbs: ['*'] }] } });
  const hold = [
    'ka.user.groups in (a, b, "")',
    'ka.user.groups intersects (x, b)',
    'not ka.user.groups in (a, b)',
    'ka.user.groups intersects ("")',
    'len(ka.user.groups) = 3',
    'ka.req.role.rules.verbs intersects ("*")',
    'not ka.req.role.rules.resources in (a)',
    'not ka.sourceips exists',
    'ka.user.name in (x) or ka.user.groups exists',
  ];
  const fail = [
    'ka.user.groups in (a)',
    'ka.user.groups intersects ()',
    'ka.sourceips intersects (a)',
    'ka.sourceips in ()',
  ];
  assert.deepEqual(await holding([...hold, ...fail], event), hold);
});

test('lists are compared with lists', async () => {
  const rules = [
    { verbs: ['get', 'list'], resources: ['pods'] },
    { verbs: ['get'], apiGroups: ['getx', 'ge', ''] },
  ];
  const event = eventOf({ user: { groups: ['list', 'get'] }, requestObject: { rules } });
  const verbs = 'ka.req.role.rules.verbs';
  const hold = [
    `${verbs} in val(ka.user.groups)`,
    `${verbs}[1] in val(ka.user.groups)`,
    `ka.user.groups intersects val(${verbs}[1])`,
    `not ka.user.groups in val(${verbs}[1])`,
    `not ka.req.role.rules.apiGroups intersects val(${verbs})`,
    `not ${verbs} in val(ka.sourceips)`,
  ];
  assert.deepEqual(await holding([...hold, `${verbs} intersects val(ka.req.role.rules.resources)`], event), hold);
});

test('parameters of the URI: the first value, decoded', async () => {
  const uri = '/x?command=sh&command=-c&a%20b=1%2B1&empty&plus=a+b&nul=a%00b';
  const names = ['command', 'a b', 'empty', 'plus', 'nul', 'COMMAND', 'none'];
  const fields = names.map((name) => `ka.uri.param[${name}]`);
  const values = await valuesOf(fields, eventOf({ requestURI: uri }));
  assert.deepEqual(Object.values(values), ['sh', '1+1', '', 'a b', 'a', undefined, undefined]);
  for (const bad of ['/x?a=1&b=%zz', '/x?a=1;b=2', '/%z?a=1', '/x\u0001?a=1'])
    assert.deepEqual(await valuesOf(['ka.uri.param[a]'], eventOf({ requestURI: bad })), {
      'ka.uri.param[a]': undefined,
    });
});

test('an event without an id has no ka fields', async () => {
  const event = `{"kind":"Event","stageTimestamp":"${TIME}","verb":"get"}`;
  assert.deepEqual(await holding(['ka.verb exists', 'jevt.value[/verb] = get', 'not ka.verb = get'], event), [
    'jevt.value[/verb] = get',
    'not ka.verb = get',
  ]);
});

test('an event with 60,000 elements of a list is evaluated', async () => {
  const conditions = ['ka.req.role.rules.verbs in (a, b)', 'not ka.req.role.rules.verbs intersects (c)'];
  const event = eventOf({ requestObject: { rules: [{ verbs: Array.from({ length: 60_000 }, () => 'a') }] } });
  assert.ok(event.length < 262_144 && event.length > 200_000);
  assert.deepEqual(await holding(conditions, event), conditions);
});

test('what is too large or no event is refused, counted, and leaves the rest alone', async () => {
  const evaluate = await auditEvaluation(auditRule('ka.verb = get'));
  const large = eventOf({ verb: 'get', pad: 'x'.repeat(262_144) });
  const fits = eventOf({ verb: 'get', pad: '' });
  const atLimit = eventOf({ verb: 'get', pad: 'x'.repeat(262_144 - fits.length) });
  assert.equal(evaluate(large).refused[0]?.[0], 'too-large');
  assert.equal(evaluate(atLimit).matches.length, 1);
  assert.deepEqual(
    evaluate('{"kind":"Event"').refused.map(([kind]) => kind),
    ['not-json'],
  );
  const list = `{"kind":"EventList","items":[${large},{},${fits}]}`;
  const { matches, refused } = evaluate(list);
  assert.deepEqual([matches.length, refused.map(([kind]) => kind).sort()], [1, ['no-time', 'too-large']]);
});

test('how many values on demand rules may name is bounded', async () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `jevt.value[/${index}]`);
  const evaluate = await auditEvaluation(auditRule('ka.verb = get'), names(512));
  assert.equal(evaluate(eventOf({ verb: 'get', 511: 'x' })).matches[0]?.values[511], 'x');
  await assert.rejects(auditEvaluation(auditRule('ka.verb = get'), names(513)), /name 513 values of audit events/);
});

test('nothing of an event is left for the next one', async () => {
  const evaluate = await auditEvaluation(auditRule('jevt.rawtime exists'), [
    'ka.user.groups',
    'ka.uri.param[a]',
    'ka.verb',
  ]);
  evaluate(eventOf({ verb: 'get', requestURI: '/?a=1', user: { groups: ['a'] } }));
  assert.deepEqual(evaluate(eventOf({})).matches[0]?.values, [undefined, undefined, undefined]);
});

test('damaged events are refused or evaluated, and never end the process', async () => {
  const evaluate = await auditEvaluation(auditRule('ka.verb = get or ka.user.groups intersects (a)'), ['jevt.obj']);
  const whole = Buffer.from(
    eventOf({ verb: 'get', user: { groups: ['a\u00e9'] }, requestObject: { spec: { containers: [{}] } } }),
  );
  for (let seed = 1; seed < 3_000; seed++) {
    const damaged = Buffer.from(whole);
    for (let step = 0, at = seed; step < (seed % 4) + 1; step++) {
      at = (at * 1_103_515_245 + 12_345) % 2 ** 31;
      damaged[at % damaged.length] = at >> 8;
    }
    const { matches, refused } = evaluate(seed % 3 === 0 ? damaged.subarray(0, seed % damaged.length) : damaged);
    assert.ok(matches.length + refused.length <= 1);
  }
});
