// The schema: what is generated is fresh, layouts are sound, every source names a member that exists.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EVENT_HEADER, EVENT_STRUCTS, type EventShape } from '../../../host/schema/event-structs.ts';
import { EVENT_TYPES } from '../../../host/schema/events/index.ts';
import { ACCESSOR_OWNERS } from '../../../host/schema/fields/accessors.ts';
import { comparedField, endsOf } from '../../../host/schema/fields/compared.ts';
import { type Derivation, membersRead } from '../../../host/schema/fields/derivation.ts';
import type { Field } from '../../../host/schema/fields/field.ts';
import { FIELDS, resolveField } from '../../../host/schema/fields/index.ts';
import { mayBe } from '../../../host/schema/fields/supplier.ts';
import { generatedFiles } from '../../../host/schema/generate/files.ts';
import { IMAGE } from '../../../host/schema/image.ts';
import { defineStruct, member, type Struct } from '../../../host/schema/layout.ts';

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

test('every derivation reads members that the records of the event have', () => {
  for (const { name, source } of FIELDS) {
    if (source.from === 'container') for (const each of ARGUMENTS) checkMembers(name, source.derive(each));
    if (source.from !== 'record') continue;
    for (const type of EVENT_TYPES) {
      for (const each of ARGUMENTS) checkMembers(`${name} of ${type.name}`, source.derive(type, each), type.shape);
    }
  }
});

const ARGUMENTS = [undefined, '0', '1', 'key', 'src', 'cpu'];

function checkMembers(what: string, derivation: Derivation, shape?: EventShape): void {
  for (const { node, of, member: name } of membersRead(derivation)) {
    const struct: Struct | undefined = ACCESSOR_OWNERS[of];
    assert.ok(struct, what);
    const { type } = member(struct, name);
    assert.equal(type === 'string', node === 'textOf', `${what}: ${name} is of type ${type}`);
    // Members of a descriptor lie at the same place in all shapes that have them.
    const isOfEvent = of !== 'header' && of !== 'image' && of !== 'container';
    const own: Struct | undefined = isOfEvent && shape ? EVENT_STRUCTS[shape] : undefined;
    if (own) assert.equal(member(own, name).offset, member(struct, name).offset, what);
  }
}

test('field names are unique', () => {
  assert.equal(new Set(FIELDS.map((field) => field.name)).size, FIELDS.length);
});

test('a field that is compared as another one is derived as that is, and fields of both ends name fields of their type', () => {
  for (const field of FIELDS) {
    const { name, ends } = field;
    const compared = comparedField(field);
    assert.equal(compared.comparedAs, undefined, name);
    assert.deepEqual(derivations(field), derivations(compared), name);
    assert.equal(endsOf(field) !== undefined, mayBe('ends', field), name);
    for (const end of Object.values(ends ?? {})) assert.equal(fieldNamed(end)?.type, field.type, end);
  }
});

function derivations({ source }: Field): readonly Derivation[] {
  return source.from === 'record' ? EVENT_TYPES.map((type) => source.derive(type, undefined)) : [];
}

const fieldNamed = (name: string) => FIELDS.find((field) => field.name === name);

test('a field is found with its argument', () => {
  assert.deepEqual(resolveField('proc.aname[2]'), { ok: true, field: fieldNamed('proc.aname'), argument: '2' });
  assert.deepEqual(resolveField('evt.arg.flags'), { ok: true, field: fieldNamed('evt.arg'), argument: 'flags' });
  assert.equal(resolveField('evt.arg').ok, false);
  const variable = { ok: true, field: fieldNamed('proc.env') };
  for (const argument of ['A B', 'a]b', 'a"b', '"', '[']) {
    assert.deepEqual(resolveField(`proc.env[${argument}]`), { ...variable, argument }, argument);
  }
  assert.deepEqual(resolveField('proc.env["A B"]'), { ...variable, argument: 'A B' });
  assert.deepEqual(resolveField('proc.aname[ 1]'), { ok: true, field: fieldNamed('proc.aname'), argument: '1' });
  for (const empty of ['proc.env[]', 'proc.env[""]', 'proc.env[A', '[A]'])
    assert.equal(resolveField(empty).ok, false, empty);
  assert.equal(resolveField('proc.nam').ok, false);
});
