// The API server of the test cluster, for an agent outside of the cluster's namespaces: a port of this machine that leads there, and a
// service account with what the agent may do.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asText, at } from '../../../host/diagnostics/json-value.ts';
import type { KubernetesPlace } from '../../../host/metadata/kubernetes/connection.ts';
import type { Cluster } from './cluster.ts';

const ACCOUNT = 'agent';
/** Of the table in host/metadata/README.md. */
const RULES = [
  { apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] },
  { apiGroups: [''], resources: ['namespaces', 'replicationcontrollers'], verbs: ['get'] },
  { apiGroups: ['apps'], resources: ['replicasets', 'deployments'], verbs: ['get'] },
  { apiGroups: ['batch'], resources: ['jobs'], verbs: ['get'] },
  { apiGroups: [''], resources: ['events'], verbs: ['create'] },
];

export class ClusterApi {
  readonly #cluster: Cluster;
  readonly #folder = mkdtempSync(join(tmpdir(), 'wasprey-account-'));
  readonly #connections = new Set<Socket>();
  readonly #server: Server;

  private constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#server = createServer((socket) => this.#forward(socket));
  }

  /** Makes the service account and opens the port. */
  static async open(cluster: Cluster): Promise<ClusterApi> {
    const api = new ClusterApi(cluster);
    copyFileSync(join(cluster.state, 'certificates/ca.crt'), join(api.#folder, 'ca.crt'));
    const rbac = 'rbac.authorization.k8s.io';
    const subjects = [{ kind: 'ServiceAccount', name: ACCOUNT, namespace: 'default' }];
    await cluster.apply([
      { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name: ACCOUNT }, rules: RULES },
      {
        apiVersion: `${rbac}/v1`,
        kind: 'ClusterRoleBinding',
        metadata: { name: ACCOUNT },
        roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: ACCOUNT },
        subjects,
      },
    ]);
    await api.newAccount();
    await api.newToken();
    api.#server.listen(0, '127.0.0.1');
    await once(api.#server, 'listening');
    return api;
  }

  get place(): KubernetesPlace {
    const { port } = this.#server.address() as AddressInfo;
    return { node: 'node1', server: `https://127.0.0.1:${port}`, serviceAccount: this.#folder };
  }

  /** Tokens of the account that was are no longer valid. */
  async newAccount(): Promise<void> {
    await this.#cluster.kubectl('delete', 'serviceaccount', ACCOUNT, '--ignore-not-found');
    await this.#cluster.kubectl('create', 'serviceaccount', ACCOUNT);
  }

  /** Puts a fresh token where the agent reads it, as the kubelet does. */
  async newToken(): Promise<void> {
    const path = `/api/v1/namespaces/default/serviceaccounts/${ACCOUNT}/token`;
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } };
    const { stdout } = await this.#cluster.run(
      ['kubectl', 'create', '--raw', path, '-f', '-'],
      JSON.stringify(request),
    );
    writeFileSync(join(this.#folder, 'token'), asText(at(JSON.parse(stdout), 'status', 'token')) ?? '');
  }

  /** Breaks all connections, as a restart of what is between the agent and the server does. */
  disconnect(): void {
    for (const socket of this.#connections) socket.destroy();
  }

  close(): void {
    this.#server.close();
    this.disconnect();
    rmSync(this.#folder, { recursive: true });
  }

  #forward(socket: Socket): void {
    const words = ['-t', String(this.#cluster.pid), '-n', '--', 'busybox', 'nc', '127.0.0.1', '6443'];
    const child = spawn('nsenter', words, { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#connections.add(socket);
    socket.on('error', () => {}); // it may be reset at any time
    child.stdin.on('error', () => {});
    socket.on('close', () => {
      this.#connections.delete(socket);
      child.kill();
    });
    child.on('exit', () => socket.destroy());
    socket.pipe(child.stdin);
    child.stdout.pipe(socket);
  }
}
