// A node with a container of a pod and an agent on it, for tests of exec sessions: what is done there is written as the kernel would have written it.

import assert from 'node:assert/strict';
import type { AgentOptions } from '../../../host/agent/agent-options.ts';
import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import type { OtherSource } from '../../../host/agent/sources/other-source.ts';
import type { PodRequestSource, PodRequestStreamSink } from '../../../host/agent/sources/pod-request-source.ts';
import { IMAGE_KIND, ROOT_PID_NAMESPACE } from '../../../host/schema/image.ts';
import { type PodRequestFacts, podRequestFacts } from '../../../host/sessions/pod-request-facts.ts';
import { type BuiltAgent, process as processImage, shadowRead, startBuiltAgent } from '../records/built-agent.ts';
import { inject } from '../records/inject.ts';
import { type DockerEngine, startDockerEngine } from '../servers/docker-engine.ts';
import { execEvents } from './exec-events.ts';

/** How long sessions wait to be settled, in ms. */
export const WAIT = 1_000;

export const WEB = 'a'.repeat(64);
export const OTHER = 'b'.repeat(64);
export const PLAIN = 'c'.repeat(64);
/** Its pid namespace. */
export const WEB_NAMESPACE = 0xf000_0001;
const NAMESPACES: Readonly<Record<string, number>> = {
  [WEB]: WEB_NAMESPACE,
  [OTHER]: 0xf000_0002,
  [PLAIN]: 0xf000_0003,
};

function podLabels(pod: string) {
  return { 'io.kubernetes.pod.name': pod, 'io.kubernetes.pod.namespace': 'shop' };
}

export const ANSWERS: Readonly<Record<string, object>> = {
  [`/containers/${WEB}/json`]: { Name: '/web', Config: { Image: 'web', Labels: podLabels('web-0') } },
  [`/containers/${OTHER}/json`]: { Name: '/web', Config: { Image: 'web', Labels: podLabels('web-1') } },
  [`/containers/${PLAIN}/json`]: { Name: '/plain', Config: { Image: 'plain' } },
};

type Members = Parameters<typeof processImage>[1];

/** A process, by its latest image. */
export interface Proc {
  readonly image: number;
  readonly pid: number;
  readonly start: bigint;
  /** Image of what forked it. */
  readonly parent: number;
  readonly place: Members;
}

export interface NodeOptions extends Pick<AgentOptions, 'ruleMatching' | 'responses' | 'hasDetails'> {
  readonly modules: readonly RuleModule[];
  readonly wait?: number;
  readonly isOn?: boolean;
  readonly other?: OtherSource;
  /** Of the runtime. */
  readonly answers?: typeof ANSWERS;
}

/** A receiver that has all requests at all times. */
class AllRequests implements PodRequestSource {
  readonly coverage = { spans: [{ from: 0n, to: 1n << 62n }], withheld: [] };
  readonly summary = { url: 'https://receiver.test', streams: 1, requests: 0, withheld: 0, gaps: 0 };
  #sink: PodRequestStreamSink | undefined;

  start(sink: PodRequestStreamSink): void {
    this.#sink = sink;
  }

  take(event: PodRequestFacts): void {
    this.#sink?.take(event);
  }

  async stop(): Promise<void> {}
}

/** A node with an agent on it, and what is done there. */
export class ExecNode implements AsyncDisposable {
  readonly #docker: DockerEngine;
  readonly #requests: AllRequests;
  readonly #built: BuiltAgent;
  #images = 0;
  #events = 0;

  static async start({
    modules,
    wait = WAIT,
    isOn = true,
    other,
    answers = ANSWERS,
    ...more
  }: NodeOptions): Promise<ExecNode> {
    const docker = await startDockerEngine(answers);
    const runtimes = { dockerSocket: docker.socket, podmanSocket: '/nonexistent', runcRoots: [] };
    const podRequests = new AllRequests();
    const options = {
      ...more,
      runtimes,
      podRequests,
      ...(isOn && { kubernetesUsers: { wait } }),
      ...(other && { other }),
    };
    return new ExecNode(docker, podRequests, await startBuiltAgent(modules, options));
  }

  constructor(docker: DockerEngine, requests: AllRequests, built: BuiltAgent) {
    this.#docker = docker;
    this.#requests = requests;
    this.#built = built;
  }

  get agent() {
    return this.#built.agent;
  }

  /** A process that another one forks, or one whose parent is not known. */
  fork(parent: Proc | undefined, more: Members = {}): Proc {
    const image = ++this.#images;
    const proc: Proc = {
      image,
      pid: Number(more.pid ?? 1000 + image),
      start: now() + BigInt(image),
      parent: parent?.image ?? 0,
      place: { vpid: 20, ...parent?.place, ...more },
    };
    this.#put(proc, IMAGE_KIND.FORK, proc.place);
    return proc;
  }

  /** It runs another program. */
  run(proc: Proc, argv: string, more: Members = {}): Proc {
    const image = ++this.#images;
    const next = { ...proc, image, place: { ...proc.place, executable: `/bin/${argv.split('\0')[0]}`, argv, ...more } };
    this.#put(next, IMAGE_KIND.EXEC, { previous: proc.image, ...next.place });
    return next;
  }

  #put({ image, pid, start, parent }: Proc, kind: number, members: Members): void {
    // Each record measures anew what the kernel's clocks are apart.
    const start_time = start + BigInt(image * 1_000);
    inject(this.agent, [processImage(image, { kind, parent, start_time, ...members, pid })], []);
  }

  /** As runc does it. @param from what has started runc */
  exec(container: string, argv: string, from?: Proc): Proc {
    const cgroup = `/docker/${container}`;
    const runc = { executable: 'memfd:runc_cloned:/proc/self/exe', argv: 'runc\0init\0' };
    const stage = this.fork(from, { ...runc, cgroup, pid_namespace: ROOT_PID_NAMESPACE });
    const child = this.fork(stage, { pid_namespace: NAMESPACES[container] ?? 0 });
    return this.run(child, argv);
  }

  request(user: string, words: readonly string[], pod = 'web-0'): void {
    const made = { id: `event-${this.#events++}`, user, words, pod, container: 'web', received: Date.now() };
    for (const event of execEvents(made)) this.#requests.take(podRequestFacts(event) ?? assert.fail());
  }

  read({ image }: Proc): void {
    inject(this.agent, [], [shadowRead(image)]);
  }

  /** Text lines of alerts, when there are so many. */
  lines(count: number): Promise<readonly string[]> {
    return this.#built.waitForLines(count);
  }

  /** Of each process the fields of its alert, when there are so many. */
  async alerts(...of: readonly Proc[]): Promise<readonly Fields[]> {
    await this.#built.waitForLines(of.length);
    const all: Fields[] = this.#built.jsonLines().map((line) => JSON.parse(line).output_fields);
    return of.map(({ pid }) => all.find((fields) => fields['proc.pid'] === pid) ?? assert.fail());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#built[Symbol.asyncDispose]();
    await this.#docker[Symbol.asyncDispose]();
  }
}

export type Fields = Readonly<Record<string, unknown>>;

function now(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}

/** `exact alice`, of an alert. */
export function said(fields: Fields): string {
  const names = fields['k8s.user.name'] ?? fields['k8s.session.candidates'];
  return [fields['k8s.session.match'], names].flat().filter(Boolean).join(' ');
}
