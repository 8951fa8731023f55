// Where this machine's control groups are: the freezer of version 1, and the hierarchy of version 2. A machine has one of them, or both.

import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Hierarchies {
  /** Folder of the freezer's root group. */
  readonly freezer?: string;
  /** Folder of the root group of version 2. */
  readonly unified?: string;
}

/** Mounts as a process sees them, and where its files are. The first process of the machine sees all; an agent in a container does not. */
const VIEWS = [
  { mounts: '/proc/1/mountinfo', root: '/proc/1/root' },
  { mounts: '/proc/self/mountinfo', root: '/' },
] as const;

/** Rejects if there are none that can be reached. */
export async function findHierarchies(): Promise<Hierarchies> {
  for (const { mounts, root } of VIEWS) {
    const { freezer, unified } = parseMounts(await readFile(mounts, 'utf8').catch(() => ''));
    const [first, second] = await Promise.all([reachable(root, freezer), reachable(root, unified)]);
    if (first === undefined && second === undefined) continue;
    return { ...(first !== undefined && { freezer: first }), ...(second !== undefined && { unified: second }) };
  }
  throw new Error('no control groups are mounted where the agent can reach them');
}

async function reachable(root: string, place: string | undefined): Promise<string | undefined> {
  if (place === undefined) return undefined;
  const path = join(root, place);
  return await access(path).then(
    () => path,
    () => undefined,
  );
}

/** Only mounts of a whole hierarchy. @param text of /proc/PID/mountinfo */
export function parseMounts(text: string): Hierarchies {
  let freezer: string | undefined;
  let unified: string | undefined;
  for (const line of text.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root, place] = before.split(' ');
    const [type, , options = ''] = after.split(' ');
    if (root !== '/' || place === undefined) continue;
    if (type === 'cgroup2') unified ??= decoded(place);
    else if (type === 'cgroup' && options.split(',').includes('freezer')) freezer ??= decoded(place);
  }
  return { ...(freezer !== undefined && { freezer }), ...(unified !== undefined && { unified }) };
}

/** The kernel writes blanks and the like in octal. */
function decoded(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
