// Containers of runc that live for a moment: each opens one file, and is over. All have the same programs, and images of their own.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configuration, fillWithBusybox, runcCommand } from '../support/live/live-container.ts';
import { MARK } from './rules.ts';
import { type Session, SoakError } from './scenario.ts';

const REPOSITORY = 'registry.test/soak/shell';

export interface ShortContainer {
  readonly id: string;
  readonly repository: string;
  /** What it opens. */
  readonly path: string;
}

export interface ShortContainers {
  /** In the order of their ends. */
  readonly ended: readonly ShortContainer[];
  /** Resolves when all are over; rejects with SoakError when one could not be run. */
  readonly done: Promise<void>;
  /** Starts no more of them; resolves when those that run are over. */
  stop(): Promise<void>;
}

/** @param atOnce how many run at a time */
export function startShortContainers(session: Session, total: number, atOnce: number): ShortContainers {
  const root = join(session.folder, 'container-root');
  if (!existsSync(root)) {
    mkdirSync(root);
    fillWithBusybox(root);
  }
  const ended: ShortContainer[] = [];
  let started = 0;
  let stopped = false;
  const work = async (): Promise<void> => {
    while (started < total && !stopped) ended.push(await runContainer(session.folder, root, started++));
  };
  const done = Promise.all(Array.from({ length: atOnce }, work)).then(() => {});
  const stop = (): Promise<void> => {
    stopped = true;
    return done.catch(() => {}); // `done` rejects for whoever waits for it
  };
  session.atEnd(stop);
  return { ended, done, stop };
}

async function runContainer(folder: string, root: string, number: number): Promise<ShortContainer> {
  const id = randomBytes(32).toString('hex');
  const repository = `${REPOSITORY}-${number % 10}`;
  const path = `${MARK}-container-${number}`;
  const program = ['/bin/sh', '-c', `cat ${path} 2> /dev/null; sleep 0.1`];
  const bundle = mkdtempSync(join(folder, 'bundle-'));
  const config = {
    ...configuration(id, { program, image: `${repository}:${number}` }),
    root: { path: root, readonly: true },
  };
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
  const [shell, ...words] = runcCommand(['run', '--bundle', bundle, id]);
  const child = spawn(shell, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [status] = await once(child, 'close');
  rmSync(bundle, { recursive: true });
  if (status !== 0) throw new SoakError(`runc could not run a container: ${said}`);
  return { id, repository, path };
}
