// Recognises entries from outside: the first program of a session, by its parent.

import { isRuntimeCommand } from '../../fields/container-runtime.ts';
import { doorOf, doorOfEntry, type EntryKind, entryByDoor } from '../../fields/entry-programs.ts';
import { isInRootNamespace, type Process, type ProgramState } from './process.ts';

export interface Entry {
  readonly kind: EntryKind;
  /** Processes of one entry have one root. */
  readonly root: Process;
}

/**
 * A runtime that has not yet become the program of the container. What it forks into the container's pid namespace runs nothing else before that:
 * a program that was begun there only has its name.
 */
export function isRuntime({ state, parent }: Process): boolean {
  const { program, words, pidNamespace } = state;
  const isOutside = isInRootNamespace(state) || parent?.state.pidNamespace === pidNamespace;
  return isOutside && isRuntimeCommand(program, words[1]);
}

/**
 * The entry of a program in a container, if its parent process is outside.
 * @param inside the container that its process was in before, as sessions go
 * @param isFirst nothing was seen in that container before
 */
export function containerEntry(
  process: Process,
  container: string,
  inside: string | undefined,
  isFirst: boolean,
): Entry | undefined {
  if (inside === container || isRuntime(process)) return undefined;
  // The first process of a pid namespace is what the container was made for. With the host's, the first program is.
  const isOwn = process.state.vpid === 1 || (isFirst && isInRootNamespace(process.state));
  return { kind: isOwn ? 'container' : 'exec', root: process };
}

/**
 * The entry by a door that the program was started from.
 * @param before the program that its process ran before, or that the process ran which forked it
 */
export function doorEntry(process: Process, before: ProgramState): Entry | undefined {
  const kind = entryByDoor(process.state, before);
  if (kind === undefined) return undefined;
  return { kind, root: kind === 'service' || kind === 'su' ? process : doorRoot(process, kind) };
}

/** The process of the door that is for this entry alone. */
function doorRoot(process: Process, kind: EntryKind): Process {
  const doors: Process[] = [];
  for (const ancestor of process.ancestors()) {
    if (doorOf(ancestor.state) !== kind) break;
    doors.push(ancestor);
  }
  return doorOfEntry(doors, ({ state }) => state) ?? process;
}
