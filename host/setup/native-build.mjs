// Builds what native/ holds, BPF objects, addon and act, by native/Makefile, which is incremental by itself.
// The stamp only spares the start of make when nothing has changed.

import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { SetupFailure } from './failure.mjs';
import { ACT_PROGRAM, BUILD, PROJECT, SETUP_STATE, SYSTEM_PATH } from './paths.mjs';
import { runTool } from './run-tool.mjs';
import { digestInputs, isUpToDate, writeStamp } from './stamp.mjs';

const STAMP = `${SETUP_STATE}native.stamp`;

const OUTPUTS = [`${BUILD}native/wasprey.node`, `${BUILD}bpf/wasprey.bpf.o`, `${BUILD}bpf/isolate.bpf.o`, ACT_PROGRAM];

/** Digest of all that goes into the build: sources with the generated schema header, and the versions of the header packages. */
const currentDigest = () => digestInputs(PROJECT, ['native', 'package-lock.json'], [process.arch]);

/** An installed Wasprey comes built, without sources. */
export function isCheckout() {
  return existsSync(`${PROJECT}native`);
}

/** @returns {boolean} */
export function nativeBuilt() {
  return isCheckout() ? isUpToDate(STAMP, currentDigest(), OUTPUTS) : absentOutputs().length === 0;
}

/** @returns {readonly string[]} paths of what the build makes, and is not there */
export function absentOutputs() {
  return OUTPUTS.filter((path) => !existsSync(path));
}

/**
 * @param {number} lock descriptor that make inherits
 * @throws {SetupFailure}
 */
export function buildNative(lock) {
  // Taken before the build: what is edited meanwhile is built by the next start.
  const digest = currentDigest();
  const { status, output, log } = runTool({
    command: 'make',
    arguments: ['-C', `${PROJECT}native`, `-j${availableParallelism()}`],
    // Flags of a make that runs this script are not meant for the build.
    environment: { ...process.env, PATH: SYSTEM_PATH, MAKEFLAGS: '', LC_ALL: 'C.UTF-8' },
    log: 'native',
    lock,
  });
  const absent = OUTPUTS.find((path) => !existsSync(path));
  if (status !== 0 || absent !== undefined) {
    throw new SetupFailure(
      'the capture core could not be built',
      [
        {
          what: `make -C native ${status === 0 ? `did not make ${absent}` : 'failed'}`,
          how: 'see below what it says; after a change of compiler or system, delete build/ and run this again',
        },
      ],
      { output, log },
    );
  }
  writeStamp(STAMP, digest);
}
