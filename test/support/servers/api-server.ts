// A server that answers as the Kubernetes API server does about the objects of a test: lists, watches and single objects, over HTTP.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ApiObject {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly namespace?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly [more: string]: unknown;
  };
  readonly [more: string]: unknown;
}

export class ApiServer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'wasprey-api-'));
  readonly #server = createServer((request, response) => this.#answer(request, response));
  readonly #pods = new Map<string, ApiObject>();
  readonly #watchers = new Set<ServerResponse>();
  /** Single objects by path. */
  readonly objects = new Map<string, ApiObject>();
  /** Paths that were asked for, with their queries. */
  readonly requests: URL[] = [];
  /** Takes a request in place of the server if it returns true. */
  intercept: (url: URL, response: ServerResponse, request: IncomingMessage) => boolean = () => false;
  #version = 1000;

  static async start(): Promise<ApiServer> {
    const server = new ApiServer();
    await server.listen();
    return server;
  }

  /** Path of a kubeconfig file. */
  get kubeconfig(): string {
    return join(this.#folder, 'kubeconfig');
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async listen(port = 0): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    const cluster = { server: `http://127.0.0.1:${this.port}`, 'insecure-skip-tls-verify': true };
    const user = { tokenFile: join(this.#folder, 'token') };
    writeFileSync(user.tokenFile, 'first');
    const config = {
      clusters: [{ name: 'test', cluster }],
      users: [{ name: 'test', user }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      'current-context': 'test',
    };
    writeFileSync(this.kubeconfig, JSON.stringify(config));
  }

  /** Adds a pod or changes it. */
  put(pod: ApiObject): void {
    const type = this.#pods.has(pod.metadata.uid) ? 'MODIFIED' : 'ADDED';
    const object = this.#versioned(pod);
    this.#pods.set(pod.metadata.uid, object);
    this.tell({ type, object });
  }

  remove(uid: string): void {
    const pod = this.#pods.get(uid);
    if (!pod) return;
    this.#pods.delete(uid);
    this.tell({ type: 'DELETED', object: this.#versioned(pod) });
  }

  /** Changes that no watch sees. */
  forget(uid: string): void {
    this.#pods.delete(uid);
    this.#version++;
  }

  /** Writes to all watches. */
  tell(event: object): void {
    const line = `${JSON.stringify(event)}\n`;
    for (const watcher of this.#watchers) watcher.write(line);
  }

  endWatches(): void {
    for (const watcher of this.#watchers) watcher.end();
    this.#watchers.clear();
  }

  /** As if the process were killed. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#watchers.clear();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true });
  }

  #versioned(object: ApiObject): ApiObject {
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } };
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', 'http://api');
    this.requests.push(url);
    if (this.requests.length > 1000) this.requests.shift();
    if (this.intercept(url, response, request)) return;
    if (url.pathname === '/api/v1/pods' && url.searchParams.get('watch')) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      this.#watchers.add(response);
      // What has changed between list and watch.
      const from = Number(url.searchParams.get('resourceVersion'));
      const later = [...this.#pods.values()].filter(({ metadata }) => Number(metadata.resourceVersion) > from);
      for (const object of later) response.write(`${JSON.stringify({ type: 'MODIFIED', object })}\n`);
      response.on('close', () => this.#watchers.delete(response));
      return;
    }
    if (url.pathname === '/api/v1/pods') {
      reply(response, 200, { metadata: { resourceVersion: String(this.#version) }, items: [...this.#pods.values()] });
      return;
    }
    const object = this.objects.get(url.pathname);
    if (object) reply(response, 200, object);
    else reply(response, 404, { kind: 'Status', message: 'not found', code: 404 });
  }
}

/** An answer of any status. */
export function reply(
  response: ServerResponse,
  status: number,
  body: unknown = { kind: 'Status', code: status },
): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
