// A server that answers as Docker's engine does about the containers that a test names, on a Unix socket.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export interface DockerEngine {
  readonly socket: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * `answers` maps paths of the API to what they answer, undefined for an answer that never comes; other paths are not found.
 * @param delay before each answer, in ms; or what each waits for
 */
export async function startDockerEngine(
  answers: Readonly<Record<string, unknown>>,
  delay: number | Promise<void> = 0,
): Promise<DockerEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-docker-'));
  const socket = join(folder, 'docker.sock');
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    if (path in answers && answers[path] === undefined) return;
    const wait = typeof delay === 'number' ? pause(delay) : delay;
    void wait.then(() => {
      response.writeHead(path in answers ? 200 : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answers[path] ?? { message: 'No such container' }));
    });
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    socket,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    },
  };
}
