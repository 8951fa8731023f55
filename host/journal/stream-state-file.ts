// The state of a stream of requests to enter pods, beside the requests: one file, replaced whole.

import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { NO_COVERAGE, type RequestCoverage } from '../sessions/coverage.ts';
import { type RequestStreamState, readStreamState, streamStateJson } from '../sessions/stream-state.ts';

const NAME = 'pod-request-stream.json';
/** Far more than is written. */
const MOST_BYTES = 1 << 20;

/** Undefined if there is none, or it can't be read. Never rejects. */
export async function loadStreamState(folder: string): Promise<RequestStreamState | undefined> {
  return stateOf((await textIn(folder)) ?? '');
}

/** Resolves when it outlives a loss of power. Calls must not overlap. */
export async function storeStreamState(folder: string, state: RequestStreamState): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, NAME);
  // During an update of the agent two of them may write.
  const next = `${path}.${process.pid}`;
  {
    await using file = await open(next, 'w', 0o600);
    await file.writeFile(`${streamStateJson(state)}\n`);
    await file.datasync();
  }
  await rename(next, path);
}

/** Requests come another way from now on. */
export async function removeStreamState(folder: string): Promise<void> {
  await rm(join(folder, NAME), { force: true });
}

/**
 * The times for which a journal's folder has all requests.
 * @returns undefined if they come from no stream: then they count as all
 */
export async function coverageIn(folder: string): Promise<RequestCoverage | undefined> {
  const text = await textIn(folder);
  return text === undefined ? undefined : (stateOf(text)?.coverage ?? NO_COVERAGE);
}

/** Undefined if there is no such file; empty if it can't be read. */
function textIn(folder: string): Promise<string | undefined> {
  return readFile(join(folder, NAME), 'utf8').catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENOENT' ? undefined : '',
  );
}

function stateOf(text: string): RequestStreamState | undefined {
  return text.length > MOST_BYTES ? undefined : readStreamState(text);
}
