// Whether capture works on this kernel, and which hooks are missing.

import { lacksNetworkCapability, missingByReason } from '../capture/enforcement-means.ts';
import { type HooksSetting, UNSEEN_BY_FEXIT } from '../capture/hooks.ts';
import { describeMissingOperations, PROBES_MEMORY } from '../capture/missing-features.ts';
import { describeMissingHook, type MissingHook } from '../capture/missing-hooks.ts';
import type { BpfLsmCause } from '../capture/native-addon.ts';
import type { CaptureTrial, TrialFailure } from './capture-trial.ts';
import type { Check } from './check.ts';

const INSTALL_AGAIN = 'install Wasprey again';

/** Advice by the code of a failure. Messages of other codes contain it. */
const ADVICE: Readonly<Record<string, string>> = {
  DOCTOR_NOT_BUILT: 'npm run setup, as root',
  DOCTOR_INCOMPLETE: INSTALL_AGAIN,
  MODULE_NOT_FOUND: `${INSTALL_AGAIN}; in a checkout: make -C native`,
  ERR_DLOPEN_FAILED: 'install Wasprey again, for this processor and distribution',
  CAPTURE_LOAD:
    'run one of the kernels that the README lists, or report this with the output of `wasprey doctor --json`',
};

/** How to get BPF LSM. Linux 6.4 is the first whose trampolines of arm64 can be attached to its hooks. */
const LSM_ADVICE: Readonly<Record<BpfLsmCause, string>> = {
  'not-built': 'to have BPF LSM, run a kernel that was built with CONFIG_BPF_LSM',
  unlisted:
    'to have BPF LSM, start the kernel with lsm=LIST,bpf on its command line, where LIST is what /sys/kernel/security/lsm has (on arm64 Linux 6.4 or newer)',
  refused: 'to have BPF LSM, run another kernel that the README lists (on arm64 Linux 6.4 or newer)',
};

/** `engine.wasprey.missing_hooks`: whether an agent is ready without a hook that is missing. */
export type MissingHooksSetting = 'alert' | 'allow';

/**
 * @param wanted hooks that are configured
 * @param missingHooks what is configured of those that are missing
 * @param machineFails whether a check of the machine has failed
 * @param service capabilities of the service of the package
 */
export function checkCapture(
  trial: CaptureTrial,
  wanted: HooksSetting = 'auto',
  missingHooks: MissingHooksSetting = 'alert',
  machineFails = false,
  service?: ReadonlySet<string>,
): Check[] {
  const { failure, missing } = trial;
  const hooks = missing.map((hook) => checkHook(hook, failure === undefined, missingHooks === 'allow'));
  const works =
    failure === undefined
      ? [kindsOfHooks(trial, wanted), enforcement(trial, service), reads(trial), ioUring(trial)]
      : [];
  return [capture(trial, machineFails), ...hooks, ...works];
}

function capture({ loaded, missing, startMs, failure }: CaptureTrial, machineFails: boolean): Check {
  const base = { id: 'capture', title: 'capture' };
  if (failure) return failed(machineFails ? ofMachine(failure) : failure, loaded.length, machineFails);
  const programs = `${loaded.length} BPF programs are loaded`;
  const blind = missing.filter(({ blinds }) => blinds.length > 0);
  const finding = `starts in ${(startMs / 1000).toFixed(2)} s; ${programs}`;
  if (blind.length === 0) return { ...base, state: 'works', finding: `${finding}, and all hooks attached` };
  return {
    ...base,
    state: 'limited',
    finding: `${finding}; ${blind.length} of the hooks ${blind.length === 1 ? 'is' : 'are'} missing`,
  };
}

/** Checks the kinds of hooks of system calls. */
function kindsOfHooks({ lackOfFexit: lack }: CaptureTrial, wanted: HooksSetting): Check {
  const base = { id: 'hooks', title: 'hooks' };
  if (wanted === 'fexit' && lack !== undefined) {
    const finding = `engine.wasprey.hooks is fexit, which can't be used: ${lack}`;
    return {
      ...base,
      state: 'fails',
      finding,
      advice: 'set engine.wasprey.hooks to auto; with fexit no agent starts here',
    };
  }
  const fexit =
    lack === undefined
      ? `fexit can be used (engine.wasprey.hooks), but does not see ${UNSEEN_BY_FEXIT}`
      : `fexit can't be used: ${lack}`;
  return { ...base, state: 'works', finding: `of system calls: sys_exit works; ${fexit}` };
}

