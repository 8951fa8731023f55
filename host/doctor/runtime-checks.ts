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

/** Connects to each existing socket. */
export function findRuntimes({ criSockets, dockerSocket, podmanSocket }: RuntimePlaces): Promise<RuntimeSocket[]> {
  const others = [dockerSocket, podmanSocket].filter((path) => path !== '' && existsSync(path));
  const paths = new Set([...presentSockets(criSockets), ...others]);
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
  const advice =
    failure === 'EACCES' || failure === 'EPERM' ? 'run it as root' : 'start the runtime, or remove the socket';
  return {
    ...base,
    state: 'limited',
    finding: `${path} refuses connections (${failure}): alerts only have the ids of its containers`,
    advice,
  };
}
