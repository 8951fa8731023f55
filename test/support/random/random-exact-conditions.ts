// Random conditions of what the kernel can decide, and little else.

import fc from 'fast-check';
import { type Names, resolvedPath } from './random-opens.ts';

/** Bytes, as characters 0 to 255, in a condition. */
function quote(text: string): string {
  const escaped = text.replace(/[\\"]/g, '\\$&');
  return `"${escaped.replace(/[^\x20-\x7e]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`)}"`;
}

const oneOf = (values: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...values);
const list = (value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(value.map(quote), { minLength: 1, maxLength: 4 }).map((values) => `(${values.join(', ')})`);
const check = (
  fields: readonly string[],
  operators: readonly string[],
  value: fc.Arbitrary<string>,
): fc.Arbitrary<string> => fc.tuple(oneOf(fields), oneOf(operators), value).map((parts) => parts.join(' '));

const isPlain = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

/** Of texts that are compared as wholes, by their beginning or by their end. */
function textChecks(fields: readonly string[], text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const beginning = fc.tuple(text, fc.integer({ min: 1, max: 12 })).map(([whole, length]) => whole.slice(0, length));
  const ending = fc.tuple(text, fc.integer({ min: 1, max: 14 })).map(([whole, length]) => whole.slice(-length));
  const plain = beginning.filter(isPlain);
  const glob = fc.tuple(plain, ending.filter(isPlain)).map((parts) => parts.join('*'));
  return fc.oneof(
    { weight: 3, arbitrary: check(fields, ['startswith'], fc.oneof(beginning, text).map(quote)) },
    { weight: 3, arbitrary: check(fields, ['endswith'], ending.map(quote)) },
    { weight: 3, arbitrary: check(fields, ['=', '!='], text.map(quote)) },
    { weight: 3, arbitrary: check(fields, ['in'], list(text)) },
    { weight: 1, arbitrary: check(fields, ['pmatch'], list(plain)) },
    { weight: 1, arbitrary: check(fields, ['startswith anyof', 'endswith anyof'], list(fc.oneof(beginning, ending))) },
    { weight: 2, arbitrary: check(fields, ['glob'], glob.map(quote)) },
    {
      weight: 1,
      arbitrary: check(
        fields,
        ['glob'],
        plain.map((part) => quote(`${part}*`)),
      ),
    },
    {
      weight: 1,
      arbitrary: check(
        fields,
        ['regex'],
        plain.map((part) => quote(`${part.replace(/\W/g, '.')}.*`)),
      ),
    },
  );
}

/** Of calls that open files. */
export function exactOpenCheck(names: Names): fc.Arbitrary<string> {
  const component = oneOf(names.components);
  const directory = oneOf(['/', '/etc', '/usr/bin', '/home/user', ...names.paths]);
  return fc.oneof(
    { weight: 8, arbitrary: textChecks(['fd.name'], resolvedPath(names)) },
    { weight: 2, arbitrary: textChecks(['fd.realpath'], resolvedPath(names)) },
    { weight: 2, arbitrary: textChecks(['fd.directory'], directory) },
    {
      weight: 2,
      arbitrary: check(['fd.filename', 'basename(fd.name)'], ['=', '!=', 'endswith'], component.map(quote)),
    },
    { weight: 2, arbitrary: check(['fd.filename', 'basename(fd.realpath)'], ['in'], list(component)) },
    { weight: 5, arbitrary: oneOf(OF_OPEN) },
  );
}

const OF_OPEN = [
  ...['evt.is_open_read = true', 'evt.is_open_write = true', 'evt.is_open_write = false', 'evt.is_open_read = false'],
  ...['evt.failed = true', 'evt.failed = false', 'evt.rawres >= 0', 'evt.rawres < 0', 'fd.num >= 0', 'fd.num < 0'],
  ...['fd.typechar = f', 'fd.typechar = d', 'fd.type = file', 'fd.type in (directory, ipv4)', 'evt.res = SUCCESS'],
  ...['evt.arg.flags contains O_CREAT', 'evt.arg.flags contains O_TRUNC', 'evt.type = openat', 'fd.name exists'],
  ...['evt.type in (open, creat)', 'evt.type = open_by_handle_at', 'evt.res != SUCCESS', 'fd.realpath exists'],
];

const PROGRAMS = ['/usr/bin/cat', '/etc/shadow', '/tmp/a b', '/'];

/** Of programs that are run, and of those that could not be. */
export const exactExecCheck: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: textChecks(['proc.name'], oneOf(['cat', 'bash', 'sh', 'sshd', 'Python3', 'a'])) },
  { weight: 4, arbitrary: textChecks(['proc.exepath'], oneOf(PROGRAMS)) },
  { weight: 3, arbitrary: oneOf(['container.id = host', 'container.id != host', 'not container.id = host']) },
  { weight: 3, arbitrary: oneOf(['evt.rawres = 0', 'evt.failed = true', 'evt.rawres >= 0', 'evt.type = execve']) },
);

const ADDRESS = oneOf(['10.0.0.1', '127.0.0.1', '0.0.0.0', '::1', 'fe80::9', '192.168.1.7']);
const NETWORK = oneOf(['10.0.0.0/8', '127.0.0.0/8', '0.0.0.0/0', '10.1.0.0/16', 'fe80::/10', '::1/128', '::/0']);
const PORT = oneOf(['22', '80', '443', '0', '40000', '65535', '81']);

/** Of connects and sends. */
export const exactPeerCheck: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: check(['fd.sip', 'fd.rip'], ['=', '!='], ADDRESS.map(quote)) },
  { weight: 2, arbitrary: check(['fd.sip', 'fd.rip'], ['in'], list(ADDRESS)) },
  { weight: 3, arbitrary: check(['fd.snet', 'fd.rnet'], ['=', '!='], NETWORK.map(quote)) },
  { weight: 1, arbitrary: check(['fd.snet', 'fd.rnet'], ['in'], list(NETWORK)) },
  { weight: 4, arbitrary: check(['fd.sport', 'fd.rport'], ['=', '!=', '<', '<=', '>', '>='], PORT) },
  { weight: 2, arbitrary: check(['fd.sport', 'fd.rport'], ['in'], list(PORT)) },
  { weight: 1, arbitrary: oneOf(['fd.sip exists', 'fd.sport exists', 'fd.rip exists', 'not fd.rport exists']) },
  { weight: 2, arbitrary: oneOf(['fd.type = ipv4', 'fd.typechar = 6', 'fd.sockfamily = ip', 'fd.typechar in (4, u)']) },
  {
    weight: 2,
    arbitrary: oneOf(['evt.type = connect', 'evt.failed = false', 'evt.rawres >= 0', 'evt.type != sendto']),
  },
);

/** Joined by and, or and not; most of them need something of the process. */
export function joined(leaf: fc.Arbitrary<string>, process: readonly string[]): fc.Arbitrary<string> {
  const { node } = fc.letrec<{ node: string }>((tie) => {
    const some = fc.array(tie('node'), { minLength: 2, maxLength: 3 });
    return {
      node: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        { weight: 6, arbitrary: leaf },
        { weight: 5, arbitrary: some.map((parts) => `(${parts.join(' and ')})`) },
        { weight: 3, arbitrary: some.map((parts) => `(${parts.join(' or ')})`) },
        { weight: 2, arbitrary: tie('node').map((part) => `not (${part})`) },
      ),
    };
  });
  return fc
    .tuple(fc.constantFrom('', ...process), node)
    .map((parts) => parts.filter((part) => part !== '').join(' and '));
}
