// How a changed key of the configuration takes effect while the agent runs: with the rules, at once, with new outputs, or at the next start.

import type { Definition, WhileRunning } from '../config-values/value-types.ts';
import { outputSection } from '../outputs/kinds/kind.ts';
import { OUTPUT_NAMES, OUTPUTS } from '../outputs/kinds/outputs.ts';
import { DEFINITION } from './definition.ts';

/**
 * `rules`: with the rules, which are replaced. `now`: at once. `start`: at the next start. Names: with new outputs of these names.
 */
export type Effect = 'rules' | 'now' | 'start' | readonly string[];

/** @param path of a key, or of a section: `webserver.listen_port` */
export function effectOf(path: string): Effect {
  const steps = path.split('.');
  const output = OUTPUTS.find((kind) => outputSection(kind) === steps[0]);
  if (output) return [output.name];
  const applies = whileRunning(DEFINITION, steps);
  return applies === 'outputs' ? OUTPUT_NAMES : (applies ?? 'start');
}

/** Paths of the keys that apply from the next start. */
export function startPaths(): string[] {
  return leafPaths(DEFINITION, '').filter((path) => effectOf(path) === 'start');
}

/** Paths of the keys that have an effect. */
function leafPaths(definition: Definition, path: string): string[] {
  if (definition.kind === 'unused') return [];
  if (definition.kind !== 'section') return [path];
  return Object.entries(definition.keys).flatMap(([key, inner]) =>
    leafPaths(inner, path === '' ? key : `${path}.${key}`),
  );
}

/** `whileRunning` of the key, or else of the section that holds it. */
function whileRunning(definition: Definition, [key, ...rest]: readonly string[]): WhileRunning | undefined {
  const inner = key !== undefined && definition.kind === 'section' ? definition.keys[key] : undefined;
  return (inner && whileRunning(inner, rest)) ?? definition.whileRunning;
}
