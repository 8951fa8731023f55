// The files of the host program that are started or loaded by themselves: the command line, threads, child processes, and what is required at once. An installation has each of
// them bundled with what it imports (deploy/tree/host-program.ts), so that none is found by the place of the file that starts it.

import { PROJECT } from './paths.mjs';

/** Entries by their place below host/, without ending. */
export const ENTRIES = Object.freeze({
  main: 'cli/main',
  engine: 'engine/worker',
  auditEvaluation: 'audit/live/worker',
  capture: 'captures/writer/capture-worker',
  unpacking: 'scap/format/unpack-worker',
  compilation: 'daemon/rules/compile-child',
  endWithParent: 'daemon/rules/end-with-parent',
  lookup: 'daemon/console/lookup-child',
  readUnless: 'responses/read-unless',
  storedConditions: 'verdicts/stored-condition',
  asc: 'compiler/assemble/asc-child',
});

/** Ending of the entries: those of a checkout are TypeScript; this file is among the JavaScript of a bundle. */
const ENDING = import.meta.url.endsWith('.mjs') ? '.ts' : '.js';

/**
 * The path of such a file.
 * @param {keyof typeof ENTRIES} name
 * @returns {string}
 */
export function entryFile(name) {
  return `${PROJECT}host/${ENTRIES[name]}${ENDING}`;
}
