// The responder of a run: with the actors of this machine, and its ledger in the folder that the configuration names.

import { readFileSync } from 'node:fs';
import type { Agent } from '../agent/agent.ts';
import { RESPONSE_FAILURE_RULE } from '../agent/responses/node-responses.ts';
import { loadAddon } from '../capture/addon.ts';
import type { Configuration } from '../config/definition.ts';
import type { Log } from '../diagnostics/log.ts';
import type { RuntimePlaces } from '../metadata/directory/runtime-places.ts';
import { OwnDaemonSet } from '../metadata/kubernetes/own-daemon-set.ts';
import { LocalResponder } from '../responses/performing/local-responder.ts';
import { PinnedEnforcement } from '../responses/pinned-enforcement.ts';
import { Pods } from '../responses/pods/pods.ts';
import { RequestedPods } from '../responses/pods/requested-pods.ts';
import type { OwnPlace } from '../responses/rails.ts';
import { kubernetesPlace } from './places/metadata-places.ts';

/** @param agent undefined until it captures */
export function makeResponder(
  configuration: Configuration,
  runtimes: Partial<RuntimePlaces>,
  agent: () => Agent | undefined,
  log: Log,
): LocalResponder {
  const own = ownPlace();
  const kubernetes = kubernetesPlace(configuration) || undefined;
  return new LocalResponder({
    folder: configuration.responses.folder,
    own,
    pinned: new PinnedEnforcement(),
    actors: async (never) => {
      const { actorsOf } = await import('./actors.ts');
      return actorsOf(own, never, (pidfd) => execTime(agent(), pidfd), { runtimes, kubernetes });
    },
    ...(kubernetes && { ownEnd: OwnDaemonSet.of(kubernetes) }),
    onFailure: (message) => {
      log.say('error', message);
      agent()?.raiseInternal(RESPONSE_FAILURE_RULE, 'Critical', `${RESPONSE_FAILURE_RULE}: ${message}`);
    },
    onNote: (message) => log.say('notice', message),
  });
}

/** When the process of a pidfd last ran a program, as the agent's events have it; undefined if that is not known. */
function execTime(agent: Agent | undefined, pidfd: number): bigint | undefined {
  return agent && loadAddon().execTime(agent.capture, pidfd);
}

/** Finds the pods of audit events. */
export function requestedPods(configuration: Configuration): RequestedPods {
  const place = kubernetesPlace(configuration) || undefined;
  return new RequestedPods(place && new Pods(place));
}

/** The agent's own place, as its control groups and its environment say. */
export function ownPlace(): OwnPlace {
  const paths = readFileSync('/proc/self/cgroup', 'utf8')
    .split('\n')
    .map((line) => line.split(':').slice(2).join(':'));
  const container = paths.map((path) => loadAddon().containerOf(path)?.[1]).find((id) => id !== undefined);
  return { pid: process.pid, container: container ?? '', podUid: process.env.POD_UID ?? '' };
}
