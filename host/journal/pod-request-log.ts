// Audit events of requests to enter pods, kept beside what happened: with them sessions have their Kubernetes user.

import type { PodRequestFacts } from '../sessions/pod-request-facts.ts';
import { JsonLog, jsonLogPaths } from './json-log.ts';

const NAME = 'pod-requests';

export class PodRequestLog extends JsonLog<PodRequestFacts> {
  /** @param onFailure called for each write that fails: its events are missing then */
  constructor(folder: string, onFailure: (error: unknown) => void) {
    super(folder, NAME, onFailure);
  }
}

/**
 * The files of a journal's folder that have them, each in the form of an audit log; they may be missing. In that order nothing is missed if an
 * agent renames the first one to the second meanwhile: it is read twice.
 */
export function podRequestFiles(folder: string): readonly string[] {
  return jsonLogPaths(folder, NAME).toReversed();
}
