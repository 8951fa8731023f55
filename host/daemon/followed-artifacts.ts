// The artifacts that a run follows: fetched before it starts, then kept up to date on disk, where the rules are watched. What fetches them is loaded
// where there are any.

import type { Agent } from '../agent/agent.ts';
import type { Follower } from '../registry/follow.ts';
import type { RunSettings } from './settings.ts';

/** Errors of fetched artifacts are reported like errors of rules, once the agent has started. */
class Followed implements Disposable {
  readonly #refused = new Map<string, string>();
  #agent: Agent | undefined;
  followers: readonly Follower[] = [];

  reportTo(agent: Agent): void {
    this.#agent = agent;
    for (const [name, message] of this.#refused) agent.rulesFailed(message, name);
  }

  refused(name: string, message: string): void {
    this.#refused.set(name, message);
    this.#agent?.rulesFailed(message, name);
  }

  restored(name: string): void {
    this.#refused.delete(name);
    this.#agent?.rulesRestored(name);
  }

  [Symbol.dispose](): void {
    for (const each of this.followers) each.close();
  }
}

/**
 * Resolves when all followed artifacts have been fetched or existed already, to an object that reports later changes to an agent and ends
 * following. Rejects with CommandFailure or RegistryError.
 */
export async function followArtifacts(
  { configuration, signatures }: RunSettings,
  say: (message: string) => void,
): Promise<Followed> {
  const followed = new Followed();
  if (configuration.follow.length === 0) return followed;
  const { makeFollower } = await import('./make-follower.ts');
  followed.followers = configuration.follow.map((keys) => makeFollower(keys, configuration, signatures, followed, say));
  for (const each of followed.followers) await each.start();
  return followed;
}
