// The cluster of a pod, as the user's kubeconfig has it.

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { escapeText } from '../diagnostics/escape.ts';
import { CommandFailure } from '../diagnostics/failure.ts';
import { reasonOf, withoutAdvice } from '../diagnostics/system-reason.ts';

const LONGEST_REASON = 500;

export interface PodName {
  readonly namespace: string;
  readonly name: string;
}

/** What is used of a web socket, whose own types the client library does not bring. */
export interface Tunnel {
  readonly readyState: number;
  onclose: unknown;
  terminate(): void;
}

/** Where kubectl looks, too. Rejects with CommandFailure. */
export async function userCluster(): Promise<KubeConfig> {
  const { KUBECONFIG = '' } = process.env;
  const named = KUBECONFIG.split(delimiter).filter((path) => path !== '');
  const paths = named.length > 0 ? named : [join(homedir(), '.kube/config')];
  const missing = paths.find((path) => !existsSync(path));
  if (missing !== undefined)
    throw new CommandFailure(`there is no kubeconfig: ${missing}`, 'set KUBECONFIG to the file that kubectl uses');
  // Loaded only now: it takes 85 MB.
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    config.loadFromDefault();
  } catch (error) {
    throw new CommandFailure(`the kubeconfig ${paths.join(', ')} can't be used: ${reasonOf(error)}`);
  }
  if (!config.getCurrentCluster())
    throw new CommandFailure(
      `the kubeconfig ${paths.join(', ')} has no current cluster`,
      'see `kubectl config use-context`',
    );
  return config;
}

/** The namespace of the current context. */
export function usualNamespace(config: KubeConfig): string {
  return config.getContextObject(config.getCurrentContext())?.namespace ?? 'default';
}

/** Why a request to the cluster failed. @param what was asked for: `exec into pods` */
export function clusterFailure(error: unknown, what: string, { namespace, name }: PodName): CommandFailure {
  switch (statusOf(error)) {
    case 401:
      return new CommandFailure(
        'the cluster does not accept the credentials of the kubeconfig',
        'try `kubectl get pods`',
      );
    case 403:
      return new CommandFailure(
        `the cluster forbids you to ${what} in namespace ${namespace}`,
        'it takes get on pods, and get and create on pods/exec and pods/portforward',
      );
    case 404:
      return new CommandFailure(
        `there is no pod ${namespace}/${name}`,
        'kubectl get pods -A -l app.kubernetes.io/name=wasprey',
      );
    default:
      return new CommandFailure(`the request to the cluster failed (${what}): ${reasonIn(error)}`);
  }
}

/** Status of a request that failed, or of a web socket that was refused, whose error has it in its text alone. */
function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'number') return error.code;
  return Number(/^Unexpected server response: (\d{3})$/.exec(messageOf(error))?.[1] ?? 0);
}

/** A server can answer with anything. */
function reasonIn(error: unknown): string {
  return escapeText(withoutAdvice(messageOf(error)).slice(0, LONGEST_REASON));
}

function messageOf(error: unknown): string {
  const message = typeof error === 'object' && error !== null && 'message' in error ? error.message : error;
  // If a request fails, the reason is in the cause.
  const { cause } = error instanceof Error ? error : {};
  return cause instanceof Error ? `${String(message)}: ${cause.message}` : String(message);
}
