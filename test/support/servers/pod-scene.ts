// A pod on an API server that applies what it is sent.

import { text } from 'node:stream/consumers';
import { Pods } from '../../../host/responses/pods/pods.ts';
import { ApiServer, reply } from './api-server.ts';

export const POD = { namespace: 'shop', name: 'web-1', uid: 'u1', labels: new Map<string, string>() };
const PATH = `/api/v1/namespaces/${POD.namespace}/pods/${POD.name}`;

/** That of a process that is given the kubeconfig file. */
export function podsBy(kubeconfig: string): Pods {
  return new Pods({ node: 'n', kubeconfig });
}

export class PodScene implements AsyncDisposable {
  labels: Record<string, string | null> = { app: 'web' };
  isDeleted = false;
  deletions = 0;
  isEnding = false;
  readonly #server: ApiServer;

  private constructor(server: ApiServer) {
    this.#server = server;
    server.intercept = (url, reponse, request) => {
      void text(request).then((body) => {
        if (url.pathname !== PATH || this.isDeleted) return reply(reponse, 404);
        const sent = body === '' ? {} : JSON.parse(body);
        if (request.method === 'DELETE') {
          this.isDeleted = true;
          this.deletions++;
        }
        for (const [name, value] of Object.entries<string | null>(sent.metadata?.labels ?? {})) {
          if (value === null) delete this.labels[name];
          else this.labels[name] = value;
        }
        const ending = this.isEnding && { deletionTimestamp: '2026-01-01T00:00:00Z' };
        return reply(reponse, 200, { metadata: { name: POD.name, uid: POD.uid, labels: this.labels, ...ending } });
      });
      return true;
    };
  }

  static async start(): Promise<PodScene> {
    return new PodScene(await ApiServer.start());
  }

  get kubeconfig(): string {
    return this.#server.kubeconfig;
  }

  get pods(): Pods {
    return podsBy(this.kubeconfig);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }
}
