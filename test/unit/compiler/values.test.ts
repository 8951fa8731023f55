// Values: what they are printed as, and what is known of them when parts of an event are known.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holds, not } from '../../../host/compiler/ir/condition.ts';
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
  [compare(call('fdTypechar', EVENT_ADDRESS, integer(0x6f)), '==', integer(0x66)), true],
  [call('isSocket', EVENT_ADDRESS), false],
  [call('hasDirectory', EVENT_ADDRESS), true],
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

test('a negative number is not taken for a large one', () => {
  const facts: EventFacts = new Map([['header.result', between(-4095n, -1n)]]);
  assert.equal(decide(holds(compare(cast('u64', RESULT), '<', hexadecimal(5)), 'event'), facts), undefined);
  assert.equal(decide(holds(compare(cast('i64', RESULT), '<', integer(5)), 'event'), facts), true);
});
