// Starts a capture like an agent with rules on all event types, and stops it, to find out what works on this kernel.

import { loadAddon } from '../capture/addon.ts';
import { type BpfLsmLack, bpfLsmLack } from '../capture/bpf-lsm.ts';
import type { EnforcedRule, MissingEnforcer } from '../capture/enforcement-means.ts';
import { enforcementTables } from '../capture/enforcement-tables.ts';
import { lackOfFexit } from '../capture/hooks.ts';
import type { MissingHook } from '../capture/missing-hooks.ts';
import type { Capture, CaptureError } from '../capture/native.ts';
import { openCapture } from '../capture/open.ts';
import { PinnedEnforcement } from '../responses/pinned-enforcement.ts';
import { EVENT_TYPES } from '../schema/events/index.ts';
import type { ExactClause, ExactName } from '../schema/kernel-enforcement.ts';
import { absentOutputs, isCheckout, nativeBuilt } from '../setup/native-build.mjs';
import { pageBuilt } from '../setup/page-build.mjs';
import { PAGE_FOLDER } from '../setup/paths.mjs';

export interface TrialFailure {
  readonly code: string;
  readonly message: string;
  readonly detail: string;
}

export interface CaptureTrial {
  /** Names of the BPF programs that the kernel has accepted. */
  readonly loaded: readonly string[];
  readonly missing: readonly MissingHook[];
  /** Why `engine.wasprey.hooks` can't be `fexit`; undefined: it can. */
  readonly lackOfFexit: string | undefined;
  /** Programs for responses with `where: kernel` that the kernel lacks or refuses; undefined if that was not tried. */
  readonly missingEnforcers: readonly MissingEnforcer[] | undefined;
  /** Why the kernel runs no programs of BPF LSM; undefined: it does, or the capture can't start. */
  readonly lackOfLsm: BpfLsmLack | undefined;
  /** Why nothing can be pinned (`responses.pinned`); undefined: it can. */
  readonly lackOfPins: string | undefined;
  /** Operations of io_uring that the kernel lacks; undefined if unknown. */
  readonly missingIoUringOperations: readonly string[] | undefined;
  /** Whether programs read kernel memory without probes; undefined if that was not looked up. */
  readonly hasDirectReads: boolean | undefined;
  /** Duration of the start, in ms. */
  readonly startMs: number;
  /** Why it can't start. */
  readonly failure: TrialFailure | undefined;
}

const NOTHING = {
  loaded: [],
  missing: [],
  lackOfFexit: undefined,
  missingEnforcers: undefined,
  lackOfLsm: undefined,
  lackOfPins: undefined,
  missingIoUringOperations: undefined,
  hasDirectReads: undefined,
  startMs: 0,
};

/** Never throws: failures are in the result. Blocks the main thread for the duration of a start. */
export function tryCapture(): CaptureTrial {
  const failure = isCheckout() ? lackOfCheckout() : lackOfInstallation();
  if (failure) return { ...NOTHING, failure };
  try {
    return startAndStop();
  } catch (error) {
    return { ...NOTHING, failure: failureOf(error) };
  }
}

function lackOfCheckout(): TrialFailure | undefined {
  if (nativeBuilt()) return undefined;
  const message = 'the BPF programs and the addon are not built, or out of date';
  return { code: 'DOCTOR_NOT_BUILT', message, detail: '' };
}

/** An agent looks for these files at its start too. */
function lackOfInstallation(): TrialFailure | undefined {
  const absent = [...absentOutputs(), ...(pageBuilt() ? [] : [PAGE_FOLDER])];
  if (absent.length === 0) return undefined;
  const message = `the installation is damaged: it lacks ${absent.join(', ')}`;
  return { code: 'DOCTOR_INCOMPLETE', message, detail: '' };
}

function startAndStop(): CaptureTrial {
  const { capture } = openCapture({ source: 'bpf', triesAll: true });
  const began = performance.now();
  let failure: TrialFailure | undefined;
  try {
    capture.start(EVENT_TYPES.map(({ name }) => name));
  } catch (error) {
    failure = failureOf(error);
  }
  const startMs = performance.now() - began;
  try {
    const lackOfLsm = failure ? undefined : bpfLsmLack();
    return {
      loaded: capture.loadedPrograms(),
      missing: capture.missing(),
      lackOfFexit: failure ? undefined : lackOfFexit(),
      missingEnforcers: failure ? undefined : tryEnforcement(capture, lackOfLsm?.text),
      lackOfLsm,
      lackOfPins: new PinnedEnforcement().lack,
      missingIoUringOperations: loadAddon().missingIoUringOperations(),
      hasDirectReads: loadAddon().hasDirectReads(),
      startMs,
      failure,
    };
  } finally {
    capture.close();
  }
}

/** Clauses that no call can meet. */
const OPENING: ExactClause = { types: ['openat'], process: 'any', names: [noName('path')] };
const RUNNING: ExactClause = { types: ['execve'], process: 'any', names: [noName('executable')] };
const REACHING: ExactClause = { types: ['connect', 'sendto'], process: 'any', peers: [{ ports: [] }] };

function noName(of: ExactName['of']): ExactName {
  return { of, equal: [], beginnings: [], endings: [] };
}

const NO_LIMIT = { count: 0, milliseconds: 1 };

/** Undefined if not even its maps can be made. */
function tryEnforcement(capture: Capture, lackOfLsm: string | undefined): readonly MissingEnforcer[] | undefined {
  const kills: EnforcedRule = { exact: { rule: 0, clauses: [OPENING, RUNNING, REACHING] }, action: 'kill_process' };
  const denies: EnforcedRule = { exact: { rule: 1, clauses: [RUNNING] }, action: 'deny' };
  const made = enforcementTables(lackOfLsm === undefined ? [kills, denies] : [kills], {
    observes: true,
    hosts: false,
    needsPermit: true,
    executables: [],
    runtimes: [],
    lackOfLsm,
    perNode: NO_LIMIT,
    perContainer: NO_LIMIT,
  });
  if (!made.ok) return undefined;
  try {
    capture.prepareEnforcement(0, made.tables.bytes, made.tables.rules);
    return capture.enforce(0);
  } catch {
    return undefined;
  }
}

/** Errors of the addon have a code and a detail; Node's own of loading it have a code, and a stack of modules below the first line. */
export function failureOf(error: unknown): TrialFailure {
  if (!(error instanceof Error)) return { code: 'DOCTOR_FAILED', message: String(error), detail: '' };
  const { code = 'DOCTOR_FAILED', detail = '' } = error as Partial<CaptureError>;
  const [message = ''] = error.message.split('\n');
  return { code, message, detail };
}
