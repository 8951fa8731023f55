// Checks of the machine. Requirements of the capture are checked as at the start of an agent (host/setup/machine.mjs).

import { MEGABYTE } from '../diagnostics/numbers.ts';
import { attachesToTraceEvents } from '../schema/trace-events.ts';
import { checkMachine, hasCapability, type MachineSubject, OLDEST_KERNEL } from '../setup/machine.mjs';
import type { Check } from './check.ts';
import type { CgroupMounts, SystemFacts } from './system-facts.ts';

/** An agent with the shipped rules needs 89 MB after the start and 119 under load (`npm run bench -- memory`), and compiling rules 300 MB more. */
const LEAST_MEMORY = 400 << 20;

/** Above it, kernels of Debian and Ubuntu refuse trace events to CAP_PERFMON (native/src/loading/attachment.cc). */
const PARANOIA_OF_PERFMON = 2;
const LOWER_PARANOIA = 'sysctl -w kernel.perf_event_paranoid=2 (to keep it, /etc/sysctl.d/)';

/** @param starts whether a capture has started here, by this process */
export function checkSystem(facts: SystemFacts, starts = false): Check[] {
  const { machine } = facts;
  const problems = checkMachine(machine);
  const judged = (about: MachineSubject, title: string, finding: string): Check => {
    const problem = problems.find((one) => one.about === about);
    if (!problem) return { id: about, title, state: 'works', finding };
    return { id: about, title, state: 'fails', finding: problem.what, advice: problem.how };
  };
  const system = judged('system', 'operating system', 'Linux');
  if (system.state === 'fails') return [system];
  return [
    judged('kernel', 'kernel', `${machine.kernelRelease}; ${OLDEST_KERNEL.join('.')} or newer is needed`),
    judged('processor', 'processor', machine.architecture),
    judged('btf', 'type information', 'the kernel has type information (BTF)'),
    capabilities(facts, judged('capabilities', 'capabilities', 'all that the capture needs'), starts),
    judged(
      'user-namespace',
      'user namespace',
      machine.initialUserNamespace ? 'the initial one' : 'not the initial one',
    ),
    processNamespace(facts),
    lockdown(facts, judged('lockdown', 'lockdown', '')),
    securityModules(facts),
    jit(facts),
    unprivilegedBpf(facts),
    cgroups(facts.cgroups),
    tracefs(facts),
    memory(facts),
  ];
}

/** See on_trace_events in native/bpf/maps.h. */
function tracefs({ machine, tracefs: isFound }: SystemFacts): Check {
  const base = { id: 'tracefs', title: 'tracefs' };
  const finding = isFound ? 'mounted' : 'not found at /sys/kernel/tracing';
  if (!attachesToTraceEvents(machine.kernelRelease)) {
    return {
      ...base,
      state: 'works',
      finding: `${finding}; not needed, hooks are attached to raw tracepoints`,
    };
  }
  if (isFound) return { ...base, state: 'works', finding: `${finding}: hooks are attached to trace events` };
  return {
    ...base,
    state: 'fails',
    finding: `${finding}: from Linux 7.0 on hooks are attached to trace events, whose ids are in tracefs`,
    advice: 'mount -t tracefs tracefs /sys/kernel/tracing; in a container, mount /sys/kernel/tracing of the host',
  };
}

function capabilities(facts: SystemFacts, judged: Check, starts: boolean): Check {
  const { machine } = facts;
  if (judged.state === 'fails') return judged;
  const traceEvents = rightsOfTraceEvents(facts, starts);
  if (traceEvents?.state === 'fails' || hasCapability(machine, 'SYS_PTRACE')) return { ...judged, ...traceEvents };
  return {
    ...judged,
    state: 'limited',
    finding: 'CAP_SYS_PTRACE is missing: names of users and groups of containers, and proc.stdin.*, are absent',
    advice: 'add CAP_SYS_PTRACE',
  };
}

