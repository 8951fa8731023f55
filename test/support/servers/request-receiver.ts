// A receiver of audit events that serves agents, with real TLS, and agents of its nodes.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NodeRequests } from '../../../host/agent/journal/node-requests.ts';
import type { PodRequestStreamSink } from '../../../host/agent/sources/pod-request-source.ts';
import { Forwarding } from '../../../host/daemon/audit/agents/forwarding.ts';
import { ReceiverClient } from '../../../host/daemon/pod-requests/receiver-client.ts';
import { podRequestFacts } from '../../../host/sessions/pod-request-facts.ts';
import { execEvents, type MadeRequest } from '../audit/exec-events.ts';
import { makeDirectory } from '../directory.ts';
import { ApiServer } from './api-server.ts';
import { Authority } from './authority.ts';
import { ACCOUNT, AUDIENCE, putPod, TokenReviews, tokenOf } from './token-reviews.ts';

const DAY_MS = 86_400_000;

export class TestReceiver {
  readonly directory = makeDirectory();
  readonly authority = new Authority(this.directory.path);
  readonly #files = this.authority.issue('receiver');
  readonly api: ApiServer;
  readonly reviews: TokenReviews;
  isReceiving = true;
  readonly said: string[] = [];
  latenessMs = 100;
  /** So many ms its clock is ahead of the agents' and the API server's. */
  aheadMs = 0;
  #forwarding: Forwarding | undefined;
  #port = 0;

  private constructor(api: ApiServer) {
    this.api = api;
    this.reviews = new TokenReviews(api);
  }

  /** With agents of two nodes, and a pod on each: `web-0` on node-a, `web-1` on node-b. */
  static async start({ aheadMs = 0 } = {}): Promise<TestReceiver> {
    const receiver = new TestReceiver(await ApiServer.start());
    receiver.aheadMs = aheadMs;
    for (const [index, node] of ['node-a', 'node-b'].entries()) {
      receiver.reviews.known.set(tokenOf(node), { pod: `agent-${node}` });
      putPod(receiver.api, 'wasprey', `agent-${node}`, node, Date.now() - DAY_MS);
      putPod(receiver.api, 'shop', `web-${index}`, node, Date.now() - DAY_MS);
    }
    await receiver.serve();
    return receiver;
  }

  get forwarding(): Forwarding {
    if (!this.#forwarding) throw new Error('it is not there');
    return this.#forwarding;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  /** A new run of it, at the same address. */
  async serve(): Promise<void> {
    const { kubeconfig } = this.api;
    this.#forwarding = await Forwarding.make({
      kubernetes: { node: '', kubeconfig },
      audience: AUDIENCE,
      serviceAccounts: [ACCOUNT],
      isReceiving: () => this.isReceiving,
      onTrouble: (message) => this.said.push(message),
      latenessMs: this.latenessMs,
      now: () => Date.now() + this.aheadMs,
    });
    const address = { address: '127.0.0.1', port: this.#port };
    await this.#forwarding.serve({ ...address, ...this.#files, aliveEveryMs: 20, clocksApartMs: 200 });
    this.#port = this.#forwarding.port;
  }

  async stop(): Promise<void> {
    await this.#forwarding?.close();
    this.#forwarding = undefined;
  }

  /** The events of an exec, as they come from an API server. */
  exec(request: Partial<MadeRequest> & { readonly id: string }): void {
    const events = execEvents({ user: 'alice', words: ['sh'], received: Date.now(), ...request });
    for (const event of events) this.forwarding.take(podRequestFacts(event) ?? {});
  }

  /** An exec by the kubelet's own interface, whose node is known at once. */
  kubelet(node: string, id: string, word = 'sh'): void {
    const time = new Date().toISOString();
    this.forwarding.take({
      ...{ kind: 'Event', auditID: id, stage: 'ResponseStarted', verb: 'create', user: { username: 'mallory' } },
      requestURI: `/api/v1/nodes/${node}/proxy/exec/shop/web/main?command=${word}`,
      objectRef: { resource: 'nodes', subresource: 'proxy', name: node },
      requestReceivedTimestamp: time,
      stageTimestamp: time,
    });
  }

  /** An agent whose journal is in a folder of that name. */
  agent(node: string, { folder = node, token = tokenOf(node), authorities = this.authority.path } = {}): TestAgent {
    const tokenFile = join(this.directory.path, `token-${folder}`);
    writeFileSync(tokenFile, token);
    return new TestAgent(join(this.directory.path, folder), { url: this.url, authorities, tokenFile });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.api[Symbol.asyncDispose]();
    this.directory.remove();
  }
}

interface AgentPlace {
  readonly silenceMs?: number;
  readonly url: string;
  readonly authorities: string;
  readonly tokenFile: string;
}

export class TestAgent {
  readonly folder: string;
  readonly client: ReceiverClient;
  readonly said: string[] = [];
  /** Ids of the events that came, in their order. */
  readonly taken: unknown[] = [];
  readonly failures: unknown[] = [];
  readonly #requests: NodeRequests;

  constructor(folder: string, place: AgentPlace) {
    this.folder = folder;
    this.#requests = new NodeRequests(folder, 0, (error) => this.failures.push(error));
    const say = (message: string): void => void this.said.push(message);
    this.client = new ReceiverClient({ ...place, onTrouble: say, onNote: say });
  }

  start(): this {
    const requests = this.#requests;
    const sink: PodRequestStreamSink = {
      resume: () => requests.resume(),
      keep: (state) => requests.keep(state),
      take: (event) => {
        this.taken.push(event.auditID);
        requests.add(event);
      },
    };
    this.client.start(sink);
    return this;
  }

  async stop(): Promise<void> {
    await this.client.stop();
    await this.#requests.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

export function isConnected(agent: TestAgent): boolean {
  return agent.client.summary.failure === undefined;
}
