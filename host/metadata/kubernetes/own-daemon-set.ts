// Whether the agent is uninstalled: its DaemonSet is deleted, or what allows it to look. An agent that ends otherwise is started again.

import { at } from '../../diagnostics/json-value.ts';
import { asMetadataError } from '../failure-log.ts';
import { ApiClient } from './api.ts';
import { connect, type KubernetesPlace } from './connection.ts';
import { ownPod } from './own-pod.ts';

/** An agent that ends has some seconds. */
const TIMEOUT_MS = 2000;

export class OwnDaemonSet {
  readonly #place: KubernetesPlace;
  readonly #path: string;
  #mayLook = false;

  private constructor(place: KubernetesPlace, path: string) {
    this.#place = place;
    this.#path = path;
  }

  /** From the environment that the chart sets; undefined without it. */
  static of(place: KubernetesPlace, environment: NodeJS.ProcessEnv = process.env): OwnDaemonSet | undefined {
    const pod = ownPod(environment);
    const name = environment.WASPREY_DAEMONSET;
    if (!pod || !name) return undefined;
    const namespace = encodeURIComponent(pod.namespace);
    return new OwnDaemonSet(place, `/apis/apps/v1/namespaces/${namespace}/daemonsets/${encodeURIComponent(name)}`);
  }

  /** Call it at the start. If the agent may read the DaemonSet then, and not at the end, it was uninstalled with its rights. Never rejects. */
  async begin(): Promise<void> {
    this.#mayLook = (await this.#look()) === 'there';
  }

  /** Never rejects: false in doubt, as when the API server does not answer. */
  async isDeleted(): Promise<boolean> {
    const now = await this.#look();
    return now === 'deleted' || (now === 'denied' && this.#mayLook);
  }

  async #look(): Promise<'there' | 'deleted' | 'denied' | 'unknown'> {
    let client: ApiClient | undefined;
    try {
      client = new ApiClient(await connect(this.#place));
      const metadata = await client.metadata(this.#path, TIMEOUT_MS);
      return metadata === undefined || at(metadata, 'deletionTimestamp') !== undefined ? 'deleted' : 'there';
    } catch (error) {
      return asMetadataError(error).kind === 'denied' ? 'denied' : 'unknown';
    } finally {
      client?.close();
    }
  }
}
