// Checks that nothing is done to protected targets, whatever matches. In doubt an action is refused.

import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { type Refusal, RefusalError, type Target } from './action.ts';
import { type ActionKind, type NeverSettings, POD_ACTIONS, type ResponseSettings } from './settings.ts';

/**
 * Programs of container runtimes and the kubelet, by the names of their files. On the host a program by such a name is taken for one; in a
 * container only if it has the privileges that they need, or any program would be safe by its name.
 */
export const RUNTIME_PROGRAMS: ReadonlySet<string> = new Set([
  ...[
    'containerd',
    'containerd-shim',
    'containerd-shim-runc-v1',
    'containerd-shim-runc-v2',
    'containerd-stress',
    'ctr',
  ],
  ...['dockerd', 'docker-proxy', 'docker-init', 'docker-containerd', 'docker-containerd-shim', 'docker-runc'],
  ...['crio', 'conmon', 'conmonrs', 'podman', 'runc', 'crun', 'youki', 'kata-runtime', 'runsc', 'lxcfs', 'lxd'],
  ...['kubelet', 'kubelite', 'hyperkube', 'k3s', 'k3s-agent', 'k3s-server', 'k0s', 'rke2', 'cri-dockerd', 'nerdctl'],
]);

/**
 * How the executables of runtimes begin that have copied themselves to a file in memory, so that a container can't change them (a memfd). As with
 * their names: only with the privileges that they need.
 */
export const RUNTIME_COPIES: readonly string[] = ['memfd:runc_cloned:', 'memfd:crun_cloned:', 'memfd:lxc_cloned:'];

/** The agent's own process, and the container and pod that it runs in. */
export interface OwnPlace {
  readonly pid: number;
  /** Full id; empty on the host. */
  readonly container: string;
  /** Empty if the agent is in no pod. */
  readonly podUid: string;
}

/** A process as /proc has it now. */
export interface ProcessFacts {
  readonly pid: number;
  readonly isKernelThread: boolean;
  /** Empty if unknown. */
  readonly executable: string;
  readonly isInContainer: boolean;
  /** It has CAP_SYS_ADMIN in the machine's user namespace, so it could run containers. */
  readonly isPrivileged: boolean;
}

const CONTAINER_ACTIONS: ReadonlySet<ActionKind> = new Set([
  ...(['stop_container', 'kill_container', 'pause_container', 'isolate_container'] as const),
]);

/** Checks what is known from the match alone. @throws {RefusalError} */
export function checkTarget(
  action: ActionKind,
  target: Target,
  { never, hosts }: Pick<ResponseSettings, 'never' | 'hosts'>,
  own: OwnPlace,
): void {
  const { pid, container, pod, executable, isIncomplete } = target;
  const refuse = (why: Refusal, detail: string): never => {
    throw new RefusalError(why, detail);
  };
  const isOnHost = container === '' && !target.isRequested;
  if (target.isRequested && !POD_ACTIONS.has(action)) refuse('no-target', 'a request has no process and no container');
  if (isOnHost && CONTAINER_ACTIONS.has(action)) refuse('no-target', 'the process is in no container');
  if (container !== '' && container === own.container) refuse('protected', "it is the agent's own container");
  if (own.podUid !== '' && pod?.uid === own.podUid) refuse('protected', "it is the agent's own pod");
  if (pid !== 0 && pid === own.pid) refuse('protected', 'it is the agent');
  if (isOnHost && pid === 1) refuse('protected', 'it is process 1 of the machine');
  if (isOnHost && neverNames(never, executable))
    refuse('protected', `never: ${executable} is excluded by responses.never`);
  if (isOnHost && isRuntimeProgram(executable)) refuse('protected', `${executable} runs containers`);
  if (!isOnHost && isIncomplete && needsMetadata(never)) {
    refuse('incomplete', "the container's metadata are not known, which responses.never is about");
  }
  if (pod && never.namespaces.includes(pod.namespace)) {
    refuse('protected', `the namespace ${pod.namespace} is excluded by responses.never`);
  }
  for (const [name, value] of never.labels) {
    if (target.labels.get(name) === value || pod?.labels.get(name) === value) {
      refuse('protected', `the label ${name}: ${value} is excluded by responses.never`);
    }
  }
  if (isOnHost && !hosts) refuse('host', 'it is a process of the host, and responses.hosts is off');
  if (POD_ACTIONS.has(action) && !pod) refuse('no-target', 'the process is in no pod that is known');
}

/** Key of the protected targets: equal keys protect the same. */
export function railsKey({ never, hosts }: Pick<ResponseSettings, 'never' | 'hosts'>): string {
  const { namespaces, labels, executables } = never;
  const text = JSON.stringify([namespaces.toSorted(), [...labels].sort(), executables.toSorted(), hosts]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Why a process is not to be touched; undefined: nothing is known against it. */
export function processProtection(facts: ProcessFacts, never: NeverSettings, own: OwnPlace): string | undefined {
  const { pid, executable, isInContainer, isPrivileged } = facts;
  if (pid === own.pid) return 'it is the agent';
  if (pid === 1) return 'it is process 1 of the machine';
  if (facts.isKernelThread) return `process ${pid} is a thread of the kernel`;
  if (!isInContainer && neverNames(never, executable))
    return `${executable} (process ${pid}) is excluded by responses.never`;
  if (isRuntimeProgram(executable) && (!isInContainer || isPrivileged)) {
    return `${executable} (process ${pid}) runs containers`;
  }
  return undefined;
}

/** Whether a program is a container runtime's, by the name of its file alone. */
export function isRuntimeProgram(path: string): boolean {
  // As /proc has a file in memory, it begins with a slash.
  const inMemory = path.replace(/^\//, '');
  return RUNTIME_PROGRAMS.has(nameOf(path)) || RUNTIME_COPIES.some((beginning) => inMemory.startsWith(beginning));
}

function neverNames({ executables }: NeverSettings, path: string): boolean {
  return executables.some((name) => (name.includes('/') ? name === withoutDeletion(path) : name === nameOf(path)));
}

function nameOf(path: string): string {
  return basename(withoutDeletion(path));
}

/** A program whose file was replaced goes on: an update of a runtime, for example. */
function withoutDeletion(path: string): string {
  return path.replace(/ \(deleted\)$/, '');
}

function needsMetadata({ namespaces, labels }: NeverSettings): boolean {
  return namespaces.length > 0 || labels.size > 0;
}
