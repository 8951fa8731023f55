// Random calls that open files, as the kernel makes them: what was passed, and what came of it.

import fc from 'fast-check';
import type { StructInput } from '../../../host/schema/encode-struct.ts';
import { DESCRIPTOR_STATE } from '../../../host/schema/event-structs.ts';
import { findEventType } from '../../../host/schema/events/index.ts';
import { OPENED } from '../../../host/schema/kernel-filter.ts';
import { testAddon } from '../records/test-addon.ts';
import type { FilteredEvent } from '../reference/filter-reference.ts';

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

/** The names that calls and conditions are made from: few, so that they often mean the same one. */
export interface Names {
  /** Of files and folders; bytes, as characters 0 to 255. */
  readonly components: readonly string[];
  /** Absolute. */
  readonly paths: readonly string[];
}

/** As a system has them. */
export const USUAL_NAMES: Names = {
  components: [
    ...['etc', 'shadow', 'passwd', 'sudoers.d', 'usr', 'bin', 'cat', 'home', 'user', '.ssh', 'id_rsa', 'proc', 'self'],
    ...['environ', 'tmp', 'a', 'ETC', '\xff\xfe', 'averyverylongname', 'averyverylongname.conf', 'x'.repeat(70)],
  ],
  paths: [
    ...['/', '/a', '/etc', '/etc/shadow', '/shadow', '/usr/bin/cat', '/etc/sudoers.d/a', '/home/user/.ssh/id_rsa'],
    ...['/averyverylongname', '/averyverylongname.conf', '/tmp/a/averyverylongname/averyverylongname.conf'],
    ...['/proc/self/environ', '/usr/bin/averyverylongname.conf/a', `/tmp/${'x'.repeat(70)}/shadow`],
  ],
};
export const ODD_COMPONENTS = ['.', '..', '', '...', '.hidden', 'ends.'];

/** A path of components. */
function components({ components: names }: Names, most: number, odd: number): fc.Arbitrary<string> {
  return fc
    .array(
      fc.oneof(
        { weight: 12, arbitrary: fc.constantFrom(...names) },
        { weight: odd, arbitrary: fc.constantFrom(...ODD_COMPONENTS) },
      ),
      { minLength: 1, maxLength: most },
    )
    .map((parts) => parts.join('/'));
}

/** As the kernel reports it. */
export function resolvedPath(names: Names): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...names.paths) },
    { weight: 1, arbitrary: components(names, 5, 0).map((path) => `/${path}`) },
  );
}

/** The end of it, or all of it in another way. */
function otherwise({ paths }: Names): fc.Arbitrary<string> {
  const others = paths.filter((path) => path !== '/');
  return fc
    .tuple(fc.constantFrom(...others), fc.constantFrom('', '/.', '//', '/a/..', '.', '/'), fc.nat(20))
    .map(([path, odd, at]) => {
      const slash = path.indexOf('/', at % path.length);
      if (slash < 0) return path + odd;
      return odd === '' ? path.slice(slash + 1) : path.slice(0, slash) + odd + path.slice(slash);
    });
}

/** As a program passes it. */
export function rawPath(names: Names): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...names.paths) },
    { weight: 6, arbitrary: otherwise(names) },
    { weight: 2, arbitrary: components(names, 5, 1).map((path) => `/${path}`) },
    { weight: 1, arbitrary: components(names, 3, 1) },
    { weight: 1, arbitrary: components(names, 12, 0).map((path) => `/${path}`) },
    { weight: 1, arbitrary: fc.constantFrom('/', '', '.', '..', '/.', '//etc/shadow', '/etc//shadow', '/etc/shadow/') },
  );
}

export const CURRENT_DIRECTORIES = ['/', '/etc', '/home/user', '/tmp/a/averyverylongname', ''] as const;

function outcomeOf(names: Names): fc.Arbitrary<RandomOpen['outcome']> {
  return fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(-1, -2, -13).map((errno) => ({ errno })) },
    {
      weight: 3,
      arbitrary: fc
        .record({
          kind: fc.constantFrom('f', 'd'),
          created: fc.boolean(),
          resolved: fc.oneof(
            { weight: 3, arbitrary: fc.constant(undefined) },
            { weight: 2, arbitrary: resolvedPath(names) },
            { weight: 1, arbitrary: fc.constant(null) },
          ),
          elsewhere: fc.option(resolvedPath(names), { nil: undefined, freq: 1 }),
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
}

const flags = fc
  .tuple(fc.integer({ min: 0, max: 3 }), fc.subarray([O_CREAT, O_TRUNC, O_TMPFILE_BIT, 0x10000, 0x80000, 0x400]))
  .map(([access, bits]) => bits.reduce((sum, bit) => sum | bit, access));

export function randomOpen(names: Names): fc.Arbitrary<RandomOpen> {
  return fc
    .record({
      type: fc.constantFrom('open' as const, 'openat' as const, 'openat2' as const, 'creat' as const),
      raw: fc.option(rawPath(names), { nil: undefined, freq: 12 }),
      directory: fc.option(
        fc.oneof({ weight: 5, arbitrary: resolvedPath(names) }, { weight: 1, arbitrary: fc.constant(null) }),
        {
          nil: undefined,
          freq: 1,
        },
      ),
      flags,
      mode: fc.constantFrom(0, 0o644, 0o755),
      outcome: outcomeOf(names),
    })
    .map(({ type, raw, directory, flags: any, mode, outcome: result }) => ({
      type,
      ...(raw !== undefined && { raw }),
      ...(directory !== undefined && /at/.test(type.slice(4)) && { directory }),
      flags: type === 'creat' ? 1 | O_CREAT | O_TRUNC : any,
      mode,
      outcome: result,
    }));
}

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

/** A file without a name counts as the directory that it was opened by. */
function kindOf({ kind }: Opened, flags: number): 'd' | 'f' {
  return flags & O_TMPFILE_BIT ? 'd' : kind;
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
    kind: failed ? 0 : kindOf(result, openFlags).charCodeAt(0),
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

/** A record whose texts are bytes, as the kernel writes them. */
export function inBytes(record: StructInput): StructInput {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [
      name,
      typeof value === 'string' ? Buffer.from(value, 'latin1') : value,
    ]),
  );
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
      opened: failed ? OPENED.nothing : kindOf(result, openFlags) === 'd' ? OPENED.directory : OPENED.file,
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