/** Undefined if trace events are not needed, or open to an agent. A kernel that opens them for CAP_PERFMON is only found by a start without CAP_SYS_ADMIN. */
function rightsOfTraceEvents(
  { machine, perfEventParanoid: paranoia, serviceCapabilities: service }: SystemFacts,
  starts: boolean,
): Pick<Check, 'state' | 'finding' | 'advice'> | undefined {
  if (!attachesToTraceEvents(machine.kernelRelease) || !(Number(paranoia) > PARANOIA_OF_PERFMON)) return undefined;
  const setting = `kernel.perf_event_paranoid is ${paranoia}`;
  if (!hasCapability(machine, 'SYS_ADMIN')) {
    if (starts) return undefined;
    return {
      state: 'fails',
      finding: `CAP_SYS_ADMIN is missing: ${setting}, and trace events, to which hooks are attached, need it then`,
      advice: `${LOWER_PARANOIA}, or give it this capability (docker: --cap-add SYS_ADMIN)`,
    };
  }
  if (service === undefined || service.has('CAP_SYS_ADMIN')) return undefined;
  return {
    state: 'limited',
    finding: `all that the capture needs; but the service of the package lacks CAP_SYS_ADMIN: on kernels of Debian and Ubuntu it does not start until kernel.perf_event_paranoid is 2 (it is ${paranoia})`,
    advice: `${LOWER_PARANOIA}, or CapabilityBoundingSet=CAP_SYS_ADMIN in a drop-in of the service`,
  };
}

function processNamespace({ initialPidNamespace }: SystemFacts): Check {
  const base = { id: 'pid-namespace', title: 'process namespace' };
  if (initialPidNamespace) return { ...base, state: 'works', finding: 'the initial one' };
  return {
    ...base,
    state: 'limited',
    finding:
      'not the initial one: /proc does not show all processes of the machine, so that names of users and proc.stdin.* are absent',
    advice: 'run it on the host, or with --pid=host (Kubernetes: hostPID: true)',
  };
}

function lockdown({ lockdown: mode }: SystemFacts, judged: Check): Check {
  if (judged.state === 'fails') return judged;
  const finding =
    mode === undefined ? 'unknown: can not be read from /sys/kernel/security' : `${mode}; BPF may read kernel memory`;
  return { ...judged, finding };
}

function securityModules({ securityModules: active }: SystemFacts): Check {
  const base = { id: 'lsm', title: 'security modules', state: 'works' } as const;
  if (!active) return { ...base, finding: 'unknown: can not be read from /sys/kernel/security; none is needed' };
  // On arm64 before Linux 6.4 it is in the list, and attaches no program: the trial of the capture finds that.
  const bpf = active.includes('bpf') ? 'bpf is enabled' : 'bpf is not enabled';
  return { ...base, finding: `${active.join(', ')}; ${bpf}, which only responses with where: kernel use` };
}

function jit({ bpfJit }: SystemFacts): Check {
  const base = { id: 'bpf-jit', title: 'BPF compiler' };
  if (bpfJit !== '0') {
    return { ...base, state: 'works', finding: bpfJit === undefined ? 'unknown: its sysctl can not be read' : 'on' };
  }
  return {
    ...base,
    state: 'limited',
    finding: 'off: the kernel interprets BPF programs, which is slow, or refuses them',
    advice: 'sysctl net.core.bpf_jit_enable=1',
  };
}

function unprivilegedBpf({ unprivilegedBpfDisabled: value }: SystemFacts): Check {
  const base = { id: 'unprivileged-bpf', title: 'unprivileged BPF', state: 'works' } as const;
  if (value === undefined) return { ...base, finding: 'unknown: its sysctl can not be read; not needed' };
  if (value !== '0') return { ...base, finding: 'off; not needed' };
  return {
    ...base,
    finding: 'on: every user may load BPF programs; not needed',
    advice: 'to turn it off: sysctl kernel.unprivileged_bpf_disabled=2',
  };
}

function cgroups({ v1, v2 }: CgroupMounts): Check {
  const base = { id: 'cgroups', title: 'cgroups' };
  if (v1 || v2) {
    const version = v1 && v2 ? 'hybrid: versions 1 and 2' : v2 ? 'version 2' : 'version 1';
    return { ...base, state: 'works', finding: `${version}; containers are identified by them` };
  }
  return {
    ...base,
    state: 'limited',
    finding: 'not mounted here: container runtimes need them, and containers are identified by them',
    advice: 'mount them at /sys/fs/cgroup, if containers run on this machine',
  };
}

function memory({ availableMemory }: SystemFacts): Check {
  const base = { id: 'memory', title: 'memory' };
  const available = `${Math.floor(availableMemory / MEGABYTE)} MB are available`;
  if (availableMemory >= LEAST_MEMORY) return { ...base, state: 'works', finding: available };
  return {
    ...base,
    state: 'limited',
    finding: `${available}; an agent needs 120 MB, and 300 MB more while it compiles rules`,
    advice: "raise the container's memory limit, or run modules compiled by `wasprey compile` elsewhere",
  };
}
