// Members of records as operands, as the parameters of events name them (host/schema/events/index.ts).

import { EVENT_HEADER, EVENT_STRUCTS } from '../../schema/event-structs.ts';
import type { EventType } from '../../schema/events/index.ts';
import { IMAGE } from '../../schema/image.ts';
import type { Member, Struct } from '../../schema/layout.ts';
import { cast, EVENT_ADDRESS, IMAGE_ADDRESS, memberNamed, type Value } from '../ir/value.ts';
import { ABSENT, number, type Operand, text } from './operand.ts';

interface FoundMember {
  readonly value: Value;
  readonly member: Member;
}

/** A member of the event's record, by name; undefined if its shape lacks it. `numbers[1]` is an element of an array. */
export function eventMember(path: string, type: EventType): FoundMember | undefined {
  const [, name = path, index] = /^(\w+)\[(\d+)\]$/.exec(path) ?? [];
  const owner = EVENT_HEADER.members.some((member) => member.name === name) ? 'header' : type.shape;
  const struct: Struct = owner === 'header' ? EVENT_HEADER : EVENT_STRUCTS[type.shape];
  const member = struct.members.find((candidate) => candidate.name === name);
  const value = memberNamed(owner, name, EVENT_ADDRESS, index === undefined ? undefined : Number(index));
  return member && value && { value, member };
}

/** The same as an operand; `image.comm` is a member of the process image. */
export function memberOperand(path: string, type: EventType): Operand {
  const [, name] = /^image\.(.*)$/.exec(path) ?? [];
  const found = name === undefined ? eventMember(path, type) : imageMember(name);
  if (!found) return ABSENT;
  const scope = name === undefined ? 'event' : 'image';
  if (found.member.type === 'string') return text(found.value, scope);
  const unsigned = found.member.type === 'u64';
  return number(unsigned ? found.value : cast('i64', found.value), scope, unsigned);
}

function imageMember(name: string): FoundMember | undefined {
  const struct: Struct = IMAGE;
  const member = struct.members.find((candidate) => candidate.name === name);
  const value = memberNamed('image', name, IMAGE_ADDRESS);
  return member && value && { value, member };
}
