// Random calls that open files, as the kernel makes them: what was passed, what came of it, and the conditions that tell them apart.

import fc from 'fast-check';
import type { StructInput } from '../../host/schema/encode-struct.ts';
import { DESCRIPTOR_STATE } from '../../host/schema/event-structs.ts';
import { findEventType } from '../../host/schema/events/index.ts';
import { OPENED } from '../../host/schema/kernel-filter.ts';
import type { FilteredEvent } from './filter-reference.ts';
import { testAddon } from './test-addon.ts';

const AT_FDCWD = -100;
const DIRFD = 5;
const O_CREAT = 0x40;
const O_TRUNC = 0x200;
const O_TMPFILE_BIT = 0x400000;

/** Names are bytes, as characters 0 to 255. */
export interface RandomOpen {
  readonly type: 'open' | 'openat' | 'openat2' | 'creat';
  /** Absent: it could not be read. */
  readonly raw?: string;
  /** Path of the descriptor that it is relative to; null: there is none. Undefined: it is relative to the current directory. */
  readonly directory?: string | null;
  readonly flags: number;
  readonly mode: number;
  readonly outcome: { readonly errno: number } | Opened;
}

interface Opened {
  readonly kind: 'f' | 'd';
  readonly created: boolean;
  /** Where a link leads, or null where the file has no path; undefined: where the path passed does. */
  readonly resolved?: string | null;
  /** Another path that it has. */
  readonly elsewhere?: string;
}

const COMPONENTS = [
  ...['etc', 'shadow', 'passwd', 'sudoers.d', 'usr', 'bin', 'cat', 'home', 'user', '.ssh', 'id_rsa', 'proc', 'self'],
  ...['environ', 'tmp', 'a', 'ETC', '\xff\xfe', 'averyverylongname', 'averyverylongname.conf', 'x'.repeat(70)],
];
/** Few, so that conditions and calls often mean the same one. */
const PATHS = [
  ...['/', '/a', '/etc', '/etc/shadow', '/shadow', '/usr/bin/cat', '/etc/sudoers.d/a', '/home/user/.ssh/id_rsa'],
  ...[
    '/averyverylongname',
    '/averyverylongname.conf',
    '/tmp/a/averyverylongname/averyverylongname.conf',
    '/proc/self/environ',
  ],
  ...['/usr/bin/averyverylongname.conf/a', `/tmp/${'x'.repeat(70)}/shadow`],
];
const ODD_COMPONENTS = ['.', '..', '', '...', '.hidden', 'ends.'];

const components = (most: number, odd: number): fc.Arbitrary<string> =>
  fc
    .array(
      fc.oneof(
        { weight: 12, arbitrary: fc.constantFrom(...COMPONENTS) },
        { weight: odd, arbitrary: fc.constantFrom(...ODD_COMPONENTS) },
      ),
      { minLength: 1, maxLength: most },
    )
    .map((parts) => parts.join('/'));

/** As the kernel tells of it. */
const resolvedPath = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...PATHS) },
  { weight: 1, arbitrary: components(5, 0).map((path) => `/${path}`) },
);
/** The end of it, or all of it in another way. */
const otherwise = fc
  .tuple(fc.constantFrom(...PATHS.slice(1)), fc.constantFrom('', '/.', '//', '/a/..', '.', '/'), fc.nat(20))
  .map(([path, odd, at]) => {
    const slash = path.indexOf('/', at % path.length);
    if (slash < 0) return path + odd;
    return odd === '' ? path.slice(slash + 1) : path.slice(0, slash) + odd + path.slice(slash);
  });
const rawPath = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...PATHS) },
  { weight: 6, arbitrary: otherwise },
  { weight: 2, arbitrary: components(5, 1).map((path) => `/${path}`) },
  { weight: 1, arbitrary: components(3, 1) },
  { weight: 1, arbitrary: components(12, 0).map((path) => `/${path}`) },
  { weight: 1, arbitrary: fc.constantFrom('/', '', '.', '..', '/.', '//etc/shadow', '/etc//shadow', '/etc/shadow/') },
);

export const CURRENT_DIRECTORIES = ['/', '/etc', '/home/user', '/tmp/a/averyverylongname', ''] as const;

