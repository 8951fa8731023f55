// Follows a tag in a registry: what it names is fetched when its digest changes, checked, and kept on disk, where the rules are read from. What
// does not pass, or can't be fetched, leaves what is there.

import { mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { LONGEST_TIMER_MS } from '../outputs/long-timer.ts';
import type { Artifact } from './artifact.ts';
import { RegistryError } from './error.ts';

export interface FollowOptions {
  /** For messages. */
  readonly name: string;
  /** Has a folder for each digest, and `current`, a link to the one in use: it changes at once. */
  readonly folder: string;
  readonly everyMs: number;
  /** Digest of what the reference names now; undefined if there is nothing. Rejects when the registry does not answer. */
  readonly resolve: () => Promise<string | undefined>;
  /** Fetches it, and rejects for what is not to be used: a bad signature, a module that the sandbox refuses, rules with errors. */
  readonly fetch: (digest: string) => Promise<Artifact>;
  /** Told when it begins to fail, and when it works again. */
  readonly onTrouble: (message: string) => void;
  readonly onFetched: (digest: string) => void;
  /** Told what is wrong with something that was fetched, and when what the reference names can be used again. */
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
  /** What was refused last, and why: the same content is not fetched again and again. */
  #refused: { readonly digest: string; readonly error: unknown } | undefined;
  /** Of those, the one that was told of last. */
  #told: unknown;
  #timer: NodeJS.Timeout | undefined;
  #failing = false;
  #closed = false;
  #waitMs = FIRST_WAIT_MS;
  #fetched = 0;
  #failures = 0;

  constructor(options: FollowOptions) {
    this.#options = options;
  }

  /** Where what is in use lies, once there is anything. */
  static currentBelow(folder: string): string {
    return join(folder, CURRENT);
  }

  get counters(): FollowCounters {
    return { digest: this.#digest, fetched: this.#fetched, failures: this.#failures };
  }

  /** Fetches what the reference names now. Rejects only if there is nothing from earlier to go on with. */
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
    // So that the agents of a cluster do not ask all at once.
    const jittered = wait * (0.75 + Math.random() / 2);
    this.#timer = setTimeout(() => void this.#poll(), Math.min(jittered, LONGEST_TIMER_MS));
    this.#timer.unref();
  }

  async #poll(): Promise<void> {
    try {
      await this.#update();
      if (this.#failing) this.#options.onTrouble(`${this.#options.name} can be followed again`);
      if (this.#told !== undefined) this.#options.onRestored();
      this.#failing = false;
      this.#told = undefined;
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
    const message = `${this.#options.name} can't be followed, what was there stays: ${reason}`;
    const isRefused = error === this.#refused?.error;
    if (isRefused ? error !== this.#told : !this.#failing) this.#options.onTrouble(message);
    if (isRefused && error !== this.#told) this.#options.onRefused(message);
    if (isRefused) this.#told = error;
    this.#failing = true;
  }

  async #update(): Promise<void> {
    const digest = await this.#options.resolve();
    if (digest === undefined) throw new RegistryError('REGISTRY_NOT_FOUND', `there is no ${this.#options.name}`);
    if (digest === this.#digest) return;
    if (digest === this.#refused?.digest) throw this.#refused.error;
    let artifact: Artifact;
    try {
      artifact = await this.#options.fetch(digest);
    } catch (error) {
      // A registry that fails may do better next time; what it has sent won't.
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
