// Responses in tests: a capture of this kernel that knows which program each process runs, and a performer with the actors of this machine.

import { readFileSync } from 'node:fs';
import { loadAddon } from '../../../host/capture/addon.ts';
import { openCapture } from '../../../host/capture/open.ts';
import { usualPlaces } from '../../../host/metadata/directory/runtime-places.ts';
import type { Actor, Target } from '../../../host/responses/action.ts';
import { DeletePod } from '../../../host/responses/actors/delete-pod.ts';
import { IsolateContainer } from '../../../host/responses/actors/isolate-container.ts';
import { LabelPod } from '../../../host/responses/actors/label-pod.ts';
import { processAndContainerActors } from '../../../host/responses/actors/process-and-container-actors.ts';
import { StopContainer } from '../../../host/responses/actors/stop-container.ts';
import type { Surroundings } from '../../../host/responses/actors/surroundings.ts';
import { findHierarchies } from '../../../host/responses/cgroups/hierarchies.ts';
import { Isolations } from '../../../host/responses/isolation/isolations.ts';
import { Ledger } from '../../../host/responses/ledger/ledger.ts';
import { Performer } from '../../../host/responses/performing/performer.ts';
import type { ActionKind, Response, ResponseSettings } from '../../../host/responses/settings.ts';
import { podsBy } from '../servers/pod-scene.ts';

export const SETTINGS: ResponseSettings = {
  mode: 'act',
  perContainer: { count: 1000, milliseconds: 60_000 },
  perNode: { count: 1000, milliseconds: 60_000 },
  never: { namespaces: [], labels: new Map(), executables: [] },
  hosts: true,
  pinned: false,
  responses: [],
};

export function responseOf(action: ActionKind, more: Partial<Response> = {}): Response {
  return { name: `test ${action}`, match: {}, action, where: 'host', ...more };
}

/** A capture whose events nobody reads: it follows processes. */
export class FollowedProcesses implements Disposable {
  readonly #capture;
  readonly #handle: number;
  readonly #timer: NodeJS.Timeout;

  constructor() {
    const { capture } = openCapture({ source: 'bpf' });
    this.#capture = capture;
    capture.start(['execve']);
    this.#handle = capture.handle();
    const segments = new Uint32Array(1024);
    this.#timer = setInterval(() => {
      while (capture.poll(segments, 0) > 0) capture.release();
    }, 20);
  }

  readonly execTime = (pidfd: number): bigint | undefined => loadAddon().execTime(this.#handle, pidfd);

  /** The program that a process runs now, as a match has it. */
  target(pid: number, more: Partial<Target> = {}): Target {
    const pidfd = loadAddon().openProcess(pid);
    const execTime = pidfd === undefined ? undefined : this.execTime(pidfd);
    if (pidfd === undefined || execTime === undefined) throw new Error(`process ${pid} is not known`);
    return {
      pid,
      execTime,
      executable: '',
      container: '',
      containerName: '',
      labels: new Map(),
      pod: undefined,
      isIncomplete: false,
      ...more,
    };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#capture.close();
  }
}

export interface PerformerScene {
  readonly performer: Performer;
  readonly failures: string[];
  readonly notes: string[];
}

/** @param folder of the ledger @param more actors beside those of processes and containers */
export async function openPerformer(
  folder: string,
  execTime: (pidfd: number) => bigint | undefined,
  settings: Partial<ResponseSettings> = {},
  own = process.pid,
  more: (surroundings: Surroundings) => readonly (readonly [ActionKind, Actor])[] = () => [],
): Promise<PerformerScene> {
  const failures: string[] = [];
  const notes: string[] = [];
  const place = { pid: own, container: '', podUid: '' };
  const never = (): ResponseSettings['never'] => performer.settings.never;
  const surroundings = { own: place, never, execTime, hierarchies: findHierarchies };
  const performer: Performer = new Performer({
    settings: { ...SETTINGS, ...settings },
    ledger: await Ledger.open(folder),
    actors: new Map([...processAndContainerActors(surroundings, usualPlaces()), ...more(surroundings)]),
    own: place,
    onFailure: (message) => failures.push(message),
    onNote: (message) => notes.push(message),
  });
  await performer.start();
  return { performer, failures, notes };
}

/** The actor of isolate_container, whose files are on that BPF file system. */
export function isolatingBelow(bpf: string) {
  return (surroundings: Surroundings): readonly (readonly [ActionKind, Actor])[] => [
    ['isolate_container', new IsolateContainer(surroundings, undefined, new Isolations(bpf))],
  ];
}

export const SET_LABELS = new Map([
  ['quarantine', 'true'],
  ['app', 'none'],
]);

/** The actors that ask somebody: an API server (`kubeconfig:PATH`) or one runtime alone (`cri:SOCKET`, `docker:SOCKET`). */
export function actorsAsking(whom: string) {
  const [kind = '', path = ''] = whom.split(':');
  return (surroundings: Surroundings): readonly (readonly [ActionKind, Actor])[] => {
    if (kind === 'kubeconfig') {
      const pods = podsBy(path);
      return [
        ['label_pod', new LabelPod(pods)],
        ['delete_pod', new DeletePod(pods)],
      ];
    }
    const dockerSocket = kind === 'docker' ? path : '/nonexistent';
    const places = { criSockets: kind === 'cri' ? [path] : [], dockerSocket, podmanSocket: '/nonexistent' };
    return [['stop_container', new StopContainer(surroundings, { ...usualPlaces(), ...places })]];
  };
}

/** State of a process, as `ps` has it; empty if there is none. */
export function stateOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2, text.lastIndexOf(')') + 3);
  } catch {
    return '';
  }
}
