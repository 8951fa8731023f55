// Connections to the API server: by a pod's service account, or by a kubeconfig file.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { Agent } from 'node:https';
import { isIPv6 } from 'node:net';
import { dirname, resolve } from 'node:path';
import { asArray, asText, at } from '../../diagnostics/json-value.ts';
import { messageOf } from '../../diagnostics/system-reason.ts';
import { MetadataError } from '../failure-log.ts';

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

export interface ApiConnection {
  readonly server: URL;
  /** Server and credentials for a request. Read for each, because tokens expire. Rejects with MetadataError. */
  options(): Promise<RequestOptions>;
}

/** The API server, and the node whose pods are needed. */
export type KubernetesPlace = { readonly node: string } & (KubeconfigPlace | ServicePlace);

interface KubeconfigPlace {
  /** Path of a kubeconfig file. */
  readonly kubeconfig: string;
}

interface ServicePlace {
  /** `https://host:port` */
  readonly server: string;
  /** Folder with the token and the ca.crt of a service account. */
  readonly serviceAccount: string;
}

/** The node's name: Falco's charts set FALCO_HOSTNAME. */
export function nodeName(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  return environment.NODE_NAME || environment.FALCO_HOSTNAME || undefined;
}

/** Undefined if the agent is not in a pod with a service account, or does not know its node. */
export function placeInCluster(
  environment: NodeJS.ProcessEnv = process.env,
  serviceAccount = SERVICE_ACCOUNT,
): KubernetesPlace | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = environment;
  const node = nodeName(environment);
  if (!host || node === undefined || !existsSync(`${serviceAccount}/token`)) return undefined;
  return { node, server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`, serviceAccount };
}

/** Rejects with MetadataError. */
export async function connect(place: KubernetesPlace): Promise<ApiConnection> {
  return 'kubeconfig' in place ? await connectByFile(place.kubeconfig) : connectByServiceAccount(place);
}

/**
 * Two files suffice: the client library that reads kubeconfig files would take 85 MB, more than the rest of
 * the agent.
 */
function connectByServiceAccount({ server, serviceAccount }: ServicePlace): ApiConnection {
  const agent = new Agent({ keepAlive: true });
  return {
    server: new URL(server),
    async options() {
      try {
        const files = ['token', 'ca.crt'].map((name) => readFile(`${serviceAccount}/${name}`, 'utf8'));
        const [token = '', ca = ''] = await Promise.all(files);
        return { agent, ca, headers: { authorization: `Bearer ${token.trim()}` } };
      } catch (error) {
        throw new MetadataError('denied', `the service account can't be read (${messageOf(error)})`);
      }
    },
  };
}

async function connectByFile(path: string): Promise<ApiConnection> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  let tokenFile: string | undefined;
  try {
    config.loadFromFile(path);
    tokenFile = await tokenFileOf(path, config.getCurrentUser()?.name);
  } catch (error) {
    throw new MetadataError('denied', `${path} can't be used (${messageOf(error)})`);
  }
  const server = config.getCurrentCluster()?.server;
  if (server === undefined || !URL.canParse(server)) throw new MetadataError('denied', `${path} has no cluster`);
  return {
    server: new URL(server),
    async options() {
      try {
        const options: RequestOptions = { headers: {} };
        await config.applyToHTTPSOptions(options);
        if (tokenFile === undefined) return options;
        const token = (await readFile(tokenFile, 'utf8')).trim();
        return { ...options, headers: { ...options.headers, authorization: `Bearer ${token}` } };
      } catch (error) {
        throw new MetadataError('denied', `the user of ${path} can't be used (${messageOf(error)})`);
      }
    },
  };
}

/** The `tokenFile` of a user of a kubeconfig file. The library ignores it, so its requests would be anonymous. */
async function tokenFileOf(path: string, user: string | undefined): Promise<string | undefined> {
  const { default: yaml } = await import('js-yaml');
  const file = yaml.load(await readFile(path, 'utf8'));
  const named = asArray(at(file, 'users')).find((entry) => at(entry, 'name') === user);
  const tokenFile = asText(at(named, 'user', 'tokenFile'));
  return tokenFile === undefined ? undefined : resolve(dirname(path), tokenFile);
}
