// Where alerts are posted to: a server that takes them, refuses them for now, or does not answer at all.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Session } from './scenario.ts';

export type Behaviour = 'takes' | 'refuses' | 'hangs';

export class Receiver {
  readonly #server: Server;
  #behaviour: Behaviour;
  /** Alerts that it has taken, and requests whatever came of them. */
  taken = 0;
  requests = 0;

  private constructor(behaviour: Behaviour) {
    this.#behaviour = behaviour;
    this.#server = createServer((request, response) => {
      this.requests++;
      request.resume();
      request.once('end', () => {
        if (this.#behaviour === 'hangs') return;
        if (this.#behaviour === 'takes') this.taken++;
        response.writeHead(this.#behaviour === 'takes' ? 200 : 503).end();
      });
    });
  }

  /** It ends with the session. */
  static async start(session: Session, behaviour: Behaviour): Promise<Receiver> {
    const receiver = new Receiver(behaviour);
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    session.atEnd(() => {
      receiver.#server.closeAllConnections();
      receiver.#server.close();
    });
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** From the next request on. */
  behave(behaviour: Behaviour): void {
    this.#behaviour = behaviour;
  }
}
