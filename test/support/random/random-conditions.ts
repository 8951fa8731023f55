// Random conditions over the fields that both the compiler and the interpreter of the tests know.

import fc from 'fast-check';
import { resolveField } from '../../../host/schema/fields/index.ts';
import type { ValueType } from '../../../host/schema/types.ts';
import { derivedFields } from '../records/schema-fields.ts';
import { NAMES, PATHS } from './random-events.ts';

/** Fields that have no right side, or can't be one. */
const isAlone = (name: string): boolean => {
  const resolved = resolveField(name);
  return resolved.ok && resolved.field.noRightSide === true;
};

const quote = (text: string): string => `"${text.replace(/[\\"]/g, (character) => `\\${character}`)}"`;

/** Every field of some types that has a derivation, with an argument or two. */
const ofTypes = (...types: readonly ValueType[]): readonly string[] =>
  derivedFields(({ type, list }) => types.includes(type) && !list, 2);

/** Those of any ancestor, and parameters of events: what has no derivation is chosen by hand. */
const TEXT_FIELDS: readonly string[] = [
  ...ofTypes('CHARBUF', 'BYTEBUF'),
  'evt.arg.flags',
  'evt.arg.name',
  'evt.arg.path',
  'evt.arg.oldpath',
  'evt.arg.request',
  'evt.arg.domain',
  'evt.arg.mode',
  'evt.arg.fd',
  'evt.arg.res',
  'evt.arg.uid',
  'evt.arg.tuple',
  'evt.arg.cmd',
  'evt.arg.newfd',
  'evt.arg.sig',
  'evt.arg.data',
  'evt.arg[0]',
  'evt.arg[1]',
  'evt.arg.dirfd',
  'proc.aname',
  'proc.aexepath',
];
const NUMBER_FIELDS: readonly string[] = [
  ...ofTypes('INT16', 'INT32', 'INT64', 'UINT32', 'UINT64', 'ABSTIME', 'RELTIME'),
  'evt.rawarg.flags',
  'evt.rawarg.mode',
  'evt.rawarg.request',
  'proc.apid',
];
const PORT_FIELDS: readonly string[] = [...ofTypes('PORT'), 'fd.port'];
const BOOLEAN_FIELDS = ofTypes('BOOL');
const ADDRESS_FIELDS: readonly string[] = [...ofTypes('IPADDR'), 'fd.ip'];
const NET_FIELDS = ['fd.snet', 'fd.cnet', 'fd.lnet', 'fd.rnet', 'fd.net'] as const;

