// The schema: what is generated is fresh, layouts are sound, every source names a member that exists.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CONTAINER } from '../../../host/schema/container.ts';
import { EVENT_HEADER, EVENT_STRUCTS } from '../../../host/schema/event-structs.ts';
import { EVENT_TYPES } from '../../../host/schema/events.ts';
import { FIELDS, findField, resolveField } from '../../../host/schema/fields/index.ts';
import { generatedFiles } from '../../../host/schema/generate/files.ts';
import { IMAGE } from '../../../host/schema/image.ts';
import { defineStruct, member } from '../../../host/schema/layout.ts';

const root = join(import.meta.dirname, '../../..');

for (const { path, text } of generatedFiles()) {
  test(`${path} is what the schema generates (else: npm run schema)`, () => {
    assert.equal(readFileSync(join(root, path), 'utf8'), text);
  });
}

test('a hole in a struct is refused', () => {
  const specs = [
    { name: 'a', type: 'u8', doc: '' },
    { name: 'b', type: 'u32', doc: '' },
  ] as const;
  assert.throws(() => defineStruct('holed', '', specs), /hole before b at 1/);
});

test('every event record starts with the header', () => {
  assert.equal(EVENT_HEADER.size, 64);
  for (const struct of Object.values(EVENT_STRUCTS)) {
    for (const { name, offset } of EVENT_HEADER.members) assert.equal(member(struct, name).offset, offset, struct.name);
  }
});

test('event type numbers and names are unique', () => {
  assert.equal(new Set(EVENT_TYPES.map((type) => type.number)).size, EVENT_TYPES.length);
  assert.equal(new Set(EVENT_TYPES.map((type) => type.name)).size, EVENT_TYPES.length);
});

test('every parameter names a member that its event has', () => {
  for (const type of EVENT_TYPES) {
    for (const parameter of type.parameters) {
      if (parameter.member === undefined) continue;
      const name = parameter.member.replace(/\[\d+\]$/, '');
      const found = name.startsWith('image.')
        ? IMAGE.members.some((candidate) => candidate.name === name.slice('image.'.length))
        : EVENT_STRUCTS[type.shape].members.some((candidate) => candidate.name === name);
      assert.ok(found, `${type.name}.${parameter.name}: no member ${parameter.member}`);
    }
  }
});

test('every field source names a member that exists', () => {
  for (const { name, source } of FIELDS) {
    if (source.from === 'image' || source.from === 'ancestor') member(IMAGE, source.member);
    if (source.from === 'container') member(CONTAINER, source.member);
    if (source.from === 'event') {
      const holders = Object.values(EVENT_STRUCTS).filter((struct) =>
        struct.members.some((candidate) => candidate.name === source.member),
      );
      assert.ok(holders.length > 0, `${name}: no event has ${source.member}`);
    }
  }
});

test('field names are unique', () => {
  assert.equal(new Set(FIELDS.map((field) => field.name)).size, FIELDS.length);
});

test('a field is found with its argument', () => {
  assert.deepEqual(resolveField('proc.aname[2]'), { ok: true, field: findField('proc.aname'), argument: '2' });
  assert.deepEqual(resolveField('evt.arg.flags'), { ok: true, field: findField('evt.arg'), argument: 'flags' });
  assert.equal(resolveField('evt.arg').ok, false);
  assert.equal(resolveField('proc.nam').ok, false);
});
