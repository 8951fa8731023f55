// The responses in use, and what rules have to read for them.

import { type BoundResponse, boundTo } from '../../responses/bound-response.ts';
import type { Response, ResponseSettings } from '../../responses/settings.ts';
import { DEFAULT_SOURCE } from '../../schema/event-source.ts';
import type { RuleInfo, RuleModule } from '../modules/rule-module.ts';
import { REQUEST_FIELDS } from './requested-pod.ts';

export interface ResponseSet {
  readonly settings: ResponseSettings;
  /** The module of the guards on system calls: a rule for each `unless`, in the order of guarded(). Absent if there are none. */
  readonly guard?: RuleModule;
  /** The module of the guards on audit events. Absent if there are none. */
  readonly auditGuard?: RuleModule;
}

/** What an alert on a system call must have for a target to be made of it. */
export const TARGET_FIELDS = {
  executable: 'proc.exepath',
  container: 'container.full_id',
  shortId: 'container.id',
  containerName: 'container.name',
  namespace: 'k8s.ns.name',
  pod: 'k8s.pod.name',
  podUid: 'k8s.pod.uid',
} as const;

export function containerLabel(key: string): string {
  return `container.label[${key}]`;
}

export function podLabel(key: string): string {
  return `k8s.pod.label[${key}]`;
}

/** The label as the API server has it now: an alert that reads it waits for that answer. */
export function currentPodLabel(key: string): string {
  return `k8smeta.pod.label[${key}]`;
}

/** The module whose rules have the responses that are for them, and read what these need. */
export function withResponses(module: RuleModule, { settings, guard }: ResponseSet): RuleModule {
  const { responses, never } = settings;
  if (module.source !== DEFAULT_SOURCE) return requestResponses(module, responses);
  if (responses.length === 0) return module;
  const hidden = callFields(never);
  return { ...module, rules: module.rules.map((rule) => bound(rule, boundTo(rule, responses), hidden, guard)) };
}

/** A module on audit events whose rules have the responses that are for them, and read what these need. */
export function requestResponses(module: RuleModule, responses: readonly Response[]): RuleModule {
  const hidden = Object.values(REQUEST_FIELDS);
  return { ...module, rules: module.rules.map((rule) => bound(rule, boundTo(rule, responses), hidden, undefined)) };
}

function callFields({ labels }: ResponseSettings['never']): readonly string[] {
  const named = [...labels.keys()].flatMap((key) => [containerLabel(key), podLabel(key), currentPodLabel(key)]);
  return [...Object.values(TARGET_FIELDS), ...named];
}

function bound(
  rule: RuleInfo,
  responses: readonly BoundResponse[],
  hidden: readonly string[],
  guard: RuleModule | undefined,
): RuleInfo {
  if (responses.length === 0) return rule;
  const { fields = [], formatted = [], hidden: others = [] } = rule.extra ?? {};
  const guards = responses.flatMap((each) => guard?.rules[each.guard ?? -1] ?? []);
  return {
    ...rule,
    extra: { fields, formatted, hidden: [...others, ...hidden] },
    // Its events are held for what the conditions of its responses read, too.
    readsContainers: rule.readsContainers || guards.some(({ readsContainers }) => readsContainers),
    readsPods: rule.readsPods || guards.some(({ readsPods }) => readsPods),
    responses,
  };
}
