// Fields of the paths that a call acts on, and of the descriptors that a poll waits for.

import { FILE_CHANGES } from '../events/effects.ts';
import { ABSENT, type BooleanDerivation, type Derivation, type EventKind, type TextDerivation } from './derivation.ts';
import { all, compare, derived, either, HEADER, IMAGE, isThere, orEmpty, PATHS, present } from './derive.ts';
import type { Field, FieldSource } from './field.ts';
import { NOT_FAILED, textMember } from './of-event.ts';
import { unavailable } from './unavailable.ts';

const NO_WAITING = unavailable('calls that wait for descriptors (poll, select) are not captured');

/** Falco takes a call of the open family for successful unless it returned -1, which only EPERM is. */
function succeeded({ shape }: EventKind): BooleanDerivation {
  return shape === 'open' ? compare(HEADER.number('result'), '!=', -1) : NOT_FAILED;
}

const FILE_CHANGING: ReadonlySet<string | undefined> = new Set(FILE_CHANGES);

/** A call on an open file that has a twin on paths. */
function isByDescriptor({ shape, does }: EventKind): boolean {
  return shape === 'descriptor' && FILE_CHANGING.has(does);
}

/** The path of a successful call on one path. */
function onePath(member: 'name' | 'raw'): FieldSource {
  return derived((type) => {
    const isPathCall = type.shape === 'open' || type.shape === 'path' || isByDescriptor(type);
    const path = textMember(type, member);
    const name = textMember(type, 'name');
    if (!isPathCall || !path || !name) return ABSENT;
    const shown = member === 'name' ? name : either(isThere(path), path, name);
    return present(succeeded(type), shown);
  });
}

type End = 'source' | 'target';

/** One path of a call on two: for links the source is the new link, for others the first path. */
function membersOf(end: End, { does }: EventKind) {
  const isLink = does === 'links' || does === 'links-symbolically';
  const isNew = (end === 'source') === isLink;
  return isNew
    ? { raw: PATHS.text('new_raw'), name: PATHS.text('new_name') }
    : { raw: PATHS.text('old_raw'), name: PATHS.text('old_name') };
}

function asPassed(end: End): FieldSource {
  return derived((type) => {
    if (type.shape !== 'paths') return ABSENT;
    return present(succeeded(type), membersOf(end, type).raw);
  });
}

/** A symbolic link's text and a mount's device have no absolute form; Falco joins them with the current directory. */
function absolute(end: End): FieldSource {
  return derived((type) => {
    if (type.shape !== 'paths') return ABSENT;
    const { raw, name } = membersOf(end, type);
    const from = (directory: TextDerivation): Derivation => ({ node: 'pathFrom', directory, path: raw });
    const current = PATHS.text('old_directory');
    const joined = either(isThere(current), from(current), from(orEmpty(IMAGE.text('cwd'))));
    return present(all(succeeded(type), isThere(raw)), either(isThere(name), name, joined));
  });
}

export const PATH_FIELDS: readonly Field[] = [
  {
    name: 'fs.path.name',
    type: 'CHARBUF',
    description: 'Absolute path of a successful call on one path.',
    source: onePath('name'),
  },
  {
    name: 'fs.path.nameraw',
    type: 'CHARBUF',
    description: 'The same path, as passed.',
    source: onePath('raw'),
  },
  {
    name: 'fs.path.source',
    type: 'CHARBUF',
    description: 'rename: old path; link, symlink: path of the new link; mount: device.',
    source: absolute('source'),
  },
  {
    name: 'fs.path.sourceraw',
    type: 'CHARBUF',
    description: 'The same path, as passed.',
    source: asPassed('source'),
  },
  {
    name: 'fs.path.target',
    type: 'CHARBUF',
    description: 'rename: new path; link: existing path; symlink: what the link says; mount: mount point.',
    source: absolute('target'),
  },
  {
    name: 'fs.path.targetraw',
    type: 'CHARBUF',
    description: 'The same path, as passed.',
    source: asPassed('target'),
  },
  {
    name: 'fdlist.nums',
    type: 'CHARBUF',
    description: 'Descriptors waited for, separated by commas.',
    source: NO_WAITING,
  },
  { name: 'fdlist.names', type: 'CHARBUF', description: 'Their names.', source: NO_WAITING },
  { name: 'fdlist.cips', type: 'CHARBUF', description: 'Their client addresses.', source: NO_WAITING },
  { name: 'fdlist.sips', type: 'CHARBUF', description: 'Their server addresses.', source: NO_WAITING },
  { name: 'fdlist.cports', type: 'CHARBUF', description: 'Their client ports.', source: NO_WAITING },
  { name: 'fdlist.sports', type: 'CHARBUF', description: 'Their server ports.', source: NO_WAITING },
];
