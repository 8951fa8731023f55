// The texts of `wasprey generate`: the list of actions, a line for each result, and a summary.

import { columns } from '../../diagnostics/layout.ts';
import { type Action, rulesOf } from '../../generate/actions/action.ts';
import type { ActionResult } from '../../generate/session.ts';

/** @param width of lines; infinite to keep each action on one */
export function actionTable(actions: readonly Action[], width: number): string {
  const rows = actions.map((action) => [
    action.name,
    action.where,
    `${action.description} (${rulesOf(action).join('; ')})`,
  ]);
  return `${columns(rows, width)}\n`;
}

export function actionJson(action: Action): string {
  const { name, description, where, needs = {}, rules, ownRules = [] } = action;
  return JSON.stringify({ name, description, where, needs, rules, ownRules });
}

export function resultLine({ name }: Action, result: ActionResult): string {
  switch (result.kind) {
    case 'stopped':
      return `stopped   ${name}`;
    case 'done':
      return `done      ${name}`;
    case 'verified':
      return `verified  ${name}: ${result.rules.join('; ')}`;
    case 'missing': {
      const refused = result.refused.length === 0 ? '' : ` (the kernel refused ${result.refused.join(', ')})`;
      return `missing   ${name}: ${result.rules.join('; ')}${refused}`;
    }
    case 'not evaluated':
      return `not evaluated  ${name}: ${result.rules.join('; ')} (rules were set aside)`;
    case 'skipped':
      return `skipped   ${name}: ${result.why}`;
    case 'failed':
      return `failed    ${name}: ${result.why}`;
  }
}

export function resultJson({ name }: Action, { kind, ...more }: ActionResult): string {
  return JSON.stringify({ action: name, result: kind, ...more });
}

/** Results by number, e.g. `12 verified, 1 missing, 3 skipped`. */
export class Tally {
  readonly #counts = new Map<ActionResult['kind'], number>();

  add({ kind }: ActionResult): void {
    this.#counts.set(kind, this.count(kind) + 1);
  }

  count(kind: ActionResult['kind']): number {
    return this.#counts.get(kind) ?? 0;
  }

  toString(): string {
    const kinds = ['done', 'verified', 'missing', 'not evaluated', 'failed', 'stopped', 'skipped'] as const;
    const parts = kinds.filter((kind) => this.count(kind) > 0).map((kind) => `${this.count(kind)} ${kind}`);
    return parts.join(', ') || 'nothing was done';
  }
}
