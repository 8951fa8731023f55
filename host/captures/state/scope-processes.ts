// Which processes are in a scope, as /proc shows them.

import { numbersIn, readText } from './proc-file.ts';
import { statOf } from './processes.ts';
import type { StateScope } from './state.ts';
import type { TimeLimit } from './time-limit.ts';

/** So many processes are looked at in any case. */
const FEWEST_LOOKS = 1024;
/** Ancestors of one process. */
const LONGEST_LINE = 64;

/** A process, its parent and its session, for finding those of a scope. */
export interface Relation {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
}

export interface ScopeProcesses {
  readonly pids: readonly number[];
  /** Processes of the machine that were looked at, and all of them. */
  readonly looked: number;
  readonly all: number;
}

/** The processes of the scope, by pid, as far as they are found within the time. */
export function processesIn(scope: StateScope, limit: TimeLimit, proc = '/proc'): ScopeProcesses {
  const all = numbersIn(proc);
  if (scope.kind === 'all') return { pids: all, looked: all.length, all: all.length };
  const relations: Relation[] = [];
  const pids: number[] = [];
  let looked = 0;
  for (const pid of all) {
    if (looked >= FEWEST_LOOKS && limit.isOver) break;
    looked++;
    if (scope.kind === 'process_tree') relations.push(relationOf(pid, proc));
    else if (isInContainer(pid, scope.id, proc)) pids.push(pid);
  }
  return { pids: scope.kind === 'process_tree' ? descendants(scope.pid, relations) : pids, looked, all: all.length };
}

function relationOf(pid: number, proc: string): Relation {
  const { parent = 0, session = 0 } = statOf(pid, proc) ?? {};
  return { pid, parent, session };
}

/** The process with that pid, those of that session, and all below them. */
export function descendants(root: number, relations: readonly Relation[]): number[] {
  const children = Map.groupBy(relations, ({ parent }) => parent);
  const found = relations.filter(({ pid, session }) => pid === root || session === root).map(({ pid }) => pid);
  const seen = new Set(found);
  for (const pid of found) {
    for (const child of children.get(pid) ?? []) {
      if (seen.has(child.pid)) continue;
      seen.add(child.pid);
      found.push(child.pid);
    }
  }
  return found;
}

/** The process and its ancestors as far as they are in the scope, the process first. Needs no look at others. */
export function lineOf(subject: number, scope: StateScope, proc = '/proc'): number[] {
  const line: Relation[] = [];
  for (let pid = subject; pid > 0 && line.length < LONGEST_LINE; ) {
    if (scope.kind === 'container' && !isInContainer(pid, scope.id, proc)) break;
    const relation = relationOf(pid, proc);
    line.push(relation);
    pid = relation.parent;
  }
  if (scope.kind !== 'process_tree') return line.map(({ pid }) => pid);
  const top = line.findLastIndex(({ pid, session }) => pid === scope.pid || session === scope.pid);
  return line.slice(0, top + 1).map(({ pid }) => pid);
}

function isInContainer(pid: number, id: string, proc: string): boolean {
  return isOfContainer(readText(`${proc}/${pid}/cgroup`) ?? '', id);
}

/** Before the id in a component of the path: native/src/images/container_id.cc knows what the runtimes write. */
const PREFIX =
  /(?:^|:)(?:docker|cri-containerd|containerd|nerdctl|crio|libpod|podman):$|^(?:(?:docker|cri-containerd|containerd|nerdctl|crio|libpod|podman|runc|machine)-|lxc\.payload\.|systemd-nspawn@)$|^$/;

/** @param cgroups /proc/PID/cgroup: `0::/system.slice/docker-ID.scope` */
export function isOfContainer(cgroups: string, id: string): boolean {
  if (id === '') return false;
  return cgroups.split('\n').some((line) => {
    const path = line.split(':').slice(2).join(':');
    return path.split('/').some((component) => {
      const name = component.replace(/\.(?:scope|service)$/, '');
      return [name, component].some((text) => text.endsWith(id) && PREFIX.test(text.slice(0, -id.length)));
    });
  });
}
