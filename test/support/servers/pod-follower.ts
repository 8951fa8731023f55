// An agent's directory of pods that follows a test's API server.

import type { ClusterPod } from '../../../host/metadata/container-metadata.ts';
import { FailureLog, type MetadataError } from '../../../host/metadata/failure-log.ts';
import { PodDirectory } from '../../../host/metadata/kubernetes/pod-directory.ts';
import { until } from '../until.ts';
import type { ApiServer } from './api-server.ts';
import { UID } from './cluster-pods.ts';

/** Follows the server's pods, and keeps a log of what went wrong. */
export class Follower {
  readonly lines: string[] = [];
  readonly log = new FailureLog((line) => this.lines.push(line));
  readonly pods: PodDirectory;
  readonly running: Promise<void>;

  constructor(server: ApiServer, times: { readonly grace?: number; readonly again?: number } = {}) {
    const listener = {
      changed: () => {},
      working: (subject?: string) => this.log.working('kubernetes', subject),
      failed: (error: MetadataError) => this.log.failed('kubernetes', error),
    };
    this.pods = new PodDirectory({ node: 'node1', kubeconfig: server.kubeconfig }, listener, times);
    this.running = this.pods.run();
  }

  async known(uid = UID, is: (pod: ClusterPod) => boolean = () => true): Promise<ClusterPod> {
    return await until(() => {
      const found = this.pods.find(uid);
      return found.state === 'known' && is(found.pod) ? found.pod : undefined;
    });
  }

  /** How often a kind of failure was counted. */
  count(kind: string): number {
    return this.log.counts.find((count) => count.kind === kind)?.count ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.pods.close();
    await this.running;
  }
}
