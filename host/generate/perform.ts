// Performs behaviour by one run of act, and always removes the files that it leaves.

import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { errnoName } from '../schema/errno.ts';
import type { Behaviour, Scene } from './actions/action.ts';
import { makeDirectory, type Step } from './actions/steps.ts';
import type { Place } from './place.ts';

/** Time limit for an action. */
const LONGEST_RUN_MS = 30_000;

export interface Performance {
  readonly scene: Scene;
  /** Why it did not finish; it may have raised its alerts nevertheless. */
  readonly failure?: string;
  /** Calls that the kernel refused, with the error: `openat: EACCES`. */
  readonly refused: readonly string[];
}

/** Pattern of markers. */
export const MARKER = /w[0-9a-f]{12}/;

export function newScene(place: Place): Scene {
  const marker = `w${randomBytes(6).toString('hex')}`;
  return { marker, directory: `${place.temporary}/wasprey-${marker}`, act: place.act };
}

/** Does not reject if steps fail; `signal` stops them early. Their files are removed in any case. */
export async function perform(
  behaviour: Behaviour,
  place: Place,
  signal?: AbortSignal,
  scene: Scene = newScene(place),
): Promise<Performance> {
  const leaves = behaviour.leaves?.(scene) ?? [];
  const foreign = leaves.find((path) => !path.includes(scene.marker));
  if (foreign !== undefined) throw new Error(`${foreign} is not the action's own: it would not be removed safely`);
  // A new act starts after the folder is made, so that results count from 0 in the behaviour's own steps.
  const prepared: Step[] = [makeDirectory(scene.directory), ['@exec', scene.act, 'act']];
  const steps = [...prepared, ...behaviour.steps(scene), ['@mark', scene.marker]];
  try {
    return { scene, ...(await runAct(place, steps, signal)) };
  } finally {
    // No signal: this cleans up after one.
    await runAct(
      place,
      [scene.directory, ...leaves].map((path) => ['@remove', path]),
    );
  }
}

async function runAct(
  place: Place,
  steps: readonly Step[],
  signal?: AbortSignal,
): Promise<Pick<Performance, 'failure' | 'refused'>> {
  if (signal?.aborted) return { failure: 'stopped', refused: [] };
  const run = place.start(steps);
  const limit = AbortSignal.any([AbortSignal.timeout(LONGEST_RUN_MS), ...(signal ? [signal] : [])]);
  const stop = () => place.kill(run);
  limit.addEventListener('abort', stop);
  try {
    const [end, output, errors] = await Promise.all([endOf(run), streamText(run.stdout), streamText(run.stderr)]);
    const refused = refusedCalls(output);
    if (limit.aborted) return { failure: signal?.aborted ? 'stopped' : 'it took too long', refused };
    const stderr = errors.trim();
    if (end === 0 && stderr === '') return { refused };
    return { failure: stderr === '' ? `act exited with ${end}` : stderr.split('\n').join('; '), refused };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error), refused: [] };
  } finally {
    limit.removeEventListener('abort', stop);
  }
}

/** Exit status, or the name of the signal. */
function endOf(run: ChildProcess): Promise<number | string> {
  return new Promise((resolve, reject) => {
    run.once('error', reject);
    run.once('close', (status, signal) => resolve(status ?? signal ?? 'nothing'));
  });
}

function streamText(stream: ChildProcess['stdout']): Promise<string> {
  return stream ? text(stream) : Promise.resolve('');
}

/** From act's report. Only complete lines count, because a killed run may leave a partial one. */
function refusedCalls(report: string): string[] {
  const pattern = /^\{"step":\d+,"call":"(\w+)",.*?"result":(-\d+),/gm;
  return [...report.matchAll(pattern)]
    .map(([, call, result = '']) => ({ call, error: errnoName(BigInt(result)) ?? result }))
    .filter(({ error }) => error !== 'EINPROGRESS')
    .map(({ call, error }) => `${call}: ${error}`);
}
