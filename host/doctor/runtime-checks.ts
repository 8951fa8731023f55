// Whether the container runtimes of this machine can be reached, at the places that an agent would use.

import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { presentSockets } from '../metadata/cri/sockets.ts';
import type { RuntimePlaces } from '../metadata/directory/runtime-places.ts';
import type { Check } from './check.ts';

const TITLE = 'container runtime';
const PATIENCE_MS = 1000;

/** A runtime's socket, and why it refuses connections; undefined if it accepts them. */
export interface RuntimeSocket {
  readonly path: string;
  readonly failure: string | undefined;
}

/**
 * Connects to each existing socket.
 * @param named sockets that are reported when they are missing too
 */
export function findRuntimes(
  { criSockets, dockerSocket, podmanSocket }: RuntimePlaces,
  named: readonly string[] = [],
): Promise<RuntimeSocket[]> {
  const others = [dockerSocket, podmanSocket].filter((path) => path !== '' && existsSync(path));
  const paths = new Set([...presentSockets(criSockets), ...others, ...named]);
  return Promise.all([...paths].map(async (path) => ({ path, failure: await failureOf(path) })));
}

function failureOf(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (failure?: string): void => {
      socket.destroy();
      resolve(failure);
    };
    socket.setTimeout(PATIENCE_MS, () => end('ETIMEDOUT'));
    socket.once('connect', () => end());
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}

/** @param roots folders of plain runc, for containers without a runtime */
export function checkRuntimes(found: readonly RuntimeSocket[], { runcRoots }: RuntimePlaces): Check[] {
  const checks = found.map(checkSocket);
  const runc = runcRoots.filter((path) => existsSync(path));
  if (runc.length > 0) checks.push({ id: 'runc', title: 'runc', state: 'works', finding: runc.join(', ') });
  if (checks.length > 0) return checks;
  return [
    {
      id: 'runtimes',
      title: TITLE,
      state: 'limited',
      finding: 'none found: alerts only have the ids of containers',
      advice:
        'nothing, if no containers run here; else set its socket with container_engines, or mount /run into this container',
    },
  ];
}

function checkSocket({ path, failure }: RuntimeSocket): Check {
  const base = { id: `socket:${path}`, title: TITLE };
  if (failure === undefined) return { ...base, state: 'works', finding: `${path} accepts connections` };
  const { problem, advice } = refusal(failure);
  return {
    ...base,
    state: 'limited',
    finding: `${path} ${problem}: alerts only have the ids of its containers`,
    advice,
  };
}

function refusal(code: string): { readonly problem: string; readonly advice: string } {
  const problem = `refuses connections (${code})`;
  switch (code) {
    case 'ENOENT':
      return { problem: 'does not exist', advice: 'correct its path in container_engines, or start the runtime' };
    case 'EACCES':
    case 'EPERM':
      return { problem, advice: 'run it as root' };
    // More connections wait than its queue takes.
    case 'EAGAIN':
    case 'ETIMEDOUT':
      return { problem: `takes no connections (${code})`, advice: 'the runtime is busy or hangs: restart it' };
    default:
      return { problem, advice: 'start the runtime, or remove the socket' };
  }
}
