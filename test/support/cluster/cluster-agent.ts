// Wasprey in a test cluster: its image, the chart installed with helm, and the alerts of its pods as they come.

import type { ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { CHART } from '../../../deploy/chart/files.ts';
import { helmProgram } from '../../../deploy/chart/helm.ts';
import { IMAGE_CONFIG, makeRootFolder } from '../../../deploy/image/root-folder.ts';
import { ownArchitecture } from '../../../deploy/tree/architecture.ts';
import { Cluster } from './cluster.ts';
import { makeImage } from './make-image.ts';

export const NAMESPACE = 'wasprey';
const IMAGE = { registry: 'registry.test', repository: 'security/wasprey', tag: 'test' };
export const AGENT_IMAGE = `${IMAGE.registry}/${IMAGE.repository}:${IMAGE.tag}`;

/** A condition that does not come true for so long never will. */
const PATIENCE_MS = 120_000;

/** Waits until something is there; `what` says for what, when it never is. */
export async function eventually<Found>(
  what: string,
  look: () => Promise<Found | undefined | false>,
  patienceMs = PATIENCE_MS,
): Promise<Found> {
  const end = Date.now() + patienceMs;
  let problem: unknown;
  while (Date.now() < end) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      problem = error;
    }
    await delay(100);
  }
  throw new Error(`${what}: not within ${patienceMs / 1000} s`, { cause: problem });
}

/** Returns the archive of an image of the working tree: it is what the tests are about. */
async function makeAgentImage(folder: string): Promise<string> {
  const root = join(folder, 'root');
  const archive = join(folder, 'wasprey.tar');
  await mkdir(root);
  await makeRootFolder(root, ownArchitecture());
  await makeImage(AGENT_IMAGE, root, archive, IMAGE_CONFIG);
  return archive;
}

export interface ReceivedAlert {
  readonly rule: string;
  readonly priority: string;
  readonly output: string;
  readonly hostname: string;
  readonly tags: readonly string[];
  readonly output_fields: Readonly<Record<string, unknown>>;
  /** When this process read it, ms since the epoch. */
  readonly received: number;
  /** When it happened. */
  readonly happened: number;
}

/** What the agent's pods print, from now on and across restarts. */
export class AlertStream {
  readonly #cluster: Cluster;
  readonly alerts: ReceivedAlert[] = [];
  #child: ChildProcess | undefined;
  #closed = false;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Follows the log of a pod; of the one before, no more is read. */
  follow(pod: string): void {
    this.#child?.kill();
    const child = this.#cluster.start(['kubectl', '-n', NAMESPACE, 'logs', '--follow', pod]);
    this.#child = child;
    if (!child.stdout) throw new TypeError('kubectl needs a pipe');
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('{')) this.#take(line);
    });
    child.once('exit', () => {
      // The connection may break off under load.
      if (!this.#closed && this.#child === child) setTimeout(() => this.#child === child && this.follow(pod), 200);
    });
  }

  #take(line: string): void {
    const alert = JSON.parse(line) as ReceivedAlert & { readonly time: string };
    this.alerts.push({ ...alert, received: Date.now(), happened: Date.parse(alert.time) });
  }

  /** The first alert, also of those before, for which `matches` holds. */
  async find(what: string, matches: (alert: ReceivedAlert) => boolean): Promise<ReceivedAlert> {
    return eventually(`an alert of ${what}`, async () => this.alerts.find(matches));
  }

  close(): void {
    this.#closed = true;
    this.#child?.kill();
  }
}

/** A cluster with the chart installed. */
export class AgentCluster {
  readonly cluster: Cluster;
  readonly alerts: AlertStream;

  private constructor(cluster: Cluster) {
    this.cluster = cluster;
    this.alerts = new AlertStream(cluster);
  }

  static async start(): Promise<AgentCluster> {
    const cluster = await Cluster.start();
    try {
      await cluster.importOnce(AGENT_IMAGE, makeAgentImage);
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return new AgentCluster(cluster);
  }

  /** Values that every installation here has. Of the machine's own runtimes nothing is mounted. */
  get #values(): object {
    const off = { enabled: false };
    const cri = { sockets: [this.cluster.containerdSocket] };
    return {
      image: IMAGE,
      collectors: { containerEngine: { engines: { docker: off, podman: off, containerd: off, cri } } },
    };
  }

  /** `helm upgrade --install`, and waits until all pods are ready. */
  async install(values: object, release = 'wasprey'): Promise<void> {
    const words = ['upgrade', release, CHART, '--install', '--create-namespace', '--namespace', NAMESPACE];
    await this.cluster.run(
      [helmProgram(), ...words, '--values', '-', '--wait', '--timeout', '3m'],
      JSON.stringify({ ...this.#values, ...values }),
    );
  }

  /** Name of the one pod of a release that is ready. */
  async readyPod(except = '', release = 'wasprey'): Promise<string> {
    return eventually("an agent's pod that is ready", async () => {
      const path = '{range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}';
      const labels = `app.kubernetes.io/name=wasprey,app.kubernetes.io/instance=${release}`;
      const list = await this.kubectl('get', 'pods', '-l', labels, '-o', `jsonpath=${path}`);
      return list
        .split('\n')
        .map((line) => line.split(' '))
        .find(([name, ready]) => ready === 'True' && name !== except)?.[0];
    });
  }

  /** In the agent's namespace. */
  async kubectl(...words: string[]): Promise<string> {
    return this.cluster.kubectl('-n', NAMESPACE, ...words);
  }

  async stop(): Promise<void> {
    this.alerts.close();
    await this.cluster.stop();
  }
}
