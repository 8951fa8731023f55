// Container runtimes as they run within a container's limits, just before they become its program.

/** Programs that are many in one file. */
const MANY_IN_ONE = new Set(['busybox', 'toybox', 'coreutils']);

const RUNTIME_PROGRAM = /^(?:memfd:.*|runc|runc-dmz|crun|youki|exe)$/;
const RUNTIME_WORD = 'init';

/** Base name of an executable; for programs that are many in one file, the name that it was called by. */
export function programOf(executable: string | undefined, comm: string | undefined): string {
  // runc runs from a copy in memory.
  if (executable?.startsWith('memfd:runc')) return 'runc';
  const base = executable === undefined ? '' : executable.slice(executable.lastIndexOf('/') + 1);
  return base === '' || MANY_IN_ONE.has(base) ? (comm ?? '') : base;
}

/**
 * Whether this is what a runtime runs before a container's program. Only the name says so: a process that was begun in a container can have it too.
 * @param argument the first
 */
export function isRuntimeCommand(program: string, argument: string | undefined): boolean {
  return argument === RUNTIME_WORD && RUNTIME_PROGRAM.test(program);
}
