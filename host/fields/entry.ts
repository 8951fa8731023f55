// The session that a process is in, by the images of its ancestors: how it was entered, and by whom. The journal's sessions are found by the same rules
// (host/journal/activity/), from the record of all processes; it also knows the first program of a container in the host's pid namespace.

import { IMAGE_FLAGS, LONGEST_CHAIN, ROOT_PID_NAMESPACE } from '../schema/image.ts';
import { isRuntimeCommand, programOf } from './container-runtime.ts';
import { doorOf, doorOfEntry, type EntryKind, entryByDoor, type ProgramFacts, unitOf } from './entry-programs.ts';
import type { ImageBytes, ImageRecord } from './record.ts';
import { rootProcess, sessionId } from './session-id.ts';
import { decode, splitAtNul } from './value.ts';

export interface Entry {
  readonly kind: EntryKind;
  /** The first program of the session. */
  readonly first: ImageRecord;
  /** The process that names the session: of a door the one that is for this entry alone. */
  readonly root: ImageRecord;
}

/** Undefined if the process is unknown, or one of its ancestors. */
export function entryOf(image: ImageRecord): Entry | undefined {
  if (image.big('id') === 0n) return undefined;
  let each: ImageRecord | undefined = image;
  for (let step = 0; each && step < LONGEST_CHAIN; step++) {
    const entry = ownEntry(each);
    if (entry) return entry;
    each = each.parent;
  }
  return undefined;
}

/** The session that the process began itself. Undefined: it is in its parent's. */
export function ownEntry(image: ImageRecord): Entry | undefined {
  const { parent } = image;
  if (!parent) return { kind: 'other', first: image, root: image };
  return containerEntry(image) ?? doorEntry(image, parent);
}

/** The innermost session by ssh that the process is in, also below su and the like. */
export function sshEntryOf(image: ImageRecord): Entry | undefined {
  let entry = entryOf(image);
  while (entry && entry.kind !== 'ssh') entry = entry.first.parent && entryOf(entry.first.parent);
  return entry;
}

/** Id of the entry as the journal has it. @param host name of the machine */
export function entryId({ kind, first, root }: Entry, host: string): string {
  const unit = kind === 'service' ? unitOf(textOf(first, 'cgroup') ?? '') : undefined;
  const process = rootProcess(root.number('pid'), root.big('start_time'));
  return sessionId(host, unit === undefined ? process : `${unit} ${first.big('cgroup_id')}`);
}

/** The doors of a session that it came through, the nearest first. */
export function doorsOf({ kind, first }: Entry): readonly ImageRecord[] {
  const doors: ImageRecord[] = [];
  for (const ancestor of first.ancestors()) {
    if (doorOf(factsOf(ancestor)) !== kind) break;
    doors.push(ancestor);
  }
  return doors;
}

/** A process of sshd. */
export function isSshDoor(image: ImageRecord): boolean {
  return doorOf(factsOf(image)) === 'ssh';
}

function containerEntry(image: ImageRecord): Entry | undefined {
  const container = containerOf(image);
  if (container === undefined || isRuntime(image)) return undefined;
  let outer = image.parent;
  for (let step = 0; outer && isRuntime(outer) && step < LONGEST_CHAIN; step++) outer = outer.parent;
  if (!outer || containerOf(outer) === container) return undefined;
  // The first process of a pid namespace is what the container was made for.
  return { kind: image.number('vpid') === 1 ? 'container' : 'exec', first: image, root: image };
}

function doorEntry(image: ImageRecord, parent: ImageRecord): Entry | undefined {
  const kind = entryByDoor(factsOf(image), factsOf(parent));
  if (kind === undefined) return undefined;
  const entry: Entry = { kind, first: image, root: image };
  if (kind === 'service' || kind === 'su') return entry;
  return { ...entry, root: doorOfEntry(doorsOf(entry), factsOf) ?? image };
}

function factsOf(image: ImageRecord): ProgramFacts {
  const executable = textOf(image, 'executable');
  const [container, uid] = [containerOf(image), image.number('uid')];
  return {
    program: programOf(executable, textOf(image, 'comm')),
    executable,
    user: { uid },
    isOfUpperLayer: (image.number('flags') & IMAGE_FLAGS.EXE_UPPER_LAYER) !== 0,
    container,
    isWithin: container === undefined && uid !== 0 && !isPartOfRoots(image, executable),
  };
}

/** Whether it goes on for the same program of root: sshd becomes the user that it lets in, in a process that root's has forked. */
function isPartOfRoots(image: ImageRecord, executable: string | undefined): boolean {
  const { parent } = image;
  return parent?.number('uid') === 0 && executable !== undefined && textOf(parent, 'executable') === executable;
}

/** The id of its container; undefined on the host, or where it is not known. */
export function containerOf({ container }: ImageRecord): string | undefined {
  if (!container || container.isHost) return undefined;
  const id = container.bytes('id');
  return id && id.length > 0 ? decode(id) : undefined;
}

/** What a runtime forks into the container's pid namespace runs nothing else before: a program that was begun there only has its name. */
export function isRuntime(image: ImageRecord): boolean {
  const namespace = image.number('pid_namespace');
  const isOutside = namespace === ROOT_PID_NAMESPACE || image.parent?.number('pid_namespace') === namespace;
  if (!isOutside) return false;
  const [, argument] = splitAtNul(image.bytes('argv') ?? new Uint8Array(0));
  if (!argument) return false;
  return isRuntimeCommand(programOf(textOf(image, 'executable'), textOf(image, 'comm')), decode(argument));
}

function textOf(image: ImageRecord, name: ImageBytes): string | undefined {
  const bytes = image.bytes(name);
  return bytes && decode(bytes);
}
