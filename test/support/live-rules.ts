// An agent with the rules that Wasprey ships, as `wasprey run` loads them.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LiveAgent } from './live-agent.ts';

const RULES = join(import.meta.dirname, '../../rules');

/** The texts of the files, in the order in which they are loaded. */
export function shippedRules(): string[] {
  return readdirSync(RULES)
    .sort()
    .map((name) => readFileSync(join(RULES, name), 'utf8'));
}

export function startWithShippedRules(): Promise<LiveAgent> {
  return LiveAgent.start(shippedRules());
}