const TEXTS = [
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
const GLOBS = [
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
const REGEXES = [
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
const PREFIXES = ['/etc', '/', 'etc/ssh', '/usr/bin', '/proc/*', '/tmp', '/usr/*/cat', '/et', ''];
const NUMBERS = ['0', '1', '2', '3', '-1', '-2', '1000', '4294967295', '5', '34816', '500', '8'];
const PORTS = ['22', '80', '443', '0', 'http', 'ssh'];
const ADDRESSES = ['10.0.0.1', '127.0.0.1', '0.0.0.0', '::1', 'fe80::9', '192.168.1.7'];
const NETWORKS = ['10.0.0.0/8', '127.0.0.0/8', '0.0.0.0/0', '10.1.0.0/16', 'fe80::/10', '::1/128', '192.168.1.0/29'];

const oneOf = (values: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...values);
const list = (values: readonly string[]): fc.Arbitrary<string> =>
  fc.array(oneOf(values), { minLength: 1, maxLength: 9 }).map((items) => `(${items.map(quote).join(', ')})`);
const check = (
  fields: readonly string[],
  operators: readonly string[],
  value: fc.Arbitrary<string>,
): fc.Arbitrary<string> => fc.tuple(oneOf(fields), oneOf(operators), value).map((parts) => parts.join(' '));

const plainText = check(
  TEXT_FIELDS,
  ['=', '!=', 'contains', 'icontains', 'startswith', 'endswith'],
  oneOf(TEXTS).map(quote),
);
/** evt.type and syscall.type only take names that exist. */
const isTyped = (text: string): boolean => !/^(evt|syscall)\.type /.test(text);
const RIGHT = TEXT_FIELDS.filter((name) => isTyped(`${name} `) && !isAlone(name));
const CONTIGUOUS = ['proc.exe', 'proc.args[0]', 'proc.name', 'fd.name', 'proc.env[PATH]', 'basename(fd.name)'];
const transformed = fc
  .tuple(fc.constantFrom('tolower', 'toupper', 'basename', 'b64'), oneOf(RIGHT), oneOf(CONTIGUOUS))
  // b64 and basename take texts that lie in one piece.
  .map(([name, field, contiguous]) => `${name}(${name === 'b64' || name === 'basename' ? contiguous : field})`);
const joined = fc
  .tuple(oneOf(RIGHT), oneOf(RIGHT), oneOf(['concat', 'join']))
  .map(([a, b, name]) => (name === 'concat' ? `concat(${a}, ${b})` : `join("|", (${a}, ${b}))`));

/** Words of the event and constants, as getopt() takes them. */
const words = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: oneOf(['proc.args[0]', 'proc.args[1]', 'proc.args[2]', 'proc.name']) },
      { weight: 2, arbitrary: oneOf(['-k', '-kc', '-cKey', '-c', '--', '--long', 'cat', '', '-Kx']).map(quote) },
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((items) => `(${items.join(', ')})`);
const SPECIFICATIONS = ['c:k', ':kc:K', 'kKcx', 'x:', ''].map(quote);
const optionList = fc.tuple(words, oneOf(SPECIFICATIONS)).map(([list, known]) => `getopt(${list}, ${known})`);
const listTransformed = fc
  .tuple(oneOf(['', '', 'tolower', 'toupper', 'basename', 'b64']), optionList)
  .map(([name, list]) => (name === '' ? list : `${name}(${list})`));
const OPTION_TEXTS = ['c', 'k', 'K', '?', ':', 'Key', 'key', 'cat', 'aGVsbG8=', 'hello', 'shadow', ''];
export const listChecks: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(listTransformed, oneOf(['in', 'intersects']), list(OPTION_TEXTS)).map((parts) => parts.join(' ')),
  fc
    .tuple(
      listTransformed,
      oneOf(['in', 'intersects']),
      oneOf([
        'tolower(proc.name)',
        'basename(proc.args[1])',
        'concat(proc.args[1], "")',
        'val(proc.name)',
        'val(evt.res)',
      ]),
    )
    .map((parts) => parts.join(' ')),
  fc
    .tuple(oneOf(['proc.name', 'proc.args[1]']), oneOf(['in', 'intersects']), listTransformed)
    .map((parts) => parts.join(' ')),
  fc
    .tuple(
      optionList,
      oneOf(['c', 'k', 'x']),
      oneOf(['=', '!=', 'startswith', 'endswith']),
      oneOf(OPTION_TEXTS).map(quote),
    )
    .map(([all, letter, operator, text]) => `${all}[${letter}] ${operator} ${text}`),
  fc
    .tuple(
      oneOf(['"|"', '""', 'proc.name']),
      listTransformed,
      oneOf(['=', 'contains', 'startswith']),
      oneOf(['k', 'k|c', 'c|Key', 'K', '']).map(quote),
    )
    .map(([separator, all, operator, text]) => `join(${separator}, ${all}) ${operator} ${text}`),
  fc.tuple(optionList, oneOf(['0', '1', '2', '3', '5'])).map(([all, count]) => `len(${all}) = ${count}`),
  fc.tuple(listTransformed, oneOf(['0', '1', '3', '6'])).map(([all, count]) => `len(join("--", ${all})) >= ${count}`),
  listTransformed.map((all) => `${all} exists`),
);

const checks: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: listChecks },
  { weight: 8, arbitrary: plainText.filter(isTyped) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'evt.type = open',
      'evt.type in (openat, connect, execve)',
      'evt.type != openat',
      'evt.type contains "at"',
    ),
  },
  { weight: 3, arbitrary: check(TEXT_FIELDS, ['in', 'intersects'], list(TEXTS)).filter(isTyped) },
  { weight: 2, arbitrary: check(TEXT_FIELDS, ['glob', 'iglob'], oneOf(GLOBS).map(quote)).filter(isTyped) },
  { weight: 2, arbitrary: check(TEXT_FIELDS, ['regex'], oneOf(REGEXES).map(quote)).filter(isTyped) },
  { weight: 2, arbitrary: check(TEXT_FIELDS, ['pmatch'], list(PREFIXES)).filter(isTyped) },
  {
    weight: 2,
    arbitrary: check(
      TEXT_FIELDS,
      ['startswith oneof', 'contains anyof', 'endswith allof', 'contains oneof'],
      list(TEXTS),
    ).filter(isTyped),
  },
  { weight: 1, arbitrary: check(TEXT_FIELDS, ['<', '>='], oneOf(['5', '0'])).filter(isTyped) },
  {
    weight: 1,
    arbitrary: oneOf([...TEXT_FIELDS, ...NUMBER_FIELDS, ...PORT_FIELDS, ...ADDRESS_FIELDS, ...BOOLEAN_FIELDS]).map(
      (name) => `${name} exists`,
    ),
  },
  { weight: 4, arbitrary: check(NUMBER_FIELDS, ['=', '!=', '<', '<=', '>', '>='], oneOf(NUMBERS)) },
  { weight: 1, arbitrary: check(NUMBER_FIELDS, ['in'], list(NUMBERS)) },
  { weight: 2, arbitrary: check(PORT_FIELDS, ['=', '!='], oneOf(PORTS)) },
  { weight: 1, arbitrary: check(PORT_FIELDS, ['<', '>'], oneOf(['80', '100'])) },
  { weight: 1, arbitrary: check(PORT_FIELDS, ['in'], list(PORTS)) },
  { weight: 2, arbitrary: check(BOOLEAN_FIELDS, ['=', '!='], oneOf(['true', 'false'])) },
  { weight: 2, arbitrary: check(ADDRESS_FIELDS, ['=', '!='], oneOf(ADDRESSES).map(quote)) },
  { weight: 1, arbitrary: check(ADDRESS_FIELDS, ['in'], list(ADDRESSES)) },
  { weight: 2, arbitrary: check(NET_FIELDS, ['=', '!='], oneOf(NETWORKS).map(quote)) },
  { weight: 1, arbitrary: check(NET_FIELDS, ['in'], list(NETWORKS)) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        transformed,
        oneOf(['=', '!=', 'contains', 'startswith', 'endswith', 'icontains', 'regex', 'glob']),
        oneOf(TEXTS.filter((text) => !/[|<*]/.test(text))).map(quote),
      )
      .map((parts) => parts.join(' ')),
  },
  { weight: 1, arbitrary: fc.tuple(transformed, list(TEXTS)).map(([left, values]) => `${left} in ${values}`) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(joined, oneOf(['=', 'contains', 'startswith', 'endswith']), oneOf(TEXTS).map(quote))
      .map((parts) => parts.join(' ')),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        oneOf(RIGHT),
        oneOf(['=', '!=', 'contains', 'icontains', 'startswith', 'endswith', 'glob']),
        fc.oneof(
          oneOf(RIGHT).map((name) => `val(${name})`),
          transformed,
          joined,
        ),
      )
      .map((parts) => parts.join(' ')),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(oneOf(RIGHT), oneOf(['>', '=', '<=']), oneOf(['0', '3', '5', '11']))
      .map(([name, operator, value]) => `len(${name}) ${operator} ${value}`),
  },
);

