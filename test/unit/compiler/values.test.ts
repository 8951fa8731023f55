// Values: what they are printed as, and what is known of them when parts of an event are known.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { translateRules } from '../../../host/compiler/compile.ts';
import { type Condition, holds, not } from '../../../host/compiler/ir/condition.ts';
import { printValue } from '../../../host/compiler/ir/print-value.ts';
import {
  arithmetic,
  CONTAINER_ADDRESS,
  call,
  cast,
  choose,
  compare,
  EVENT_ADDRESS,
  flag,
  hexadecimal,
  IMAGE_ADDRESS,
  integer,
  isThere,
  memberNamed,
  ofEvent,
  ofImage,
  type Value,
  ZERO,
} from '../../../host/compiler/ir/value.ts';
import { between, decide, type EventFacts, exactly, withBits } from '../../../host/compiler/plan/event-facts.ts';
import { factsOfKind } from '../../../host/compiler/plan/family-facts.ts';
import { loadRules } from '../../../host/compiler/rules/load.ts';
import { ruleSourceOf } from '../../../host/compiler/rules/rule.ts';

const RESULT = ofEvent('header', 'result');
const FLAGS = ofEvent('open', 'open_flags');
const SESSION = ofImage('session_address');
/** `(value & bits) != 0` */
const hasBits = (value: Value, bits: Value): Value => compare(arithmetic(value, '&', bits), '!=', ZERO);

const PRINTED: readonly (readonly [value: Value, text: string])[] = [
  [EVENT_ADDRESS, 'event'],
  [integer(-1), '-1'],
  [integer(-(2n ** 63n)), 'i64.MIN_VALUE'],
  [hexadecimal(65), '0x41'],
  [ofImage('comm', ofImage('parent_address')), 'imageComm(imageParentAddress(image))'],
  [
    memberNamed('container', 'pod_labels', CONTAINER_ADDRESS) ?? ZERO,
    'containerPodLabels(imageContainerAddress(image))',
  ],
  [call('itemOf', ofImage('argv'), integer(1)), 'itemOf(imageArgv(image), 1)'],
  [hasBits(ofEvent('header', 'flags'), flag('EVENT_FLAG', 'COMPAT')), '(headerFlags(event) & EVENT_FLAG_COMPAT) != 0'],
  [compare(arithmetic(RESULT, '-', hexadecimal(5)), '<=', hexadecimal(2)), 'headerResult(event) - 0x5 <= 0x2'],
  [arithmetic(arithmetic(FLAGS, '>>', integer(2)), '&', integer(1)), '(openOpenFlags(event) >> 2) & 1'],
  [arithmetic(arithmetic(FLAGS, '|', integer(2)), '|', integer(1)), 'openOpenFlags(event) | 2 | 1'],
  [
    ofImage('comm', choose(isThere(SESSION), SESSION, IMAGE_ADDRESS)),
    'imageComm(imageSessionAddress(image) != 0 ? imageSessionAddress(image) : image)',
  ],
  [arithmetic(choose(isThere(RESULT), integer(1), ZERO), '|', integer(2)), '(headerResult(event) != 0 ? 1 : 0) | 2'],
  [
    { node: 'oneOf', value: cast('u64', FLAGS), set: 0x1en },
    'u64(openOpenFlags(event)) < 64 && ((u64(0x1e) >> u64(openOpenFlags(event))) & 1) != 0',
  ],
];

test('values are printed with the parentheses that they need', () => {
  for (const [value, text] of PRINTED) assert.equal(printValue(value), text);
});

const FACTS: EventFacts = new Map([
  ['header.result', between(0n, 100n)],
  ['open.open_flags', withBits(0x43n, 0x41n)],
  ['descriptor.kind', exactly(0x66n)],
]);
const KIND = ofEvent('descriptor', 'kind');

