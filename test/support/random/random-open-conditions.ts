// Random conditions about calls that open files: mostly about names.

import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { type Names, ODD_COMPONENTS, rawPath, resolvedPath } from './random-opens.ts';

const quote = (bytes: string): string => `"${inUtf8(bytes).replace(/[\\"]/g, (character) => `\\${character}`)}"`;
const oneOf = (values: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...values);
/** Whether a condition can have these bytes. */
const inText = (bytes: string): boolean =>
  isUtf8(Buffer.from(bytes, 'latin1')) && /^[\x20-\x7e\x80-\xff]*$/.test(bytes);
const inUtf8 = (bytes: string): string => Buffer.from(bytes, 'latin1').toString();

const NAMES = ['fd.name', 'fd.openpath', 'fd.realpath', 'fd.directory', 'fd.nameraw', 'evt.arg.name', 'fs.path.name'];
const TEXTS = [...NAMES, 'fd.filename', 'basename(fd.name)', 'basename(fd.openpath)', 'tolower(fd.name)'];

const listOf = (value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(value.map(quote), { minLength: 1, maxLength: 4 }).map((values) => `(${values.join(', ')})`);
const check = (
  fields: readonly string[],
  operators: readonly string[],
  value: fc.Arbitrary<string>,
): fc.Arbitrary<string> => fc.tuple(oneOf(fields), oneOf(operators), value).map((parts) => parts.join(' '));

/** A single check of a name. */
export function nameCheck(names: Names): fc.Arbitrary<string> {
  const components = names.components.filter(inText);
  const path = fc
    .oneof({ weight: 5, arbitrary: resolvedPath(names) }, { weight: 1, arbitrary: rawPath(names) })
    .filter(inText);
  const beginning = fc.oneof(
    fc
      .tuple(path, fc.integer({ min: 1, max: 12 }))
      .map(([text, length]) => text.slice(0, length))
      .filter(inText),
    path,
  );
  const ending = fc.oneof(
    fc
      .tuple(path, fc.integer({ min: 1, max: 14 }))
      .map(([text, length]) => text.slice(-length))
      .filter(inText),
    oneOf(components),
  );
  const name = oneOf([...components, ...ODD_COMPONENTS]);
  const glob = beginning.chain((text) => oneOf([`${text}*`, `${text}*/a`, `*${text}`, `/*${text}`, text]));
  const regex = beginning.map((text) => `${text.replace(/\W/g, '.')}.*`);
  const part = fc.oneof(beginning, ending, oneOf(['//', './', '..']));
  return fc.oneof(
    { weight: 4, arbitrary: check(TEXTS, ['startswith'], beginning.map(quote)) },
    { weight: 4, arbitrary: check(TEXTS, ['endswith'], ending.map(quote)) },
    { weight: 4, arbitrary: check(TEXTS, ['=', '!='], fc.oneof(path, name).map(quote)) },
    { weight: 2, arbitrary: check(TEXTS, ['in'], listOf(fc.oneof(path, name))) },
    { weight: 2, arbitrary: check(TEXTS, ['pmatch'], listOf(beginning)) },
    { weight: 2, arbitrary: check(['fd.directory'], ['='], oneOf(['/', '/etc', '/usr/bin', '/home'])) },
    { weight: 2, arbitrary: check(TEXTS, ['glob', 'iglob'], glob.map(quote)) },
    { weight: 1, arbitrary: check(NAMES, ['regex'], regex.map(quote)) },
    { weight: 2, arbitrary: check(TEXTS, ['contains', 'icontains'], part.map(quote)) },
    { weight: 1, arbitrary: oneOf(NAMES).map((field) => `${field} exists`) },
  );
}

const checkOfCall = fc.oneof(
  oneOf(['evt.is_open_read', 'evt.is_open_write', 'evt.is_open_exec', 'evt.is_open_create', 'evt.failed']).chain(
    (field) => oneOf([`${field} = true`, `${field} = false`]),
  ),
  oneOf([
    'fd.typechar = f',
    'fd.typechar = d',
    'fd.type = file',
    'fd.type in (directory, ipv4)',
    'fd.num >= 0',
    'fd.num < 0',
    'evt.rawres < 0',
    'evt.rawres >= 0',
    'evt.rawres = -2',
    'evt.rawres in (3, -13)',
    'evt.res = SUCCESS',
    'evt.res != SUCCESS',
    'evt.arg.flags contains O_CREAT',
    'evt.arg.flags contains O_TRUNC',
    'evt.arg.flags intersects (O_TMPFILE)',
    'evt.rawarg.flags >= 64',
    'evt.rawarg.mode = 0',
    'evt.type = openat',
    'evt.type in (open, creat)',
    'fd.name_changed = true',
    'proc.name = first',
    'proc.name != first',
  ]),
);

/** One for each way to derive what a path needs, by itself: within others it seldom decides. */
export const PLAIN_CONDITIONS: readonly string[] = [
  ...['fd.name', 'fd.openpath', 'fd.realpath', 'evt.arg.name', 'fs.path.name'].flatMap((field) => [
    `${field} = /usr/bin/cat`,
    `${field} startswith /etc/s`,
    `${field} endswith in/cat`,
    `${field} endswith e.conf`,
    `${field} glob /*/user/*`,
    `${field} pmatch (/etc, /usr/*/cat)`,
    `${field} = ""`,
  ]),
  ...['fd.filename = shadow', 'fd.filename endswith gname.conf', 'basename(fd.openpath) in (a, cat)'],
  ...['fd.directory = /', 'fd.directory in (/etc, /)', 'fd.directory startswith /tmp/a', 'fd.directory exists'],
  ...['fd.name regex "(/etc/shadow)?"', 'fd.directory regex "(/etc)?"'],
  ...['fd.nameraw contains //', 'fd.nameraw contains ./', 'fd.nameraw = a', 'fd.num < 0', 'fd.typechar = d'],
];

/** Conditions about calls that open files: mostly about names. */
export function openCondition(names: Names): fc.Arbitrary<string> {
  const leaf = fc.oneof({ weight: 4, arbitrary: nameCheck(names) }, { weight: 2, arbitrary: checkOfCall });
  return fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      { weight: 8, arbitrary: leaf },
      {
        weight: 5,
        arbitrary: fc.array(tie('node'), { minLength: 2, maxLength: 3 }).map((parts) => `(${parts.join(' and ')})`),
      },
      {
        weight: 2,
        arbitrary: fc.array(tie('node'), { minLength: 2, maxLength: 3 }).map((parts) => `(${parts.join(' or ')})`),
      },
      { weight: 1, arbitrary: tie('node').map((part) => `not (${part})`) },
    ),
  })).node;
}
