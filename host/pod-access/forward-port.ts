// A port of this machine that leads to one of a pod: a connection of its own to the API server for each connection.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import type { KubeConfig } from '@kubernetes/client-node';
import { escapeText } from '../diagnostics/escape.ts';
import { CommandFailure } from '../diagnostics/failure.ts';
import { reasonOf } from '../diagnostics/system-reason.ts';
import { clusterFailure, type PodName, type Tunnel } from './pod-cluster.ts';

/** Connections, as many as the page takes. */
const MOST_CONNECTIONS = 32;
const LONGEST_TROUBLE = 500;
/** State of an open web socket. */
const OPEN = 1;

export interface ForwardedPort {
  readonly port: number;
  close(): Promise<void>;
}

export interface ForwardOptions {
  readonly config: KubeConfig;
  readonly pod: PodName;
  /** Port of the pod. The same port of this machine is used, if it is free. */
  readonly port: number;
  /** Called with the reason when a connection fails. */
  readonly onTrouble: (message: string) => void;
}

/** At 127.0.0.1. Rejects with CommandFailure. */
export async function forwardPort({ config, pod, port, onTrouble }: ForwardOptions): Promise<ForwardedPort> {
  const { PortForward } = await import('@kubernetes/client-node');
  const sockets = new Set<Socket>();
  const connect = async (socket: Socket): Promise<void> => {
    sockets.add(socket);
    // It may be reset at any time.
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    try {
      const { namespace, name } = pod;
      const troubles = troublesTo((text) => onTrouble(`the pod: ${text}`));
      const forward = new PortForward(config);
      const tunnel: Tunnel = await forward.portForward(namespace, name, [port], socket, troubles, socket);
      tunnel.onclose = () => socket.end();
      socket.once('close', () => tunnel.terminate());
      // Either may have ended meanwhile.
      if (socket.destroyed) tunnel.terminate();
      else if (tunnel.readyState > OPEN) socket.end();
    } catch (error) {
      onTrouble(clusterFailure(error, 'forward ports', pod).message);
      socket.destroy();
    }
  };
  const server = createServer((socket) => void connect(socket));
  server.maxConnections = MOST_CONNECTIONS;
  await listen(server, port);
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** What the kubelet reports, as the port that nobody listens at. */
function troublesTo(report: (text: string) => void): Writable {
  return new Writable({
    write(chunk: Buffer, _, done) {
      const text = chunk.subarray(0, LONGEST_TROUBLE).toString('utf8').trim();
      if (text !== '') report(escapeText(text));
      done();
    },
  });
}

async function listen(server: Server, port: number): Promise<void> {
  for (const tried of [port, 0]) {
    server.listen(tried, '127.0.0.1');
    try {
      await once(server, 'listening');
      return;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : '';
      // Another process has it, or it is one below 1024.
      if (tried !== 0 && (code === 'EADDRINUSE' || code === 'EACCES')) continue;
      throw new CommandFailure(`no port of this machine can be opened: ${reasonOf(error)}`);
    }
  }
}
