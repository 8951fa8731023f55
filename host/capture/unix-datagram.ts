// Datagrams to a Unix socket, such as /dev/log or the service manager's, which Node.js does not support.

import { close, write } from 'node:fs';
import { loadAddon } from './addon.ts';

export interface UnixDatagram {
  /** Waits until the receiver has room. Rejects when the message was not sent. One call at a time. */
  send(message: Buffer): Promise<void>;
  close(): void;
}

/** Pause before another attempt on a full receiver. */
const RETRY_MS = 5;

/**
 * @param path of a socket; with @ first, a name in the abstract namespace
 * @throws {Error} with the code SOCKET_CONNECT when there is no listener
 */
export function connectUnixDatagram(path: string): UnixDatagram {
  const descriptor = loadAddon().connectUnixDatagram(path);
  let isClosed = false;
  const send = async (message: Buffer): Promise<void> => {
    // A full queue of the receiver is not an error: wait.
    while (!isClosed && !(await sendDatagram(descriptor, message))) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  };
  const end = (): void => {
    isClosed = true;
    close(descriptor, () => {});
  };
  return { send, close: end };
}

/** @returns false if the receiver's queue is full */
function sendDatagram(descriptor: number, message: Buffer): Promise<boolean> {
  return new Promise((resolve, reject) => {
    write(descriptor, message, (error) => {
      if (error && error.code !== 'EAGAIN' && error.code !== 'ENOBUFS') reject(error);
      else resolve(!error);
    });
  });
}
