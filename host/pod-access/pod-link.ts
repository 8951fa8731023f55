// The address that opens the page of a pod's agent: `wasprey console`, run in the pod.

import { Writable } from 'node:stream';
import type { KubeConfig, V1Pod, V1Status } from '@kubernetes/client-node';
import { escapeText } from '../diagnostics/escape.ts';
import { CommandFailure } from '../diagnostics/failure.ts';
import { clusterFailure, type PodName, type Tunnel } from './pod-cluster.ts';

/** The container's name in the chart; else the pod's first. */
const CONTAINER = 'wasprey';
const PATIENCE_MS = 30_000;
/** Bytes of what the command prints. */
const MOST_BYTES = 65_536;

const HELP =
  'an agent serves the page when its configuration says console.enabled: true (the chart: falco.console.enabled)';

const SLOW =
  'try again; if it still fails, run `wasprey console` in the pod by kubectl exec, and check the log of the agent';

export interface PodLink {
  readonly scheme: 'http' | 'https';
  /** Where the page is served in the pod. */
  readonly port: number;
  readonly token: string;
}

/** Rejects with CommandFailure. */
export async function podLink(config: KubeConfig, pod: PodName): Promise<PodLink> {
  const { container, words } = commandIn(await runningPod(config, pod), pod);
  const { status, stdout, stderr } = await execute(config, pod, container, words);
  if (status.status !== 'Success') {
    const said = stderr.trim() === '' ? (status.message ?? 'it failed') : (stderr.trim().split('\n', 1)[0] ?? '');
    throw new CommandFailure(`the page of ${pod.namespace}/${pod.name} can't be opened: ${escapeText(said)}`, HELP);
  }
  const link = linkIn(stdout.trim());
  if (!link)
    throw new CommandFailure(`${shown(words)} in ${pod.namespace}/${pod.name} did not print the page's address`, HELP);
  return link;
}

async function runningPod(config: KubeConfig, pod: PodName): Promise<V1Pod> {
  const { CoreV1Api } = await import('@kubernetes/client-node');
  let found: V1Pod;
  try {
    found = await config.makeApiClient(CoreV1Api).readNamespacedPod({ ...pod });
  } catch (error) {
    throw clusterFailure(error, 'read pods', pod);
  }
  const { phase = 'unknown' } = found.status ?? {};
  if (phase !== 'Running')
    throw new CommandFailure(
      `pod ${pod.namespace}/${pod.name} does not run: ${escapeText(phase)}`,
      'name the pod of an agent that runs: kubectl get pods -A -o wide -l app.kubernetes.io/name=wasprey',
    );
  return found;
}

/** With the configuration that the agent was started with. */
function commandIn({ spec }: V1Pod, { namespace, name }: PodName): { container: string; words: readonly string[] } {
  const containers = spec?.containers ?? [];
  const container = containers.find((one) => one.name === CONTAINER) ?? containers[0];
  if (!container) throw new CommandFailure(`pod ${namespace}/${name} has no container`, 'name a pod of the DaemonSet');
  const given = [...(container.command ?? []), ...(container.args ?? [])];
  const at = given.findIndex((word) => /^(?:-c|--config)(?:=|$)/.test(word));
  const [, value = given[at + 1]] = given[at]?.split(/=(.*)/s) ?? [];
  return {
    container: container.name,
    words: ['wasprey', 'console', ...(at >= 0 && value !== undefined ? ['--config', value] : [])],
  };
}

/** They are in part the pod's own. */
function shown(words: readonly string[]): string {
  return escapeText(words.join(' '));
}

interface Executed {
  readonly status: V1Status;
  readonly stdout: string;
  readonly stderr: string;
}

async function execute(
  config: KubeConfig,
  pod: PodName,
  container: string,
  words: readonly string[],
): Promise<Executed> {
  const { Exec } = await import('@kubernetes/client-node');
  const [stdout, stderr] = [new Collected(), new Collected()];
  // The library ends them with the status; what comes later is lost.
  for (const stream of [stdout, stderr]) stream.on('error', () => {});
  const ended = Promise.withResolvers<V1Status>();
  const timer = setTimeout(() => ended.reject(new CommandFailure(`${shown(words)} takes too long`, SLOW)), PATIENCE_MS);
  const exec = new Exec(config);
  const { namespace, name } = pod;
  const command = [...words];
  const begun = exec.exec(namespace, name, container, command, stdout, stderr, null, false, ended.resolve);
  begun.then(
    (tunnel: Tunnel) => {
      tunnel.onclose = () => ended.reject(new CommandFailure('the cluster has ended the exec', SLOW));
    },
    (error: unknown) => ended.reject(clusterFailure(error, 'exec into pods', pod)),
  );
  try {
    const status = await ended.promise;
    return { status, stdout: stdout.text, stderr: stderr.text };
  } finally {
    clearTimeout(timer);
    begun.then(
      (tunnel: Tunnel) => tunnel.terminate(),
      () => {},
    );
  }
}

/** What a command prints, as far as it is read. */
class Collected extends Writable {
  #chunks: Buffer[] = [];
  #bytes = 0;

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    if (this.#bytes < MOST_BYTES) this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    done();
  }

  get text(): string {
    return Buffer.concat(this.#chunks).subarray(0, MOST_BYTES).toString('utf8');
  }
}

function linkIn(text: string): PodLink | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const token = /^#token=([\w-]{20,100})$/.exec(url?.hash ?? '')?.[1];
  const scheme = /^(https?):$/.exec(url?.protocol ?? '')?.[1];
  if (!url || token === undefined || (scheme !== 'http' && scheme !== 'https')) return undefined;
  return { scheme, port: Number(url.port || (scheme === 'https' ? 443 : 80)), token };
}
