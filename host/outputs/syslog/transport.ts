// How messages get to a syslog daemon: by a datagram to a socket of this machine, by UDP, or by TCP.

import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { connectUnixDatagram } from '../../capture/unix-datagram.ts';
import type { SyslogPlace } from './place.ts';

export interface SyslogTransport {
  /** Rejects when the message did not get out; the transport is of no use then. One at a time. */
  send(message: Buffer): Promise<void>;
  close(): void;
}

const CONNECT_TIMEOUT_MS = 5000;

/** Rejects when it can't be reached. */
export function openTransport(place: SyslogPlace): Promise<SyslogTransport> {
  switch (place.kind) {
    case 'unix':
      return Promise.resolve().then(() => connectUnixDatagram(place.path));
    case 'udp':
      return udpTransport(place.host, place.port);
    case 'tcp':
      return tcpTransport(place.host, place.port);
  }
}

async function udpTransport(host: string, port: number): Promise<SyslogTransport> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  // Its callback is given the error too, which the types of Node don't say.
  const failure = await new Promise<Error | undefined>((resolve) => {
    socket.once('error', resolve);
    socket.connect(port, host, (error?: Error) => resolve(error));
  });
  socket.removeAllListeners('error');
  if (failure) {
    socket.close();
    throw failure;
  }
  // What the other side says of a datagram comes with the next one.
  let refusal: Error | undefined;
  socket.on('error', (error) => {
    refusal = error;
  });
  return {
    send: (message) =>
      new Promise((resolve, reject) => {
        socket.send(message, (error) => {
          if (error ?? refusal) reject(error ?? refusal);
          else resolve();
        });
      }),
    close: () => socket.close(),
  };
}

async function tcpTransport(host: string, port: number): Promise<SyslogTransport> {
  const socket = connect({ host, port, timeout: CONNECT_TIMEOUT_MS });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
    socket.once('timeout', () => socket.destroy(new Error(`no connection within ${CONNECT_TIMEOUT_MS / 1000} s`)));
  });
  socket.setTimeout(0);
  const ended = new Promise<never>((_, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed')));
  });
  // It may end between two messages.
  ended.catch(() => {});
  // Nothing is said in return.
  socket.resume();
  return {
    async send(message) {
      // RFC 6587: the length goes before the message, which may hold anything then.
      const frame = Buffer.concat([Buffer.from(`${message.length} `), message]);
      const written = new Promise<void>((resolve, reject) => {
        socket.write(frame, (error) => (error ? reject(error) : resolve()));
      });
      await Promise.race([written, ended]);
    },
    close: () => socket.destroy(),
  };
}
