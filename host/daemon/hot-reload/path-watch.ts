// Reports that something at some paths may have changed: by inotify, and by polling where inotify reports nothing (network file systems,
// a limit of watches reached).

import { createHash } from 'node:crypto';
import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { type Places, placesOf } from './watched-places.ts';

export interface PathWatchTimes {
  /** Quiet time before a report: the writer is probably done. */
  readonly quietMs: number;
  /** Longest delay of a report while changes continue. */
  readonly mostMs: number;
  readonly pollMs: number;
}

const USUAL_TIMES: PathWatchTimes = { quietMs: 200, mostMs: 2_000, pollMs: 5_000 };

export interface PathWatchHost {
  readonly onChange: () => void;
  /** Called once, when changes are found by polling only. */
  readonly onTrouble: (message: string) => void;
  readonly times?: PathWatchTimes;
}

interface Watched {
  readonly watcher: FSWatcher;
  /** Which folder it is: another may have its name by now. */
  readonly identity: string;
}

export class PathWatch {
  readonly #host: PathWatchHost;
  readonly #times: PathWatchTimes;
  readonly #watched = new Map<string, Watched>();
  #paths: readonly string[];
  #places: Places = new Map();
  #signature = '';
  #firstTouch: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #poll: NodeJS.Timeout;
  #isTroubled = false;
  #isClosed = false;

  constructor(paths: readonly string[], host: PathWatchHost) {
    this.#host = host;
    this.#times = host.times ?? USUAL_TIMES;
    this.#paths = paths;
    this.#arm();
    this.#poll = setInterval(() => this.#look(), this.#times.pollMs);
    this.#poll.unref();
  }

  /** Watches these from now on. */
  setPaths(paths: readonly string[]): void {
    this.#paths = paths;
    if (!this.#isClosed) this.#arm();
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#timer);
    for (const folder of [...this.#watched.keys()]) this.#unwatch(folder);
  }

  /** Watches each folder that the paths lead through now. Never throws: where a path can't be followed, what is watched stays. */
  #arm(): void {
    this.#signature = signatureOf(this.#paths);
    try {
      this.#follow();
    } catch (error) {
      this.#trouble(error);
    }
  }

  #follow(): void {
    this.#places = placesOf(this.#paths);
    for (const [folder, { identity }] of [...this.#watched]) {
      if (!this.#places.has(folder) || identityOf(folder) !== identity) this.#unwatch(folder);
    }
    for (const folder of this.#places.keys()) if (!this.#watched.has(folder)) this.#watch(folder);
  }

  #watch(folder: string): void {
    try {
      const identity = identityOf(folder);
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        const names = this.#places.get(folder);
        if (name === null || names === 'all' || names?.has(name) || name === lastOf(folder)) this.#touch();
      });
      watcher.on('error', (error) => {
        this.#unwatch(folder);
        this.#trouble(error);
      });
      this.#watched.set(folder, { watcher, identity });
    } catch (error) {
      this.#trouble(error);
    }
  }

  #unwatch(folder: string): void {
    this.#watched.get(folder)?.watcher.close();
    this.#watched.delete(folder);
  }

  #trouble(error: unknown): void {
    // A folder that has just gone is looked for where it would come to be.
    if (this.#isTroubled || (error instanceof Error && 'code' in error && error.code === 'ENOENT')) return;
    this.#isTroubled = true;
    const reason = error instanceof Error ? error.message : String(error);
    this.#host.onTrouble(
      `files are checked for changes every ${this.#times.pollMs / 1000} s, because they can't be watched: ${reason}`,
    );
  }

  #look(): void {
    if (signatureOf(this.#paths) !== this.#signature) this.#touch();
  }

  /** Something has happened: reported when it is quiet again. */
  #touch(): void {
    if (this.#isClosed) return;
    const now = performance.now();
    this.#firstTouch ??= now;
    const { quietMs, mostMs } = this.#times;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#report(), Math.min(quietMs, Math.max(this.#firstTouch + mostMs - now, 0)));
    this.#timer.unref();
  }

  #report(): void {
    this.#firstTouch = undefined;
    this.#arm();
    this.#host.onChange();
  }
}

function lastOf(folder: string): string {
  return folder.slice(folder.lastIndexOf('/') + 1);
}

function identityOf(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true });
  return `${dev}:${ino}`;
}

/** Metadata of the files at the paths, which changes with their content. */
function signatureOf(paths: readonly string[]): string {
  const hash = createHash('sha256');
  const add = (path: string, level: number): void => {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    hash.update(
      stats ? `${path}\0${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}\0` : `${path}\0\0`,
    );
    if (level === 0 && stats?.isDirectory()) for (const name of readdirSync(path).sort()) add(join(path, name), 1);
  };
  for (const path of paths) {
    try {
      add(path, 0);
    } catch (error) {
      hash.update(error instanceof Error ? error.message : String(error));
    }
  }
  return hash.digest('hex');
}
