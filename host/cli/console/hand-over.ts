// Hands the page's address to a browser. Every local user can read the arguments of a process, and so what a browser is started with: it is started
// with another address, which answers the processes of one user alone, and once.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

const HOST = '127.0.0.1';
const PATH_BYTES = 16;
/** Columns of /proc/net/tcp (proc_net_tcp): a connection's ends, and who made it. */
const [LOCAL, REMOTE, UID] = [1, 2, 7];

export interface HandOver {
  /** What the browser is started with. */
  readonly address: string;
  /** Resolves when a browser of the user has come. */
  readonly taken: Promise<void>;
  close(): void;
}

/**
 * Waits for a browser at a port of this machine.
 * @param link where the browser is sent
 * @param uid whose browser it is
 */
export async function handOver(link: string, uid: number): Promise<HandOver> {
  const path = `/${randomBytes(PATH_BYTES).toString('base64url')}`;
  const { promise: taken, resolve: take } = Promise.withResolvers<void>();
  let isTaken = false;
  const mayHave = ({ method, url, socket }: IncomingMessage): boolean =>
    !isTaken && method === 'GET' && url === path && ownerOf(socket) === uid;
  const server = createServer((request, response) => {
    const headers = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', connection: 'close' };
    if (!mayHave(request)) {
      response.writeHead(403, headers).end();
      return;
    }
    isTaken = true;
    response.writeHead(302, { ...headers, location: link }).end(take);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, HOST, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://${HOST}:${port}${path}`,
    taken,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** User of the process at the other end, on this machine, as the kernel has it. */
function ownerOf({ remotePort, localPort }: Socket): number | undefined {
  if (remotePort === undefined || localPort === undefined) return undefined;
  const ends = [endOf(remotePort), endOf(localPort)];
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n')) {
    const columns = line.trim().split(/\s+/);
    if (columns[LOCAL] === ends[0] && columns[REMOTE] === ends[1]) return Number(columns[UID]);
  }
  return undefined;
}

/** 127.0.0.1 as the kernel prints it, in the order of its bytes. */
function endOf(port: number): string {
  return `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
}
