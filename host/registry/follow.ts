// Follows a tag in a registry: when its digest changes, the artifact is fetched, checked, and stored on disk, where the rules are read from. If
// that fails, the previous version stays.

import { mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { LONGEST_TIMER_MS } from '../outputs/long-timer.ts';
import type { Artifact } from './artifact.ts';
import { RegistryError } from './error.ts';

export interface FollowOptions {
  /** For messages. */
  readonly name: string;
  /** Has a folder for each digest, and `current`, a link to the one in use, which is replaced atomically. */
  readonly folder: string;
  readonly everyMs: number;
  /** The current digest of the reference; undefined if not found. Rejects when the registry does not answer. */
  readonly resolve: () => Promise<string | undefined>;
  /** Fetches it, and rejects invalid content: a bad signature, a module that the sandbox refuses, rules with errors. */
  readonly fetch: (digest: string) => Promise<Artifact>;
  /** Called when it begins to fail, and when it works again. */
  readonly onTrouble: (message: string) => void;
  readonly onFetched: (digest: string) => void;
  /** Called with the reason when fetched content is refused, and when the reference's content is valid again. */
  readonly onRefused: (message: string) => void;
  readonly onRestored: () => void;
}

export interface FollowCounters {
  readonly digest: string | undefined;
  readonly fetched: number;
  readonly failures: number;
}

const CURRENT = 'current';
const FIRST_WAIT_MS = 2_000;

export class Follower {
  readonly #options: FollowOptions;
  #digest: string | undefined;
  /** The last refused content, and why: the same content is not fetched again. */
  #refused: { readonly digest: string; readonly error: unknown } | undefined;
  /** The last refusal that was reported. */
  #reported: unknown;
  #timer: NodeJS.Timeout | undefined;
  #failing = false;
  #closed = false;
  #waitMs = FIRST_WAIT_MS;
  #fetched = 0;
  #failures = 0;

  constructor(options: FollowOptions) {
    this.#options = options;
  }

  /** Path of the content in use, once there is any. */
  static currentBelow(folder: string): string {
    return join(folder, CURRENT);
  }

  get counters(): FollowCounters {
    return { digest: this.#digest, fetched: this.#fetched, failures: this.#failures };
  }

  /** Fetches the reference's current content. Rejects only if there is no earlier version to use. */
  async start(): Promise<void> {
    await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
    this.#digest = await this.#onDisk();
    try {
      await this.#update();
    } catch (error) {
      if (this.#digest === undefined) throw error;
      this.#failed(error);
    }
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#closed) return;
    const { everyMs } = this.#options;
    const wait = this.#failing ? Math.min(this.#waitMs, everyMs) : everyMs;
    // Keeps the agents of a cluster from asking at the same time.
    const jittered = wait * (0.75 + Math.random() / 2);
    this.#timer = setTimeout(() => void this.#poll(), Math.min(jittered, LONGEST_TIMER_MS));
    this.#timer.unref();
  }

  async #poll(): Promise<void> {
    try {
      await this.#update();
      if (this.#failing) this.#options.onTrouble(`${this.#options.name} can be followed again`);
      if (this.#reported !== undefined) this.#options.onRestored();
      this.#failing = false;
      this.#reported = undefined;
      this.#refused = undefined;
      this.#waitMs = FIRST_WAIT_MS;
    } catch (error) {
      this.#failed(error);
    }
    this.#schedule();
  }

  #failed(error: unknown): void {
    this.#failures++;
    this.#waitMs *= 2;
    const reason = error instanceof Error ? error.message : String(error);
    const message = `${this.#options.name} can't be followed, the previous version stays in use: ${reason}`;
    const isRefused = error === this.#refused?.error;
    if (isRefused ? error !== this.#reported : !this.#failing) this.#options.onTrouble(message);
    if (isRefused && error !== this.#reported) this.#options.onRefused(message);
    if (isRefused) this.#reported = error;
    this.#failing = true;
  }

  async #update(): Promise<void> {
    const digest = await this.#options.resolve();
    if (digest === undefined) throw new RegistryError('REGISTRY_NOT_FOUND', `${this.#options.name} not found`);
    if (digest === this.#digest) return;
    if (digest === this.#refused?.digest) throw this.#refused.error;
    let artifact: Artifact;
    try {
      artifact = await this.#options.fetch(digest);
    } catch (error) {
      // A failing registry may succeed next time; the same content will be refused again.
      const isTemporary = error instanceof RegistryError && error.code !== 'REGISTRY_CONTENT';
      if (!isTemporary) this.#refused = { digest, error };
      throw error;
    }
    await this.#keep(artifact);
    this.#digest = digest;
    this.#fetched++;
    this.#options.onFetched(digest);
  }

  async #onDisk(): Promise<string | undefined> {
    try {
      const folder = basename(await readlink(join(this.#options.folder, CURRENT)));
      return `sha256:${folder}`;
    } catch {
      return undefined;
    }
  }

  async #keep(artifact: Artifact): Promise<void> {
    const { folder } = this.#options;
    const name = artifact.digest.replace('sha256:', '');
    const own = join(folder, name);
    await rm(own, { recursive: true, force: true });
    await mkdir(own, { mode: 0o700 });
    const files =
      artifact.kind === 'module'
        ? [{ name: 'module.wasm', content: artifact.bytes }]
        : artifact.files.map((file) => ({ name: file.name, content: file.text }));
    for (const file of files) await writeFile(join(own, file.name), file.content, { mode: 0o600 });
    const link = join(folder, `${CURRENT}.new`);
    await rm(link, { force: true });
    await symlink(name, link);
    await rename(link, join(folder, CURRENT));
    for (const other of await readdir(folder)) {
      if (/^[0-9a-f]{64}$/.test(other) && other !== name)
        await rm(join(folder, other), { recursive: true, force: true });
    }
  }
}
