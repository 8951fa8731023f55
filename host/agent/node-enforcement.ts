// Enforcement in the kernel, on the agent's side: what each set of rules enforces, and by which means.

import type { MissingEnforcer } from '../capture/enforcement-means.ts';
import { EngineError } from '../engine/engine-error.ts';
import type { EnforcementStart } from '../engine/protocol.ts';
import type { ResponseSettings } from '../responses/settings.ts';
import type { AlertDesk } from './alert-desk.ts';
import { type EnforcedRuleSummary, type KernelResponses, kernelResponses } from './kernel-responses.ts';
import type { RuleModule } from './rule-module.ts';

export const ENFORCEMENT_RULE = 'Wasprey internal: enforcement incomplete';

export interface EnforcementSummary {
  readonly rules: readonly EnforcedRuleSummary[];
  /** What the kernel lacks for them: the calls that these programs decide are not stopped. */
  readonly missing: readonly MissingEnforcer[];
}

export interface NodeEnforcementHost {
  readonly desk: () => Pick<AlertDesk, 'internal'>;
  readonly onTrouble: (message: string) => void;
  readonly onNote: (message: string) => void;
}

export class NodeEnforcement {
  readonly #host: NodeEnforcementHost;
  #next: KernelResponses = { rules: [], problems: [] };
  #summary: EnforcementSummary = { rules: [], missing: [] };
  #reported = '';

  constructor(host: NodeEnforcementHost) {
    this.#host = host;
  }

  /** Undefined while nothing is enforced. */
  get summary(): EnforcementSummary | undefined {
    return this.#summary.rules.length > 0 ? this.#summary : undefined;
  }

  /**
   * What the worker enforces with these modules; undefined: nothing.
   * @throws {EngineError} if a response can't be carried out in the kernel
   */
  start(modules: readonly RuleModule[], settings: ResponseSettings | undefined): EnforcementStart | undefined {
    const next = kernelResponses(modules, settings);
    const [problem] = next.problems;
    if (problem !== undefined) throw new EngineError({ code: 'ENGINE_ENFORCEMENT', message: problem });
    this.#next = next;
    return next.start;
  }

  /** The worker enforces what it was given last. */
  took(missing: readonly MissingEnforcer[]): void {
    const { rules } = this.#next;
    this.#summary = { rules, missing };
    const lines = rules.flatMap(({ rule, response, action, means }) =>
      means.map((line) => `response ${response}: ${action} in the kernel for rule '${rule}': ${line}`),
    );
    const lacks = missing.map(({ program, detail }) => `${program} (${detail})`);
    const text = [...lines, ...lacks].join('\n');
    if (text === this.#reported) return;
    this.#reported = text;
    for (const line of lines) this.#host.onNote(line);
    if (lacks.length === 0) return;
    const message = `this kernel can't enforce all that responses want: it lacks ${lacks.join(', ')}`;
    this.#host.onTrouble(message);
    this.#host.desk().internal(ENFORCEMENT_RULE, 'Critical', `${ENFORCEMENT_RULE}: ${message}`);
  }
}
