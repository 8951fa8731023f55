// Has a container stopped by the runtime that runs it, which gives its processes a time to end by themselves.

import { existsSync } from 'node:fs';
import { CriClient } from '../cri/client.ts';
import { presentSockets } from '../cri/sockets.ts';
import { MetadataError } from '../failure-log.ts';
import { post } from '../unix-http.ts';
import type { RuntimePlaces } from './runtime-places.ts';

/** CRI has no default: the kubelet's, for pods that set none. */
const CRI_GRACE_MS = 30_000;
/** For the question whether a runtime knows the container, and beyond the grace for the stop itself. */
const ANSWER_MS = 2000;
const STOP_MS = 15_000;
/** Docker's default, which a container may change. */
const LONGEST_DEFAULT_MS = 600_000;

const STATUS = { stopped: 204, stoppedBefore: 304, unknown: 404 } as const;

/**
 * Resolves when it has stopped, to the runtime's name; undefined: no runtime knows it.
 * Rejects with the reason if it could not be stopped, or no runtime could be asked.
 * @param graceMs default: the runtime's
 */
export async function stopContainer(
  places: RuntimePlaces,
  container: string,
  graceMs?: number,
): Promise<string | undefined> {
  const failures: unknown[] = [];
  const attempts = [
    ...presentSockets(places.criSockets).map((socket) => () => stopByCri(socket, container, graceMs)),
    ...[places.dockerSocket, places.podmanSocket]
      .filter((socket) => existsSync(socket))
      .map((socket) => () => stopByEngine(socket, container, graceMs)),
  ];
  for (const attempt of attempts) {
    try {
      const runtime = await attempt();
      if (runtime !== undefined) return runtime;
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return undefined;
}

async function stopByCri(socket: string, container: string, graceMs = CRI_GRACE_MS): Promise<string | undefined> {
  const client = new CriClient(socket, { failed() {}, working() {} });
  try {
    const deadline = performance.now() + ANSWER_MS;
    if (!(await client.greet(deadline))) return undefined;
    // Some runtimes answer a stop of a container that they do not know as if they had stopped it.
    if (!(await client.call('ContainerStatus', { container_id: container }, deadline))) return undefined;
    const timeout = Math.ceil(graceMs / 1000);
    const until = performance.now() + graceMs + STOP_MS;
    const answer = await client.call('StopContainer', { container_id: container, timeout }, until);
    return answer === undefined ? undefined : client.runtime;
  } finally {
    client.close();
  }
}

async function stopByEngine(socket: string, container: string, graceMs?: number): Promise<string | undefined> {
  const grace = graceMs === undefined ? '' : `?t=${Math.ceil(graceMs / 1000)}`;
  const signal = AbortSignal.timeout((graceMs ?? LONGEST_DEFAULT_MS) + STOP_MS);
  const status = await post(socket, `/containers/${encodeURIComponent(container)}/stop${grace}`, signal);
  if (status === STATUS.unknown) return undefined;
  if (status === STATUS.stopped || status === STATUS.stoppedBefore) return 'docker';
  throw new MetadataError('error', `${socket}: the engine answers with status ${status}`);
}