/** Every operator that a type takes, with and without a modifier, of constants in all their forms, and of other fields. */
const typed = (
  fields: readonly string[],
  operators: readonly string[],
  constants: readonly string[],
): fc.Arbitrary<string> => {
  const single = operators.filter((operator) => !/^(in|intersects|pmatch)$/.test(operator));
  const listed = [
    ...operators.filter((operator) => !single.includes(operator)),
    ...single.filter((operator) => !/[<>]/.test(operator)).flatMap(modified),
  ];
  const comparable = fields.filter((name) => !isAlone(name));
  return fc.oneof(
    { weight: 3, arbitrary: check(fields, single, oneOf(constants)) },
    {
      weight: 4,
      arbitrary: check(
        fields,
        listed,
        fc.array(oneOf(constants), { minLength: 1, maxLength: 4 }).map((items) => `(${items.join(', ')})`),
      ),
    },
    ...(comparable.length === 0 ? [] : [{ weight: 2, arbitrary: sameType(comparable, [...single, 'in']) }]),
  );
};
const sameType = (fields: readonly string[], operators: readonly string[]): fc.Arbitrary<string> => {
  const right = fields.map((name) => (name.startsWith('len(') ? name : `val(${name})`));
  return check(fields, operators, oneOf(right));
};
const modified = (operator: string): readonly string[] => [
  `${operator} anyof`,
  `${operator} allof`,
  `${operator} oneof`,
];
const COMPARISONS = ['=', '==', '!=', '<', '<=', '>', '>='];
const EQUALITIES = ['=', '==', '!=', 'in', 'intersects'];
const byType = (names: readonly string[]): Map<string, string[]> =>
  Map.groupBy(names, (name) => {
    const resolved = resolveField(name);
    return resolved.ok ? resolved.field.type : name;
  });
const TEXT_OPERATORS = ['=', '==', '!=', 'contains', 'icontains', 'startswith', 'endswith', 'glob', 'iglob'];
export const typedChecks: fc.Arbitrary<string> = fc.oneof(
  typed([...TEXT_FIELDS].filter(isTyped), [...TEXT_OPERATORS, 'in', 'intersects'], [...TEXTS, ...GLOBS].map(quote)),
  ...[...byType(NUMBER_FIELDS).values()].map((fields) =>
    typed(fields, [...COMPARISONS, 'in', 'intersects'], [...NUMBERS, '010', '00', '2147483647', '4294967294', '-0']),
  ),
  typed(['len(proc.name)', 'len(fd.name)'], [...COMPARISONS, 'in', 'intersects'], ['0', '2', '3', '05', '11']),
  typed(PORT_FIELDS, [...COMPARISONS, 'in', 'intersects'], [...PORTS, '022', '65616']).filter(
    (text) => !/[<>]=? (http|ssh)/.test(text),
  ),
  typed(BOOLEAN_FIELDS, EQUALITIES, ['true', 'false', '"true"']),
  typed(ADDRESS_FIELDS, EQUALITIES, ADDRESSES.map(quote)),
  typed(NET_FIELDS, EQUALITIES, NETWORKS.map(quote)),
);

/** Conditions of up to about eight checks. */
export const randomCondition: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 5, arbitrary: checks },
    {
      weight: 2,
      arbitrary: fc.array(tie('node'), { minLength: 2, maxLength: 3 }).map((parts) => `(${parts.join(' and ')})`),
    },
    {
      weight: 2,
      arbitrary: fc.array(tie('node'), { minLength: 2, maxLength: 3 }).map((parts) => `(${parts.join(' or ')})`),
    },
    { weight: 1, arbitrary: tie('node').map((part) => `not (${part})`) },
  ),
})).node;
