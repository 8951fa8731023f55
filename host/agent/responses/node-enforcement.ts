// Enforcement in the kernel, on the agent's side: what each set of rules enforces, and how.

import { lackOfBpfLsm } from '../../capture/bpf-lsm.ts';
import {
  lacksNetworkCapability,
  lacksPinned,
  type MissingEnforcer,
  missingByReason,
} from '../../capture/enforcement-means.ts';
import type { UnattendedEnforcement } from '../../capture/enforcement-pins.ts';
import { escapeText } from '../../diagnostics/escape.ts';
import { EngineError } from '../../engine/messages/engine-error.ts';
import type { Enforcing, UnmatchedEnforcement } from '../../engine/messages/protocol.ts';
import type { EnforcementStart } from '../../engine/messages/rule-set-start.ts';
import { enforcedOutcome } from '../../responses/enforced-outcome.ts';
import { PinnedEnforcement, unattendedText } from '../../responses/pinned-enforcement.ts';
import type { ResponseSettings } from '../../responses/settings.ts';
import { ENFORCED_BY_LSM, ENFORCED_SERIALS } from '../../schema/enforced.ts';
import type { AlertDesk } from '../alerts/alert-desk.ts';
import type { RuleModule } from '../modules/rule-module.ts';
import {
  type EnforcedRuleSummary,
  enforcedSummary,
  type KernelResponses,
  kernelResponses,
} from './kernel-responses.ts';

export const ENFORCEMENT_RULE = 'Wasprey internal: enforcement incomplete';
export const UNMATCHED_RULE = 'Wasprey internal: enforced without a match';
export const UNATTENDED_RULE = 'Wasprey internal: enforced without an agent';

export interface EnforcementSummary {
  /** Enforcement continues after the agent has ended. */
  readonly pinned: boolean;
  readonly rules: readonly EnforcedRuleSummary[];
  /** What the kernel lacks for them: the calls that these programs decide are not stopped. */
  readonly missing: readonly MissingEnforcer[];
}

/** What an operator does about a missing capability. */
const NETWORK_ADVICE =
  'Responses on connects and datagrams with where: kernel need CAP_NET_ADMIN: add it to the capabilities of the agent';

export interface NodeEnforcementHost {
  readonly desk: () => Pick<AlertDesk, 'internal'>;
  readonly onTrouble: (message: string) => void;
  readonly onNote: (message: string) => void;
  /** The agent's own pod; empty if it is in none. */
  readonly podUid: string;
  /** Default: that of this machine. */
  readonly pinned?: PinnedEnforcement;
}

export class NodeEnforcement {
  readonly #host: NodeEnforcementHost;
  readonly #pinned: PinnedEnforcement;
  #next: KernelResponses = { rules: [], problems: [] };
  #summary: EnforcementSummary = { pinned: false, rules: [], missing: [] };
  #reported = '';
  #serial = 0;

  constructor(host: NodeEnforcementHost) {
    this.#host = host;
    this.#pinned = host.pinned ?? new PinnedEnforcement();
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
    const serial = (this.#serial + 1) % ENFORCED_SERIALS;
    const place = { serial, podUid: this.#host.podUid, pinned: this.#pinned };
    const next = kernelResponses(modules, settings, lackOfBpfLsm, place);
    const [problem] = next.problems;
    if (problem !== undefined) throw new EngineError({ code: 'ENGINE_ENFORCEMENT', message: problem });
    this.#next = next;
    this.#serial = serial;
    return next.start;
  }

  /** The kernel has acted by rules that did not match: a module's clauses say something else than its rules, or rules have changed meanwhile. */
  unmatched(list: readonly UnmatchedEnforcement[]): void {
    for (const { rule, isReplaced, outcome, event, pid, executable } of list) {
      const result = enforcedOutcome(outcome, { pid, executable });
      const what = result.kind === 'done' ? result.what : '';
      const differs = ENFORCED_BY_LSM.has(outcome)
        ? 'the rule does not match what the call would have done'
        : 'no alert of the rule follows';
      const why = isReplaced
        ? 'its rule has been replaced since'
        : `${differs}: do not trust its module, or remove its response`;
      const message = `${UNMATCHED_RULE}: ${what} on ${event} of process ${pid} (${executable}), for rule '${rule}': ${why}`;
      this.#host.onTrouble(escapeText(message));
      this.#host.desk().internal(UNMATCHED_RULE, 'Critical', message);
    }
  }

  /** The worker enforces what it was given last. */
  took({ missing, unattended }: Enforcing): void {
    const { start } = this.#next;
    const pinned = start?.pins !== undefined && !lacksPinned(missing);
    const rules = this.#next.rules.map((response) => enforcedSummary(response, missing, pinned));
    this.#summary = { pinned, rules, missing };
    if (unattended) this.#report(unattended);
    const lines = rules.flatMap(({ rule, response, action, means }) =>
      means.map((line) => `response ${response}: ${action} in the kernel for rule '${rule}': ${line}`),
    );
    const lacks = missingByReason(missing);
    const text = [...lines, ...lacks].join('\n');
    if (text === this.#reported) return;
    this.#reported = text;
    for (const line of lines) this.#host.onNote(line);
    if (lacks.length === 0) return;
    const message = `not all that responses want is enforced in the kernel: missing are ${lacks.join('; ')}${lacksNetworkCapability(missing) ? `. ${NETWORK_ADVICE}` : ''}`;
    this.#host.onTrouble(message);
    this.#host.desk().internal(ENFORCEMENT_RULE, 'Critical', `${ENFORCEMENT_RULE}: ${message}`);
  }
  #report(unattended: UnattendedEnforcement): void {
    this.#host.onNote('took over the pinned enforcement of a previous agent');
    const text = unattendedText(unattended, Date.now());
    if (text === undefined) return;
    this.#host.onTrouble(text);
    this.#host.desk().internal(UNATTENDED_RULE, 'Warning', `${UNATTENDED_RULE}: ${text}`);
  }
}
