// What the parameters of events mean (parameter.ts): the names of flags, errors and accounts, the file behind a descriptor, the process with a
// number.

import { ERRORS } from '../errno.ts';
import type { EventShape } from '../event-structs.ts';
import { FLAG_TABLES } from '../flags.ts';
import type { Parameter } from '../types.ts';
import {
  ABSENT,
  type BooleanDerivation,
  type Derivation,
  type NumberDerivation,
  type NumberedBits,
  type Process,
  type TextDerivation,
} from './derivation.ts';
import {
  all,
  compare,
  DESCRIPTOR,
  decimal,
  either,
  HEADER,
  IMAGE,
  isThere,
  join,
  lengthOf,
  NETWORK,
  orElse,
  orEmpty,
  PARENT,
  SELF,
  text,
} from './derive.ts';
import { IS_KNOWN, PROTOCOL_LETTER, WITH_DESCRIPTOR } from './of-descriptor.ts';

const NO_DATA = text('NULL');

function hasBytes(of: TextDerivation): BooleanDerivation {
  return compare(lengthOf(of), '>', 0);
}

/** Falco's text for no data. */
export function orNull(value: TextDerivation, bytes = value): Derivation {
  return either(hasBytes(bytes), value, NO_DATA);
}

const [AF_UNIX, AF_INET, AF_INET6] = [1, 2, 10];

/** `1.2.3.4:80`, or the path of a unix socket. */
export function passedAddress(name: string): Derivation {
  const family = (wanted: number): BooleanDerivation => compare(NETWORK.number('passed_family'), '==', wanted);
  const withPort = (address: TextDerivation): TextDerivation =>
    join(address, text(':'), decimal(NETWORK.number('passed_port')));
  const v6: Derivation = {
    node: 'inOutputs',
    value: withPort({ node: 'ipv6Text', of: 'network', member: 'passed_address' }),
    inConditions: ABSENT,
    why: `evt.arg.${name} is absent in conditions when it is an IPv6 address`,
  };
  const v4 = withPort({ node: 'ipv4Text', of: 'network', member: 'passed_address' });
  const path = orEmpty(NETWORK.text('passed_path'));
  return either(family(AF_INET), v4, either(family(AF_UNIX), path, either(family(AF_INET6), v6, NO_DATA)));
}

const AT_FDCWD = -100;

export function errorName(result: NumberDerivation): TextDerivation {
  return { node: 'enumeration', of: result, names: ERRORS };
}

function namesOf({ flags }: Parameter): readonly NumberedBits[] {
  return (flags ? FLAG_TABLES[flags] : []).map(({ name, value, mask, equals }) => ({
    name,
    value: BigInt(value),
    mask: BigInt(mask),
    equals: BigInt(equals),
  }));
}

/** `none`: what it reads without a name; the number if undefined. */
export function names(parameter: Parameter, of: NumberDerivation, none?: string): TextDerivation {
  const all = { node: 'names', of, names: namesOf(parameter), separator: '|' } as const;
  return none === undefined ? all : { ...all, none };
}

export function renumbered(parameter: Parameter, of: NumberDerivation): NumberDerivation {
  return { node: 'renumbered', of, names: namesOf(parameter), flags: parameter.type.startsWith('FLAGS') };
}

/**
 * `<f>/etc/passwd`, `<4t>1.2.3.4:1->5.6.7.8:2`, the name of the error; the number where it is not known.
 * @param directory the path, if the descriptor is that of a directory: `<d>/directory`
 */
export function descriptor(
  value: NumberDerivation,
  shape: EventShape,
  directory: TextDerivation | undefined,
): Derivation {
  const negative = either(compare(value, '==', AT_FDCWD), text('AT_FDCWD'), errorName(value));
  const plain = decimal(value);
  const file = WITH_DESCRIPTOR.has(shape) ? either(IS_KNOWN, OPENED, plain) : plain;
  const known = directory ? either(isThere(directory), join(text('<d>'), directory), plain) : file;
  return either(compare(value, '<', 0), negative, known);
}

const OPENED = join(
  text('<'),
  { node: 'character', of: DESCRIPTOR.number('kind') },
  { node: 'character', of: PROTOCOL_LETTER },
  text('>'),
  orEmpty(DESCRIPTOR.text('name')),
);

/** Processes that an event's parameters are about, besides its own. Of groups the leader alone: to search for its oldest ancestor took 0.9 ms a process. */
const RELATED: readonly Process[] = [
  SELF,
  PARENT,
  { kind: 'leader', link: 'group_leader_address' },
  { kind: 'leader', link: 'session_address' },
];

/** The name of the process with that number, if the event refers to it. */
export function processName({ name }: Parameter, value: NumberDerivation): Derivation {
  const nameOf = (process: Process, isIt: BooleanDerivation | undefined, otherwise: Derivation): Derivation => {
    const comm = IMAGE.text('comm', process);
    return either(isIt ? all(isIt, isThere(comm)) : isThere(comm), comm, otherwise);
  };
  const plain = decimal(value);
  const isPositive = compare(value, '>', 0);
  // A new process has the name of the one that made it.
  if (name === 'res') return either(isPositive, nameOf(SELF, undefined, plain), plain);
  const related = RELATED.reduceRight<Derivation>(
    (rest, process) => nameOf(process, compare(value, '==', IMAGE.number('pid', process)), rest),
    plain,
  );
  const isThread = compare(value, '==', HEADER.number('tid'));
  return either(isPositive, nameOf(SELF, isThread, related), plain);
}

interface Account {
  readonly kind: 'user' | 'group';
  /** An id of which the process image has the name, and that name. */
  readonly own: NumberDerivation;
  readonly name: TextDerivation;
}
const USER: Account = { kind: 'user', own: IMAGE.number('uid'), name: IMAGE.text('user_name') };
const LOGIN: Account = { kind: 'user', own: IMAGE.number('login_uid'), name: IMAGE.text('login_name') };
const GROUP: Account = { kind: 'group', own: IMAGE.number('gid'), name: IMAGE.text('group_name') };

const NO_ID = 0xffffffff;

/** The image has the names of its own ids; others are looked up on the machine, which a condition can't. */
export function accountName(parameter: Parameter, id: NumberDerivation): Derivation {
  const { kind, own, name } = parameter.member === 'image.login_uid' ? LOGIN : parameter.type === 'UID' ? USER : GROUP;
  const others: Derivation = {
    node: 'inOutputs',
    value: orElse({ node: 'accountName', of: id, account: kind }, '<NA>'),
    inConditions: either(compare(id, '==', 0), text('root'), text('<NA>')),
  };
  const named = either(all(compare(id, '==', own), hasBytes(name)), name, others);
  return either(compare(id, '==', NO_ID), text('<NONE>'), named);
}
