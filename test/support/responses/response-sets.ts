// Responses for tests: settings with what a test does not care about filled in, their conditions compiled, and a responder that only notes what it is given.

import { loadRuleModule, type RuleModule } from '../../../host/agent/modules/rule-module.ts';
import type { ResponseSet } from '../../../host/agent/responses/response-set.ts';
import { compileModule } from '../../../host/compiler/compile.ts';
import type { Outcome, Target } from '../../../host/responses/action.ts';
import { guardRules } from '../../../host/responses/guard-rules.ts';
import type { Responder } from '../../../host/responses/responder.ts';
import type { Response, ResponseSettings } from '../../../host/responses/settings.ts';
import type { EventSource } from '../../../host/schema/event-source.ts';
import { TEST_MODULES } from '../module-cache.ts';

export function responseOf(given: Partial<Response> = {}): Response {
  return { name: 'freeze', match: { rules: ['*'] }, action: 'pause_container', where: 'host', ...given };
}

export async function responseSet(
  responses: readonly Response[],
  given: Partial<ResponseSettings> = {},
): Promise<ResponseSet> {
  const settings: ResponseSettings = {
    mode: 'act',
    perContainer: { count: 5, milliseconds: 60_000 },
    perNode: { count: 20, milliseconds: 600_000 },
    never: { namespaces: [], labels: new Map(), executables: [] },
    pinned: false,
    hosts: true,
    responses,
    ...given,
  };
  const [guard, auditGuard] = [await guardsOf(responses, 'syscall'), await guardsOf(responses, 'k8s_audit')];
  return { settings, ...(guard && { guard }), ...(auditGuard && { auditGuard }) };
}

async function guardsOf(responses: readonly Response[], source: EventSource): Promise<RuleModule | undefined> {
  const rules = guardRules(responses, source);
  if (rules.length === 0) return undefined;
  const { wasm } = await compileModule(rules, { cacheDirectory: TEST_MODULES, inThisProcess: true });
  return loadRuleModule('responses (unless)', wasm, [source]);
}

/** A match in a container, whose process has ended since. */
export function targetIn(container: string): Target {
  return {
    ...{ pid: 0, execTime: 1n, executable: '/bin/cat', container, containerName: 'box' },
    ...{ labels: new Map(), pod: undefined, isIncomplete: false },
  };
}

/** Notes each act, and says that it was done. */
export class NotingResponder implements Responder {
  readonly acts: { readonly response: Response; readonly target: Target }[] = [];
  readonly settings: ResponseSettings[] = [];
  readonly #outcome: (response: Response, target: Target) => Promise<Outcome>;

  constructor(outcome?: (response: Response, target: Target) => Promise<Outcome>) {
    this.#outcome =
      outcome ?? (async ({ action }, { pid }) => ({ kind: 'done', what: `${action} of ${pid}`, milliseconds: 2 }));
  }

  use(settings: ResponseSettings): void {
    this.settings.push(settings);
  }

  perform(response: Response, target: Target): Promise<Outcome> {
    this.acts.push({ response, target });
    return this.#outcome(response, target);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
