// Asks the possible runtimes of a container, one after the other, within a time limit.

import { setTimeout as pause } from 'node:timers/promises';
import type { ContainerNotice } from '../../capture/native.ts';
import type { ContainerMetadata } from '../container-metadata.ts';
import type { LookupFailure } from '../container-state.ts';
import { type FailureKind, type FailureLog, MetadataError } from '../failure-log.ts';
import { RuntimeRequestError } from '../unix-http.ts';
import type { ContainerSource } from './runtime-places.ts';

/** A runtime knows a sandbox a moment after its first process has started: it is asked again after this time, and after twice that. */
const FIRST_PAUSE_MS = 40;

/** Never rejects. `deadline`: ms of performance.now(). */
export async function findContainer(
  notice: ContainerNotice,
  sources: readonly ContainerSource[],
  deadline: number,
  log: FailureLog,
): Promise<ContainerMetadata | LookupFailure> {
  for (let time = FIRST_PAUSE_MS; ; time *= 2) {
    const found = await askAll(notice, sources, deadline, log);
    if (found !== 'not-known' || !isOfKubelet(notice) || performance.now() + time >= deadline) return found;
    await pause(time, undefined, { ref: false });
  }
}

function isOfKubelet({ cgroup }: ContainerNotice): boolean {
  return cgroup.includes('kubepods');
}

/** A missing runtime is not a failure as long as another answers. */
async function askAll(
  { fullId }: ContainerNotice,
  sources: readonly ContainerSource[],
  deadline: number,
  log: FailureLog,
): Promise<ContainerMetadata | LookupFailure> {
  let failure: LookupFailure = 'no-runtime';
  for (const source of sources) {
    if (!source.isPresent()) continue;
    try {
      const found = await source.find(fullId, deadline);
      log.working(source.name);
      if (found) return found;
      if (failure === 'no-runtime') failure = 'not-known';
    } catch (error) {
      const reason = failureOf(error, source);
      log.failed(source.name, reason);
      failure = LOOKUP_FAILURES[reason.kind] ?? 'runtime-failed';
    }
  }
  const [first] = sources;
  if (failure === 'no-runtime' && first) {
    log.failed(first.name, new MetadataError('unreachable', `${first.place} is missing`));
  }
  return failure;
}

const LOOKUP_FAILURES: Readonly<Partial<Record<FailureKind, LookupFailure>>> = {
  timeout: 'timed-out',
  unreachable: 'no-answer',
  denied: 'no-answer',
};

function failureOf(error: unknown, { place }: ContainerSource): MetadataError {
  if (error instanceof MetadataError) return error;
  if (error instanceof RuntimeRequestError) {
    return new MetadataError(error.status === undefined ? 'invalid' : 'error', `${place}: ${error.message}`);
  }
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const kind = name === 'AbortError' || name === 'TimeoutError' ? 'timeout' : kindOfCode(error);
  return new MetadataError(kind, `${place}: ${message}`);
}

function kindOfCode(error: unknown): FailureKind {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EACCES' || code === 'EPERM' ? 'denied' : 'unreachable';
}
