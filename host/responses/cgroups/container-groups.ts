// The control groups of a container, found by its id as the capture finds the id of a group.

import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadAddon } from '../../capture/addon.ts';
import { asText, type JsonObject } from '../../diagnostics/json-value.ts';
import { RefusalError } from '../action.ts';
import type { Hierarchies } from './hierarchies.ts';

/** A group by its folder, and by its number, which no other group of this boot has. */
export interface Group {
  readonly folder: string;
  readonly inode: string;
}

/** The groups of one container. */
export interface ContainerGroups {
  readonly freezer?: Group;
  readonly unified?: Group;
}

/** Deeper than any runtime makes them; a container can make groups below its own. */
const DEEPEST = 12;

/**
 * The container's groups that have processes: none if it has ended. Rejects with RefusalError if several have its id. On a machine with both versions, runtimes may use one of them alone.
 * @param pid a process that is or was in it
 */
export async function findGroups(
  { freezer, unified }: Hierarchies,
  container: string,
  pid: number,
): Promise<ContainerGroups> {
  const paths = await pathsOf(container, pid);
  const find = async (root: string | undefined): Promise<Group | undefined> => {
    if (root === undefined) return undefined;
    const known = await byPaths(root, paths);
    const live = await populated(known ? [known] : await search(root, container));
    if (live.length > 1) {
      const detail = `${live.length} control groups have the id of the container: ${live.map(({ folder }) => folder).join(', ')}`;
      throw new RefusalError('incomplete', detail);
    }
    return live[0];
  };
  const [frozen, united] = await Promise.all([find(freezer), find(unified)]);
  return { ...(frozen && { freezer: frozen }), ...(united && { unified: united }) };
}

/** The groups as an entry of the ledger keeps them. */
export function keptGroups({ freezer, unified }: ContainerGroups): JsonObject {
  return { ...(freezer && { freezer }), ...(unified && { unified }) };
}

/** The kept groups that are still there, and are the same. */
export async function sameGroups(kept: JsonObject): Promise<ContainerGroups> {
  const same = async (value: unknown): Promise<Group | undefined> => {
    const { folder, inode } = (value ?? {}) as JsonObject;
    const now = await groupAt(asText(folder) ?? '');
    return now?.inode === inode ? now : undefined;
  };
  const [freezer, unified] = await Promise.all([same(kept.freezer), same(kept.unified)]);
  return { ...(freezer && { freezer }), ...(unified && { unified }) };
}

/** All processes of the group and of those below it. */
export async function processesOf(folder: string): Promise<number[]> {
  const text = await readFile(join(folder, 'cgroup.procs'), 'utf8').catch(() => '');
  const own = text.split('\n').filter(Boolean).map(Number);
  const below = await Promise.all((await foldersIn(folder)).map((name) => processesOf(join(folder, name))));
  // 0 is a process that the agent's pid namespace does not have.
  return [...own, ...below.flat()].filter((pid) => pid > 0);
}

/** Paths of the container's groups, by a process that is in it. */
async function pathsOf(container: string, pid: number): Promise<readonly string[]> {
  const text = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  const paths = text.split('\n').map((line) => outermost(line.split(':').slice(2).join(':'), container));
  return paths.filter((path) => path !== undefined);
}

/** The part of a group's path that is the container's own group: it may have made others below. */
export function outermost(path: string, container: string): string | undefined {
  const components = path.split('/').filter(Boolean);
  for (let count = 1; count <= components.length; count++) {
    const part = `/${components.slice(0, count).join('/')}`;
    if (loadAddon().containerOf(part)?.[1] === container) return part;
  }
  return undefined;
}

async function byPaths(root: string, paths: readonly string[]): Promise<Group | undefined> {
  for (const path of paths) {
    const found = await groupAt(join(root, path));
    if (found) return found;
  }
  return undefined;
}

/** The groups that have processes. */
async function populated(groups: readonly Group[]): Promise<Group[]> {
  const counts = await Promise.all(groups.map(async ({ folder }) => (await processesOf(folder)).length));
  return groups.filter((_, index) => counts[index] !== 0);
}

/** All groups of that name but those below one of them, which the container has made itself. More than one: another container may have made it. */
async function search(root: string, container: string): Promise<Group[]> {
  const found: string[] = [];
  let level = ['/'];
  for (let depth = 0; depth < DEEPEST && level.length > 0; depth++) {
    const lists = await Promise.all(
      level.map(async (path) => (await foldersIn(join(root, path))).map((name) => join(path, name))),
    );
    const isOwn = Map.groupBy(lists.flat(), (path) => loadAddon().containerOf(path)?.[1] === container);
    found.push(...(isOwn.get(true) ?? []));
    level = isOwn.get(false) ?? [];
  }
  const groups = await Promise.all(found.map((path) => groupAt(join(root, path))));
  return groups.filter((group) => group !== undefined);
}

async function groupAt(folder: string): Promise<Group | undefined> {
  const found = await stat(folder, { bigint: true }).catch(() => undefined);
  return found?.isDirectory() ? { folder, inode: String(found.ino) } : undefined;
}

async function foldersIn(folder: string): Promise<string[]> {
  const found = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return found.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
