// Follows the pods of one node: lists them, then watches for changes from there on, for ever. This replaces the client
// library's informer, which keeps whole pods and stops after an error until it is restarted.

import { asArray, asText, at } from '../../diagnostics/json-value.ts';
import { asMetadataError, MetadataError } from '../failure-log.ts';
import { type ApiClient, kindOfStatus } from './api.ts';
import { BackOff } from './back-off.ts';
import { type PodFacts, readPod } from './pod.ts';

const LIST_TIMEOUT_MS = 30_000;
const PODS_A_PAGE = 250;
/** The server ends a watch after about this time; the next one continues at the same version. */
const WATCH_SECONDS = 240;
const WATCH_SECONDS_JITTER = 60;
/** A server that has not ended the watch by then counts as lost. */
const OVERTIME_MS = 15_000;
/** A shorter watch counts as a failure, even if it ends without an error. */
const SHORT_WATCH_MS = 1000;

export interface PodListener {
  /** All existing pods: others were deleted. */
  listed(pods: readonly PodFacts[]): void;
  changed(pod: PodFacts): void;
  deleted(uid: string): void;
  /** The server answers. */
  working(): void;
  failed(error: MetadataError): void;
}

export class PodWatch {
  readonly #client: ApiClient;
  readonly #selector: string;
  readonly #listener: PodListener;
  readonly #backOff = new BackOff();

  constructor(client: ApiClient, node: string, listener: PodListener) {
    this.#client = client;
    this.#selector = `fieldSelector=${encodeURIComponent(`spec.nodeName=${node}`)}`;
    this.#listener = listener;
  }

  /** Runs until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    // Always from the server's cache: all nodes' agents may list at once, and its store would read all pods for each.
    let oldest: string | undefined = '0';
    let version: string | undefined;
    while (!signal.aborted) {
      let began = Number.POSITIVE_INFINITY;
      try {
        version ??= await this.#list(oldest);
        oldest = version;
        began = performance.now();
        version = await this.#watch(version, signal);
        oldest = version;
        if (!this.#lasted(began)) await this.#backOff.wait(signal);
      } catch (error) {
        if (signal.aborted) return;
        const failure = asMetadataError(error);
        this.#listener.failed(failure);
        const { kind } = failure;
        // A new list must not be older than the last seen version. If the server can't guarantee that, use its store, or any version.
        if (failure instanceof WatchBroken) oldest = version = failure.version;
        else if (kind === 'expired') oldest = undefined;
        else if (kind === 'invalid' || kind === 'error') oldest = '0';
        // After an outage or a busy server the watch continues at its version. If that version has expired, list again.
        if (kind === 'expired' || kind === 'invalid' || kind === 'error') version = undefined;
        this.#lasted(began);
        await this.#backOff.wait(signal);
      }
    }
  }

  /** Whether a watch that began then has lasted long enough to count as success: a list alone proves little. */
  #lasted(began: number): boolean {
    if (performance.now() - began < SHORT_WATCH_MS) return false;
    this.#backOff.reset();
    return true;
  }

  /**
   * Lists the pods and returns the version of the list.
   * @param oldest the oldest acceptable version of the list, `0` for any; undefined for the current state of the server's store
   */
  async #list(oldest: string | undefined): Promise<string> {
    const pods: PodFacts[] = [];
    let next: string | undefined;
    let version = '';
    do {
      const part = next === undefined ? listFrom(oldest) : `&limit=${PODS_A_PAGE}&continue=${encodeURIComponent(next)}`;
      const page = await this.#client.get(`/api/v1/pods?${this.#selector}${part}`, LIST_TIMEOUT_MS);
      const metadata = at(page, 'metadata');
      for (const item of asArray(at(page, 'items'))) {
        const pod = readPod(item);
        if (pod) pods.push(pod);
      }
      version = asText(at(metadata, 'resourceVersion')) ?? '';
      next = asText(at(metadata, 'continue')) || undefined;
    } while (next !== undefined);
    if (version === '') throw new MetadataError('invalid', 'the list of pods has no version');
    this.#listener.working();
    this.#listener.listed(pods);
    return version;
  }

  /** Watches until the server ends it; returns the version to continue at. Rejects with WatchBroken. */
  async #watch(from: string, signal: AbortSignal): Promise<string> {
    let version = from;
    const seconds = WATCH_SECONDS + Math.floor(Math.random() * WATCH_SECONDS_JITTER);
    const path = `/api/v1/pods?${this.#selector}&watch=true&allowWatchBookmarks=true&timeoutSeconds=${seconds}&resourceVersion=${encodeURIComponent(from)}`;
    try {
      await this.#client.stream(path, seconds * 1000 + OVERTIME_MS, (event) => {
        if (signal.aborted) return;
        version = this.#take(event) ?? version;
        this.#listener.working();
      });
    } catch (error) {
      throw new WatchBroken(asMetadataError(error), version);
    }
    return version;
  }

  /** The event's version, if it has one. */
  #take(event: unknown): string | undefined {
    const object = at(event, 'object');
    const type = at(event, 'type');
    if (type === 'ERROR') {
      const status = at(object, 'code');
      const message = asText(at(object, 'message')) ?? 'the watch ended with an error';
      throw new MetadataError(kindOfStatus(typeof status === 'number' ? status : 0), message);
    }
    const pod = type === 'BOOKMARK' ? undefined : readPod(object);
    if (pod && type === 'DELETED') this.#listener.deleted(pod.uid);
    else if (pod) this.#listener.changed(pod);
    return asText(at(object, 'metadata', 'resourceVersion')) || undefined;
  }
}

/** Without a limit: with a version and a limit the server would return exactly that version from its store. */
function listFrom(oldest: string | undefined): string {
  if (oldest === undefined) return `&limit=${PODS_A_PAGE}`;
  const limit = oldest === '0' ? `&limit=${PODS_A_PAGE}` : '';
  return `${limit}&resourceVersion=${encodeURIComponent(oldest)}`;
}

/** A watch that failed, and its version at that time. */
class WatchBroken extends MetadataError {
  readonly version: string;

  constructor(cause: MetadataError, version: string) {
    super(cause.kind, cause.message);
    this.version = version;
  }
}
