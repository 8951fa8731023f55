// fs.path.*: the paths that a successful call acts on, whatever the call names its arguments.

import type { ComputedField, ComputedFields } from '../context.ts';
import { joinPath } from '../path.ts';
import type { EventRecord } from '../record.ts';
import { type Absent, type FieldValue, text } from '../value.ts';

/** Falco takes a call of the open family for successful unless it returned -1, which only EPERM is. */
function succeeded(event: EventRecord): boolean {
  return event.type.shape === 'open' ? event.result !== -1n : event.result >= 0n;
}

const LINKS = new Set(['link', 'linkat', 'symlink', 'symlinkat']);
const WITHOUT_PATH = new Set(['chdir']);

function onePath(member: 'name' | 'raw'): ComputedField {
  return (event) => {
    if (!succeeded(event) || WITHOUT_PATH.has(event.type.name)) return undefined;
    const isPathCall = event.type.shape === 'open' || event.type.shape === 'path' || event.type.name === 'fchmod';
    return isPathCall ? textOf(event.bytes(member) ?? event.bytes('name')) : undefined;
  };
}

/** Which of a call's two paths is meant: of links the source is the new link, of the others the first path. */
function twoPaths(which: 'source' | 'target', raw: boolean): ComputedField {
  return (event) => {
    if (event.type.shape !== 'paths' || !succeeded(event)) return undefined;
    const first = LINKS.has(event.type.name) ? 'new' : 'old';
    const side = (which === 'source') === (first === 'old') ? 'old' : 'new';
    const passed = event.bytes(`${side}_raw`);
    if (raw || !passed) return textOf(passed);
    return textOf(event.bytes(`${side}_name`) ?? fromDirectory(event, passed));
  };
}

/** What a symbolic link says and a mount's device have no absolute form of their own; Falco joins them with the cwd. */
function fromDirectory(event: EventRecord, path: Uint8Array): Uint8Array {
  return joinPath(event.image?.bytes('cwd') ?? new Uint8Array(0), path);
}

function textOf(bytes: Uint8Array | undefined): FieldValue | Absent {
  return bytes && text(bytes);
}

/** evt.abspath: of a call on one path; `.src` and `.dst` of a call on two. */
const absolutePath: ComputedField = (event, argument) => {
  if (argument === 'src') return textOf(event.bytes('old_name'));
  if (argument === 'dst') return textOf(event.bytes('new_name'));
  return undefined;
};

export const FS_PATH_FIELDS: ComputedFields = {
  fsPathName: onePath('name'),
  fsPathNameraw: onePath('raw'),
  fsPathSource: twoPaths('source', false),
  fsPathSourceraw: twoPaths('source', true),
  fsPathTarget: twoPaths('target', false),
  fsPathTargetraw: twoPaths('target', true),
  evtAbspath: absolutePath,
};
