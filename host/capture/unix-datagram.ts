// Datagrams to a Unix socket, such as /dev/log or the service manager's, which Node.js can't send.

import { close, write } from 'node:fs';
import { loadAddon } from './addon.ts';

export interface UnixDatagram {
  /** Waits until the receiver has room. Rejects when the message did not get out. One at a time. */
  send(message: Buffer): Promise<void>;
  close(): void;
}

/** Pause before another attempt on a receiver that takes nothing. */
const RETRY_MS = 5;

/**
 * @param path of a socket; with @ first, a name in the abstract namespace
 * @throws {Error} with the code SOCKET_CONNECT when nobody listens there
 */
export function connectUnixDatagram(path: string): UnixDatagram {
  const descriptor = loadAddon().connectUnixDatagram(path);
  let isClosed = false;
  const send = async (message: Buffer): Promise<void> => {
    // A full queue of the receiver is no error: it is waited for.
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

/** @returns false if there is no room for it now */
function sendDatagram(descriptor: number, message: Buffer): Promise<boolean> {
  return new Promise((resolve, reject) => {
    write(descriptor, message, (error) => {
      if (error && error.code !== 'EAGAIN' && error.code !== 'ENOBUFS') reject(error);
      else resolve(!error);
    });
  });
}
