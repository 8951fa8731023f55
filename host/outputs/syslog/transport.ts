// Transports to a syslog daemon: a datagram to a local socket, UDP, or TCP.

import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { connectUnixDatagram } from '../../capture/unix-datagram.ts';
import type { SyslogPlace } from './place.ts';

export interface SyslogTransport {
  /** Rejects when the message was not sent; the transport is unusable then. One call at a time. */
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
  // Its callback gets the error too, which Node's types omit.
  const failure = await new Promise<Error | undefined>((resolve) => {
    socket.once('error', resolve);
    socket.connect(port, host, (error?: Error) => resolve(error));
  });
  socket.removeAllListeners('error');
  if (failure) {
    socket.close();
    throw failure;
  }
  // An ICMP error for a datagram is returned by the next send.
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
  // The connection may end between two messages.
  ended.catch(() => {});
  // The daemon sends no answer.
  socket.resume();
  return {
    async send(message) {
      // RFC 6587: the length precedes the message, which may then have any content.
      const frame = Buffer.concat([Buffer.from(`${message.length} `), message]);
      const written = new Promise<void>((resolve, reject) => {
        socket.write(frame, (error) => (error ? reject(error) : resolve()));
      });
      await Promise.race([written, ended]);
    },
    close: () => socket.destroy(),
  };
}
