// Members of the images of a process and its relatives as fields, and what follows from them.

import { type IMAGE_FLAGS, IMAGE as STRUCT } from '../image.ts';
import {
  ABSENT,
  type Derivation,
  type NumberMember,
  type Process,
  type TextDerivation,
  type TextMember,
} from './derivation.ts';
import {
  all,
  always,
  call,
  compare,
  derived,
  flag,
  HEADER,
  hasBit,
  IMAGE,
  isKnown,
  minus,
  number,
  orEmpty,
  present,
  SELF,
  text,
} from './derive.ts';
import type { Field, FieldSource } from './field.ts';

const NUMBERS: ReadonlySet<string> = new Set(
  STRUCT.members.filter(({ type }) => type !== 'string' && type !== 'comm').map(({ name }) => name),
);

type ImageMember = NumberMember<'image'> | TextMember<'image'>;

function isNumber(member: ImageMember): member is NumberMember<'image'> {
  return NUMBERS.has(member);
}

/** A member of the image of a process; a number of another process is absent if that process is unknown. */
function memberOf(member: ImageMember, process: Process): Derivation {
  if (!isNumber(member)) return IMAGE.text(member, process);
  const value = IMAGE.number(member, process);
  return process === SELF ? value : present(isKnown(process), value);
}

export function image(member: ImageMember, process: Process = SELF): FieldSource {
  return always(memberOf(member, process));
}

/** A number that is absent where it is 0. */
export function unlessZero(member: NumberMember<'image'>): FieldSource {
  const value = IMAGE.number(member);
  return always(present(compare(value, '!=', 0), value));
}

/** Arguments and ancestors past this one count as absent. */
const LARGEST_INDEX = 0xffff;

/** The index of an argument in brackets; undefined if out of range. */
function indexOf(argument: string): number | undefined {
  const index = /^\d+$/.test(argument) ? Number(argument) : undefined;
  return index !== undefined && index <= LARGEST_INDEX ? index : undefined;
}

export function ancestorMember(member: ImageMember, argument: string): Derivation {
  const generations = indexOf(argument);
  if (generations === undefined) return ABSENT;
  return memberOf(member, generations === 0 ? SELF : { kind: 'ancestor', generations });
}

/** A field of the n-th ancestor; without index a condition holds if it holds for any of them. */
export function ancestors(name: string, type: Field['type'], description: string, member: ImageMember): Field {
  return {
    name,
    type,
    description,
    source: derived((_, argument) => {
      if (argument === undefined) return { node: 'ancestors', each: memberOf(member, SELF), shown: shownOfAll(member) };
      const isIndex = member !== 'environment_text' || /^-?\d+$/.test(argument);
      return isIndex ? ancestorMember(member, argument) : nearestVariable(argument);
    }),
    anyAncestor: true,
    argument: 'optional',
    argumentKind: member === 'environment_text' ? 'either' : 'index',
    noTransformer: true,
    noRightSide: true,
  };
}

/** Without index Falco prints the process's own of these two, and all ancestors' joined of the rest. */
function shownOfAll(member: ImageMember): Derivation {
  if (isNumber(member) || member === 'environment_text') return memberOf(member, SELF);
  return { node: 'ofAncestors', of: IMAGE.text(member) };
}

/** Generations that proc.aenv[NAME] looks at, as Falco does. */
const ENVIRONMENT_GENERATIONS = 20;

function nearestVariable(name: string): Derivation {
  return { node: 'nearest', of: variable(name), generations: ENVIRONMENT_GENERATIONS };
}

export function variable(key: string): TextDerivation {
  return { node: 'valueOf', list: IMAGE.text('environment'), key, separator: '=' };
}

/** An argument by its number, argv[0] not counted; empty if missing. */
export function argumentAt(argument: string): Derivation {
  const index = indexOf(argument);
  return index === undefined ? text('') : orEmpty(call('itemOf', IMAGE.text('argv'), number(index + 1)));
}

const TIME = HEADER.number('time');

/** From a start to the event, in ns; absent when the start is not known. */
export function age(process: Process): FieldSource {
  const start = IMAGE.number('start_time', process);
  return always(present(all(compare(start, '!=', 0), compare(start, '<=', TIME)), minus(TIME, start)));
}

/** From the executable's change time to a start, in ns; absent when it is not known or the change came later. */
export function sinceChange(member: 'start_time' | 'pidns_start_time'): FieldSource {
  const changed = IMAGE.number('exe_ctime');
  const started = IMAGE.number(member);
  return always(present(all(compare(changed, '!=', 0), compare(started, '>', changed)), minus(started, changed)));
}

/** A text of the leader of a session or process group; empty if unknown. */
export function leader(
  link: 'session_address' | 'group_leader_address',
  id: 'sid' | 'pgid' | 'vpgid',
  member: TextMember<'image'>,
): FieldSource {
  return always(orEmpty(IMAGE.text(member, { kind: 'leader', link, id })));
}

export function same(one: NumberMember<'image'>, other: NumberMember<'image'>): FieldSource {
  return always(compare(IMAGE.number(one), '==', IMAGE.number(other)));
}

export function hasFlag(name: keyof typeof IMAGE_FLAGS): FieldSource {
  return always(hasBit(IMAGE.number('flags'), flag('IMAGE_FLAG', name)));
}