/** Without the addon's guess at the kernel (native/src/loading/bpf_error.cc): a check of the machine has the cause. */
function ofMachine(failure: TrialFailure): TrialFailure {
  return { ...failure, message: failure.message.replace(/\. Linux [\d.]+ or later is needed; .*/s, '') };
}

function failed({ code, message }: TrialFailure, loaded: number, machineFails: boolean): Check {
  const advice = machineFails && code === 'CAPTURE_LOAD' ? 'mend first what fails above' : ADVICE[code];
  const others = loaded === 0 ? '' : `; ${loaded} other BPF programs can be loaded`;
  return {
    id: 'capture',
    title: 'capture',
    state: 'fails',
    finding: `it can't start: ${message} [${code}]${others}`,
    ...(advice !== undefined && { advice }),
  };
}

/**
 * @param starts whether the capture starts nevertheless
 * @param isAllowed whether an agent is ready without it
 */
function checkHook(hook: MissingHook, starts: boolean, isAllowed: boolean): Check {
  const base = { id: `hook:${hook.program}`, title: hook.program, finding: describeMissingHook(hook) };
  if (hook.blinds.length === 0) return { ...base, state: 'works' };
  if (!starts) return { ...base, state: 'fails' };
  const kernel = 'run one of the kernels that the README lists';
  if (isAllowed) {
    const advice = `${kernel}; an agent is ready without it here (engine.wasprey.missing_hooks is allow)`;
    return { ...base, state: 'limited', advice };
  }
  const advice = `${kernel}; with engine.wasprey.missing_hooks=allow an agent is ready without it`;
  return { ...base, state: 'fails', advice };
}

const NETWORK_ADVICE =
  'with responses on connects and datagrams, give the agent CAP_NET_ADMIN (deploy/README.md says where)';

const NETWORK_ADVICE_FOR_SERVICE =
  'with responses on connects and datagrams, give the service of the package CAP_NET_ADMIN, which it lacks (CapabilityBoundingSet=CAP_NET_ADMIN in a drop-in)';

/** What responses with `where: kernel` can rely on. */
function enforcement(
  { missingEnforcers: missing, lackOfLsm, lackOfPins }: CaptureTrial,
  service: ReadonlySet<string> | undefined,
): Check {
  const base = { id: 'enforcement', title: 'enforcement' };
  if (!missing) return { ...base, state: 'limited', finding: 'responses with where: kernel were not tried' };
  if (missing.length === 0) {
    const byLsm = 'opens and execs can be refused by BPF LSM';
    const bySignal = `opens and execs can be stopped by a signal alone: the kernel has no BPF LSM (${lackOfLsm?.text})`;
    const finding = `responses with where: kernel: connects and datagrams can be refused by programs of the root cgroup, ${lackOfLsm === undefined ? byLsm : bySignal}; ${lackOfPins === undefined ? 'refusals of connects and datagrams can be pinned' : `nothing can be pinned: ${lackOfPins}`}`;
    const advice = [
      ...(lackOfLsm ? [LSM_ADVICE[lackOfLsm.cause]] : []),
      ...(service && !service.has('CAP_NET_ADMIN') ? [NETWORK_ADVICE_FOR_SERVICE] : []),
    ];
    return { ...base, state: 'works', finding, ...(advice.length > 0 && { advice: advice.join('; ') }) };
  }
  const finding = `responses with where: kernel lack ${missingByReason(missing).join('; ')}: the calls that these decide are not stopped`;
  return { ...base, state: 'limited', finding, ...(lacksNetworkCapability(missing) && { advice: NETWORK_ADVICE }) };
}

function reads({ hasDirectReads }: CaptureTrial): Check {
  const base = { id: 'reads', title: 'reads of kernel memory' };
  if (hasDirectReads !== false) return { ...base, state: 'works', finding: 'direct, by bpf_rdonly_cast' };
  return { ...base, state: 'limited', finding: PROBES_MEMORY, advice: 'Linux 6.2 or newer reads directly' };
}

function ioUring({ missing, missingIoUringOperations: operations }: CaptureTrial): Check {
  const base = { id: 'io_uring', title: 'io_uring', state: 'works' } as const;
  if (missing.some(({ reason }) => reason === 'no-io-uring')) {
    return { ...base, finding: 'the kernel was built without it: no process can use it' };
  }
  if (!operations) return { ...base, finding: "this process may not use it: the kernel's operations are unknown" };
  if (operations.length === 0)
    return { ...base, finding: 'the kernel has all operations that correspond to captured calls' };
  return { ...base, finding: describeMissingOperations(operations) };
}
