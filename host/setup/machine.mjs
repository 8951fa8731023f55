// What the capture needs of the machine: kernel, BTF, capabilities. Set-up asks before it installs anything, and the
// agent asks at every start; gathering the facts and judging them are apart, so that the judgement can be tested.

import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { release } from 'node:os';
import { MachineLacks } from './failure.mjs';

/** @import { Problem } from './failure.mjs' */

/** Oldest kernel that the BPF programs are tested on (test/kernels/). */
export const OLDEST_KERNEL = /** @type {const} */ ([6, 1]);

/** Numbers of capabilities, from include/uapi/linux/capability.h. */
const CAPABILITY = { SYS_PTRACE: 19n, SYS_ADMIN: 21n, PERFMON: 38n, BPF: 39n };

/** Inode of the initial user namespace, fixed in the kernel (PROC_USER_INIT_INO). */
const INITIAL_USER_NAMESPACE = 'user:[4026531837]';

/**
 * What a problem is about.
 * @typedef {'system' | 'processor' | 'kernel' | 'btf' | 'capabilities' | 'user-namespace' | 'lockdown'} MachineSubject
 */

/** @typedef {Problem & { about: MachineSubject }} MachineProblem */

/**
 * @typedef {object} MachineFacts
 * @property {string} platform as process.platform
 * @property {string} architecture as process.arch
 * @property {string} kernelRelease as uname -r, e.g. `6.12.41+deb13-amd64`
 * @property {boolean} hasBtf
 * @property {number} uid effective
 * @property {bigint | undefined} capabilities the effective set; undefined without /proc
 * @property {boolean} initialUserNamespace
 * @property {boolean} lockdownConfidential kernel lockdown in confidentiality mode: BPF may not read kernel memory
 */

/** @returns {MachineFacts} of this process on this machine */
export function gatherMachineFacts() {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readOr('', () => readFileSync('/proc/self/status', 'utf8')))?.[1];
  return {
    platform: process.platform,
    architecture: process.arch,
    kernelRelease: release(),
    hasBtf: existsSync('/sys/kernel/btf/vmlinux'),
    uid: process.geteuid?.() ?? -1,
    capabilities: effective === undefined ? undefined : BigInt(`0x${effective}`),
    initialUserNamespace: readOr('', () => readlinkSync('/proc/self/ns/user')) === INITIAL_USER_NAMESPACE,
    lockdownConfidential: readOr('', () => readFileSync('/sys/kernel/security/lockdown', 'utf8')).includes(
      '[confidentiality]',
    ),
  };
}

/**
 * @param {string} fallback
 * @param {() => string} read
 */
function readOr(fallback, read) {
  try {
    return read();
  } catch {
    return fallback;
  }
}

/**
 * @param {MachineFacts} facts
 * @param {'BPF' | 'PERFMON' | 'SYS_ADMIN' | 'SYS_PTRACE'} name
 */
export function hasCapability(facts, name) {
  return (((facts.capabilities ?? 0n) >> CAPABILITY[name]) & 1n) === 1n;
}

/**
 * @param {MachineFacts} facts
 * @returns {MachineProblem[]} all that keeps the capture from working here; none when it can
 */
export function checkMachine(facts) {
  if (facts.platform !== 'linux') {
    return [
      {
        about: 'system',
        what: `this is ${facts.platform}`,
        how: 'Wasprey watches a Linux kernel: run it on Linux, or in a Linux VM',
      },
    ];
  }
  /** @type {MachineProblem[]} */
  const problems = [];
  if (facts.architecture !== 'x64' && facts.architecture !== 'arm64') {
    problems.push({
      about: 'processor',
      what: `the processor is ${facts.architecture}`,
      how: 'x86-64 and arm64 are supported',
    });
  }
  if (isOlder(facts.kernelRelease, OLDEST_KERNEL)) {
    problems.push({
      about: 'kernel',
      what: `the kernel is ${facts.kernelRelease}; ${OLDEST_KERNEL.join('.')} is the oldest that will do`,
      how: 'install a newer kernel (Debian 12 and 13, Ubuntu 22.04 HWE and 24.04, Amazon Linux 2023, RHEL 10 have one)',
    });
  }
  if (!facts.hasBtf) {
    problems.push({
      about: 'btf',
      what: 'the kernel does not describe its types: there is no /sys/kernel/btf/vmlinux',
      how:
        'boot a kernel that is built with CONFIG_DEBUG_INFO_BTF=y (those of Debian, Ubuntu, Fedora and RHEL are);\n' +
        'in a container, /sys must be mounted',
    });
  }
  problems.push(...checkCapabilities(facts));
  if (facts.lockdownConfidential) {
    problems.push({
      about: 'lockdown',
      what: 'the kernel is locked down (confidentiality): BPF programs may not read its memory',
      how: 'boot with lockdown=integrity, or without lockdown',
    });
  }
  return problems;
}

/**
 * @param {MachineFacts} facts
 * @returns {readonly ('BPF' | 'PERFMON')[]} of the capabilities that loading BPF programs needs
 */
function missingCapabilities(facts) {
  if (hasCapability(facts, 'SYS_ADMIN')) return [];
  return /** @type {const} */ (['BPF', 'PERFMON']).filter((name) => !hasCapability(facts, name));
}

/**
 * @param {MachineFacts} facts
 * @returns {MachineProblem[]}
 */
function checkCapabilities(facts) {
  if (facts.capabilities === undefined) {
    return [
      {
        about: 'capabilities',
        what: 'the capabilities of this process are unknown: /proc/self/status can not be read',
        how: 'mount -t proc proc /proc',
      },
    ];
  }
  const missing = missingCapabilities(facts);
  if (missing.length > 0) {
    const names = missing.map((name) => `CAP_${name}`).join(' and ');
    return [
      {
        about: 'capabilities',
        what: facts.uid === 0 ? `this root has no ${names}` : `loading BPF programs needs root, or ${names}`,
        how:
          facts.uid === 0
            ? 'give the container these capabilities (docker: --cap-add BPF --cap-add PERFMON; or CAP_SYS_ADMIN)'
            : 'run it as root',
      },
    ];
  }
  if (!facts.initialUserNamespace) {
    return [
      {
        about: 'user-namespace',
        what: 'this is a user namespace of its own, as in a rootless container: the kernel accepts no BPF programs from it',
        how: 'run it as root of the host, or in a container of a runtime that root started',
      },
    ];
  }
  return [];
}

/**
 * @param {string} release as uname -r
 * @param {readonly [number, number]} oldest
 * @returns {boolean} false when the release can't be read: better to try then
 */
function isOlder(release, [major, minor]) {
  const match = /^(\d+)\.(\d+)/.exec(release);
  if (!match) return false;
  const [ownMajor, ownMinor] = [Number(match[1]), Number(match[2])];
  return ownMajor < major || (ownMajor === major && ownMinor < minor);
}

/**
 * Makes sure that the capture can work here. Takes under a millisecond when all is well.
 * @param {MachineFacts} [facts]
 * @throws {MachineLacks} that names everything missing
 */
export function requireMachine(facts = gatherMachineFacts()) {
  const problems = checkMachine(facts);
  if (problems.length > 0) throw new MachineLacks('this machine lacks what the capture needs', problems);
}