const outcome: fc.Arbitrary<RandomOpen['outcome']> = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(-1, -2, -13).map((errno) => ({ errno })) },
  {
    weight: 3,
    arbitrary: fc
      .record({
        kind: fc.constantFrom('f', 'd'),
        created: fc.boolean(),
        resolved: fc.oneof(
          { weight: 3, arbitrary: fc.constant(undefined) },
          { weight: 2, arbitrary: resolvedPath },
          { weight: 1, arbitrary: fc.constant(null) },
        ),
        elsewhere: fc.option(resolvedPath, { nil: undefined, freq: 1 }),
      })
      .map(
        ({ kind, created, resolved, elsewhere }): Opened => ({
          kind,
          created,
          ...(resolved !== undefined && { resolved }),
          ...(resolved !== null && elsewhere !== undefined && { elsewhere }),
        }),
      ),
  },
);

const flags = fc
  .tuple(fc.integer({ min: 0, max: 3 }), fc.subarray([O_CREAT, O_TRUNC, O_TMPFILE_BIT, 0x10000, 0x80000, 0x400]))
  .map(([access, bits]) => bits.reduce((sum, bit) => sum | bit, access));

export const randomOpen: fc.Arbitrary<RandomOpen> = fc
  .record({
    type: fc.constantFrom('open' as const, 'openat' as const, 'openat2' as const, 'creat' as const),
    raw: fc.option(rawPath, { nil: undefined, freq: 12 }),
    directory: fc.option(
      fc.oneof({ weight: 5, arbitrary: resolvedPath }, { weight: 1, arbitrary: fc.constant(null) }),
      {
        nil: undefined,
        freq: 1,
      },
    ),
    flags,
    mode: fc.constantFrom(0, 0o644, 0o755),
    outcome,
  })
  .map(({ type, raw, directory, flags: any, mode, outcome: result }) => ({
    type,
    ...(raw !== undefined && { raw }),
    ...(directory !== undefined && /at/.test(type.slice(4)) && { directory }),
    flags: type === 'creat' ? 1 | O_CREAT | O_TRUNC : any,
    mode,
    outcome: result,
  }));

function isRelative(raw: string): boolean {
  return !raw.startsWith('/');
}

/** Where the path leads if there are no links. */
function lexical({ raw, directory }: RandomOpen, current: string): string | undefined {
  if (raw === undefined) return undefined;
  const base = directory === undefined ? current : (directory ?? '');
  const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
  const path = Buffer.from(testAddon.lexicalPath(bytes(base), bytes(raw)).path).toString('latin1');
  return path.startsWith('/') ? path : undefined;
}

function resolvedOf(open: RandomOpen, current: string): string | undefined {
  const { outcome: result } = open;
  if ('errno' in result || result.resolved === null) return undefined;
  return result.resolved ?? lexical(open, current);
}

/** The record that the kernel writes of it, for a process with that current directory. */
export function openRecord(open: RandomOpen, image: bigint, current: string): StructInput {
  const { raw, directory, flags: openFlags, mode, outcome: result } = open;
  const resolved = resolvedOf(open, current);
  const relative = raw !== undefined && isRelative(raw) && typeof directory === 'string';
  const failed = 'errno' in result;
  const created = !failed && result.created ? DESCRIPTOR_STATE.CREATED : 0;
  return {
    image,
    result: failed ? BigInt(result.errno) : 3n,
    fd: failed ? -1 : 3,
    kind: failed ? 0 : result.kind.charCodeAt(0),
    state: failed ? 0 : DESCRIPTOR_STATE.NAME_CHANGED | created,
    dirfd: directory === undefined ? AT_FDCWD : DIRFD,
    open_flags: openFlags,
    mode: openFlags & (O_CREAT | O_TMPFILE_BIT) ? mode : 0,
    ...(raw !== undefined && { raw }),
    ...(relative && { directory }),
    ...(resolved !== undefined && { resolved }),
    ...(!failed && result.elsewhere !== undefined && { elsewhere: result.elsewhere }),
  };
}

