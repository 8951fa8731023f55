// What random conditions are made from: fields that both the compiler and the interpreter of the tests know, and constants.

import { EVENT_TYPES } from '../../../host/schema/events/index.ts';
import { FIELDS, resolveField } from '../../../host/schema/fields/index.ts';
import { parameterType } from '../../../host/schema/parameter-names.ts';
import type { ValueType } from '../../../host/schema/types.ts';
import { derivedFields, parameterFields } from '../records/schema-fields.ts';
import { NAMES, PATHS } from './random-events.ts';

export const TEXT_TYPES: readonly ValueType[] = ['CHARBUF', 'BYTEBUF'];
export const NUMBER_TYPES: readonly ValueType[] = ['INT16', 'INT32', 'INT64', 'UINT32', 'UINT64', 'ABSTIME', 'RELTIME'];

/** Fields that have no right side, or can't be one. */
export const isAlone = (name: string): boolean => {
  const resolved = resolveField(name);
  return resolved.ok && resolved.field.noRightSide === true;
};

/** Fields of any number of parts: a comparison of one with another field is never true, with a warning (condition-not-supported). */
export const isJoined = (name: string): boolean => {
  const resolved = resolveField(name);
  if (!resolved.ok || resolved.field.source.from !== 'record') return false;
  const { derive } = resolved.field.source;
  return EVENT_TYPES.some((type) => hasJoined(derive(type, resolved.argument)));
};

/** What only outputs show does not count. */
function hasJoined(part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return false;
  if ('node' in part && (part.node === 'ofAncestors' || part.node === 'pathFrom')) return true;
  return Object.entries(part).some(([name, inner]) => name !== 'shown' && hasJoined(inner));
}

/** Every field of some types that has a derivation, with an argument or two. */
const ofTypes = (...types: readonly ValueType[]): readonly string[] =>
  derivedFields(({ type, list }) => types.includes(type) && !list, 2);

/** Fields of some types that have no derivation by themselves: those of any ancestor, and of either end of a connection. */
const ofSeveral = (...types: readonly ValueType[]): readonly string[] =>
  FIELDS.filter(
    ({ type, source, anyAncestor, filterOnly, comparedAs }) =>
      types.includes(type) && source.from === 'record' && (anyAncestor || (filterOnly && comparedAs === undefined)),
  ).map(({ name }) => name);

/** Raw parameters that are numbers, on all events that have them. */
const rawNumbers = parameterFields('evt.rawarg').filter((text) => {
  const name = text.slice('evt.rawarg.'.length);
  const rows = EVENT_TYPES.flatMap(({ parameters }) => parameters.filter((row) => row.name === name));
  const types = [parameterType(name) ?? 'CHARBUF', ...rows.map(({ type }) => type)];
  return types.every((type) => /INT|FLAGS|^(ERRNO|FD|PID|MODE|SIGTYPE|ABSTIME)$/.test(type));
});

export const TEXT_FIELDS: readonly string[] = [
  ...ofTypes(...TEXT_TYPES),
  ...parameterFields('evt.arg'),
  'evt.arg[0]',
  'evt.arg[1]',
  ...ofSeveral(...TEXT_TYPES),
];
export const NUMBER_FIELDS: readonly string[] = [
  ...ofTypes(...NUMBER_TYPES),
  ...rawNumbers,
  ...ofSeveral(...NUMBER_TYPES),
];
export const PORT_FIELDS: readonly string[] = [...ofTypes('PORT'), ...ofSeveral('PORT')];
export const BOOLEAN_FIELDS = ofTypes('BOOL');
export const ADDRESS_FIELDS: readonly string[] = [...ofTypes('IPADDR'), ...ofSeveral('IPADDR')];
export const NET_FIELDS: readonly string[] = FIELDS.filter(
  ({ type, source }) => type === 'IPNET' && source.from === 'record',
).map(({ name }) => name);

export const TEXTS = [
  ...NAMES.slice(0, 6),
  ...PATHS.filter((path) => !/[^\x20-\x7e]/.test(path)),
  'host',
  'nginx',
  'web',
  'file',
  'f',
  'ipv4',
  'tcp',
  '<NA>',
  'SUCCESS',
  'ENOENT',
  'EINPROGRESS',
  '-999',
  'O_RDONLY',
  'O_CREAT|O_RDWR',
  'O_',
  '|',
  '0',
  'PTRACE_ATTACH',
  'SIG',
  'SIGKILL',
  'AF_INET',
  'AF_LOCAL|AF_UNIX',
  'S_IXUSR',
  '<f>',
  '<4t>',
  'root',
  'AT_FDCWD',
  'CAP_CHOWN',
  'CAP_SYS_ADMIN',
  'EXE_WRITABLE',
  'hello',
  'etc',
  'sh',
  '/e',
  'w',
  '1',
  '12',
  'é',
  'bin',
];
export const GLOBS = [
  '*',
  '*sh',
  '/etc/*',
  '*s*',
  '/proc/*/mem',
  '?at',
  '[a-c]*',
  '/*/[!p]*',
  '*O_CREAT*',
  'c?t',
  '/ETC/*',
  '*[0-9]',
  '<?>*',
];
export const REGEXES = [
  '.*',
  '/etc/.*',
  '[a-z]+',
  '(cat|bash|sh)d?',
  '/proc/[0-9]+/mem',
  'O_.*',
  '.?at',
  '/tmp/.',
  '[^/]+',
  's{1,2}hd?',
];
export const PREFIXES = ['/etc', '/', 'etc/ssh', '/usr/bin', '/proc/*', '/tmp', '/usr/*/cat', '/et', ''];
export const NUMBERS = ['0', '1', '2', '3', '-1', '-2', '1000', '4294967295', '5', '34816', '500', '8'];
export const PORTS = ['22', '80', '443', '0', 'http', 'ssh'];
export const ADDRESSES = ['10.0.0.1', '127.0.0.1', '0.0.0.0', '::1', 'fe80::9', '192.168.1.7'];
export const NETWORKS = [
  '10.0.0.0/8',
  '127.0.0.0/8',
  '0.0.0.0/0',
  '10.1.0.0/16',
  'fe80::/10',
  '::1/128',
  '192.168.1.0/29',
];

/** evt.type and syscall.type only take names that exist. */
export const isTyped = (text: string): boolean => !/^(evt|syscall)\.type /.test(text);
/** Text fields that may stand on the right side too. */
export const RIGHT = TEXT_FIELDS.filter((name) => isTyped(`${name} `) && !isAlone(name));
