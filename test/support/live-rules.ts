// An agent with the rules that Wasprey ships, as `wasprey run` loads them.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LiveAgent } from './live-agent.ts';

const RULES = join(import.meta.dirname, '../../rules');

export function startWithShippedRules(): Promise<LiveAgent> {
  const files = readdirSync(RULES).sort();
  return LiveAgent.start(files.map((name) => readFileSync(join(RULES, name), 'utf8')));
}