/** What the kernel filter looks at. */
export function filteredOpen(open: RandomOpen, current: string): FilteredEvent {
  const { type: name, raw, directory, flags: openFlags, outcome: result } = open;
  const type = findEventType(name);
  if (!type) throw new Error(`no event type ${name}`);
  const failed = 'errno' in result;
  const resolved = failed ? null : resolvedOf(open, current);
  return {
    type,
    failed,
    open: {
      access: openFlags & 3,
      create: (openFlags & O_CREAT) !== 0,
      truncate: (openFlags & O_TRUNC) !== 0,
      temporary: (openFlags & O_TMPFILE_BIT) !== 0,
      opened: failed ? OPENED.nothing : result.kind === 'd' ? OPENED.directory : OPENED.file,
      created: !failed && result.created,
    },
    ...(raw !== undefined && { passed: raw }),
    current,
    // A descriptor that is none may be anything.
    ...(directory !== undefined && { directory: directory ?? '' }),
    ...(resolved !== undefined && { resolved }),
    ...(!failed && result.elsewhere !== undefined && { elsewhere: result.elsewhere }),
  };
}

const quote = (text: string): string => `"${text.replace(/[\\"]/g, (character) => `\\${character}`)}"`;
const oneOf = (values: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...values);
const inText = (path: string): boolean => /^[\x20-\x7e]*$/.test(path);

const NAMES = ['fd.name', 'fd.openpath', 'fd.realpath', 'fd.directory', 'fd.nameraw', 'evt.arg.name', 'fs.path.name'];
const TEXTS = [...NAMES, 'fd.filename', 'basename(fd.name)', 'basename(fd.openpath)', 'tolower(fd.name)'];

const path = fc.oneof({ weight: 5, arbitrary: resolvedPath }, { weight: 1, arbitrary: rawPath }).filter(inText);
const beginning = fc.oneof(
  fc.tuple(path, fc.integer({ min: 1, max: 12 })).map(([text, length]) => text.slice(0, length)),
  path,
);
const ending = fc.oneof(
  fc.tuple(path, fc.integer({ min: 1, max: 14 })).map(([text, length]) => text.slice(-length)),
  oneOf(COMPONENTS.filter(inText)),
);
const name = oneOf([...COMPONENTS, ...ODD_COMPONENTS].filter(inText));
const listOf = (value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(value.map(quote), { minLength: 1, maxLength: 4 }).map((values) => `(${values.join(', ')})`);
const check = (
  fields: readonly string[],
  operators: readonly string[],
  value: fc.Arbitrary<string>,
): fc.Arbitrary<string> => fc.tuple(oneOf(fields), oneOf(operators), value).map((parts) => parts.join(' '));

const glob = beginning.chain((text) => oneOf([`${text}*`, `${text}*/a`, `*${text}`, `/*${text}`, text]));

const checkOfPath = fc.oneof(
  { weight: 4, arbitrary: check(TEXTS, ['startswith'], beginning.map(quote)) },
  { weight: 4, arbitrary: check(TEXTS, ['endswith'], ending.map(quote)) },
  { weight: 4, arbitrary: check(TEXTS, ['=', '!='], fc.oneof(path, name).map(quote)) },
  { weight: 2, arbitrary: check(TEXTS, ['in'], listOf(fc.oneof(path, name))) },
  { weight: 2, arbitrary: check(TEXTS, ['pmatch'], listOf(beginning)) },
  { weight: 2, arbitrary: check(['fd.directory'], ['='], oneOf(['/', '/etc', '/usr/bin', '/home'])) },
  { weight: 2, arbitrary: check(TEXTS, ['glob', 'iglob'], glob.map(quote)) },
  {
    weight: 1,
    arbitrary: check(
      NAMES,
      ['regex'],
      beginning.map((text) => quote(`${text.replace(/\W/g, '.')}.*`)),
    ),
  },
  {
    weight: 2,
    arbitrary: check(
      TEXTS,
      ['contains', 'icontains'],
      fc.oneof(beginning, ending, oneOf(['//', './', '..'])).map(quote),
    ),
  },
  { weight: 1, arbitrary: oneOf(NAMES).map((field) => `${field} exists`) },
);

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
  ...['fd.nameraw contains //', 'fd.nameraw contains ./', 'fd.nameraw = a', 'fd.num < 0', 'fd.typechar = d'],
];

/** Conditions about calls that open files: mostly about names. */
export const openCondition: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 8, arbitrary: fc.oneof({ weight: 4, arbitrary: checkOfPath }, { weight: 2, arbitrary: checkOfCall }) },
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