const DECIDED: readonly (readonly [value: Value, truth: boolean | undefined])[] = [
  [compare(RESULT, '<', ZERO), false],
  [compare(RESULT, '<=', integer(100)), true],
  [compare(RESULT, '==', integer(7)), undefined],
  [compare(cast('u64', RESULT), '>', hexadecimal(2n ** 63n)), false],
  [compare(cast('u32', RESULT), '<', ZERO), undefined],
  [hasBits(FLAGS, hexadecimal(0x40)), true],
  [compare(arithmetic(FLAGS, '&', integer(3)), '==', integer(2)), false],
  [hasBits(FLAGS, hexadecimal(0x200)), undefined],
  [compare(choose(isThere(KIND), cast('i64', KIND), integer(0x6f)), '==', integer(0x66)), true],
  [choose(compare(KIND, '==', integer(0x34)), compare(RESULT, '==', integer(7)), isThere(KIND)), true],
  [choose(compare(RESULT, '==', integer(7)), isThere(KIND), isThere(KIND)), undefined],
  [{ node: 'oneOf', value: cast('u64', KIND), set: 0x2n }, false],
  // Other members, the same member elsewhere, and what an ancestor has are not known.
  [compare(ofEvent('header', 'tid'), '<', ZERO), undefined],
  [compare(ofImage('pid'), '<', ZERO), undefined],
  [compare(memberNamed('container', 'state', CONTAINER_ADDRESS) ?? ZERO, '<', CONTAINER_ADDRESS), undefined],
];

test('a condition is decided from facts of the event, or left open', () => {
  for (const [value, truth] of DECIDED) {
    const condition = holds(value, 'event');
    assert.equal(decide(condition, FACTS), truth, printValue(value));
    assert.equal(decide(not(condition), FACTS), truth === undefined ? undefined : !truth, printValue(value));
  }
});

/** What is known of a condition on an openat for each kind of descriptor; `?`: kinds that are not known. */
const BY_KIND: readonly (readonly [condition: string, truths: Readonly<Record<string, boolean | undefined>>])[] = [
  ['fd.typechar = f', { f: true, d: false, '4': false, u: false, '\0': true, '?': undefined }],
  ['fd.typechar != f', { f: false, d: true, '4': true, u: true, '\0': false, '?': undefined }],
  ['fd.typechar in (d, 4)', { f: false, d: true, '4': true, '\0': false, '?': undefined }],
  ['fd.sockfamily = ip', { f: false, '4': true, '6': true, u: false, p: false, '\0': false, '?': undefined }],
  ['not fd.sockfamily = ip', { f: true, '4': false, '6': false, u: true, p: true, '\0': true, '?': undefined }],
  ['fd.ip = 1.2.3.4', { f: false, '4': undefined, '6': false, u: false, '\0': false, '?': undefined }],
  ['fd.directory exists', { f: true, d: true, '4': false, u: false, '\0': true, '?': undefined }],
  ['fd.directory = /etc', { f: undefined, d: undefined, '4': false, u: false, '\0': undefined, '?': undefined }],
];

test('the kind of a descriptor decides the fields that follow from it', () => {
  for (const [text, truths] of BY_KIND) {
    const condition = conditionOf(`evt.type = openat and ${text}`);
    for (const [kind, truth] of Object.entries(truths)) {
      const facts = kind === '?' ? new Map() : factsOfKind(kind);
      assert.equal(decide(condition, facts), truth, `${text} on ${JSON.stringify(kind)}`);
    }
  }
});

function conditionOf(condition: string): Condition {
  const text = `- {rule: r, desc: d, condition: '${condition}', output: o, priority: INFO}`;
  const { rules } = loadRules([{ name: 'rules.yaml', text }]);
  const body = translateRules(rules.map(ruleSourceOf)).plan.rules[0]?.bodies[0];
  assert.ok(body);
  return body.condition;
}

test('a negative number is not taken for a large one', () => {
  const facts: EventFacts = new Map([['header.result', between(-4095n, -1n)]]);
  assert.equal(decide(holds(compare(cast('u64', RESULT), '<', hexadecimal(5)), 'event'), facts), undefined);
  assert.equal(decide(holds(compare(cast('i64', RESULT), '<', integer(5)), 'event'), facts), true);
});
