// Rules on audit events, compiled for tests, and their evaluation on texts of JSON.

import { readFileSync } from 'node:fs';
import { loadRuleModule, type RuleModule } from '../../../host/agent/modules/rule-module.ts';
import { AuditEvaluator } from '../../../host/audit/evaluator.ts';
import { AuditEventStream, type RefusalKind } from '../../../host/audit/event-stream.ts';
import { compileModule } from '../../../host/compiler/compile.ts';
import { loadRules } from '../../../host/compiler/rules/load.ts';
import { ruleSourceOf } from '../../../host/compiler/rules/rule.ts';
import { renderDiagnostic } from '../../../host/diagnostics/diagnostic-text.ts';
import type { FieldValue } from '../../../host/fields/value.ts';
import { compileRuleModule } from '../../../host/sandbox/compile-module.ts';
import { EVENT_SOURCES } from '../../../host/schema/event-source.ts';
import { falcoFile } from '../falco-data.ts';
import { TEST_MODULES } from '../module-cache.ts';

/** A field's value as a test compares it. */
export type ShownValue = string | readonly string[] | undefined;

export interface ShownMatch {
  readonly rule: string;
  /** In the order of the fields asked for. */
  readonly values: readonly ShownValue[];
}

export interface Evaluated {
  readonly matches: readonly ShownMatch[];
  readonly refused: readonly (readonly [RefusalKind, string])[];
}

/** Falco's rules for audit events. */
export function stockAuditRules(): string {
  return readFileSync(falcoFile('k8s_audit_rules.yaml'), 'utf8');
}

/** A rule on audit events with that condition. */
export function auditRule(condition: string, name = 'Test'): string {
  const quoted = JSON.stringify(condition);
  return `- {rule: ${name}, desc: d, condition: ${quoted}, output: o, priority: NOTICE, source: k8s_audit}\n`;
}

/** The active rules of a text, and what they are compiled to. */
async function compiled(text: string) {
  const { rules, errors } = loadRules([{ name: 'rules.yaml', text }], { sources: EVENT_SOURCES });
  if (errors.length > 0) throw new Error(errors.map((error) => renderDiagnostic(error)).join('\n'));
  const active = rules.filter(({ enabled, source }) => enabled && source === 'k8s_audit').map(ruleSourceOf);
  return { active, ...(await compileModule(active, { cacheDirectory: TEST_MODULES, inThisProcess: true })) };
}

/** Rules on audit events as an agent uses them. */
export async function auditModule(text: string): Promise<RuleModule> {
  return loadRuleModule('audit rules', (await compiled(text)).wasm, ['k8s_audit']);
}

/** An audit event. @param id its auditID */
export function auditEvent(id: string, members: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    auditID: id,
    stage: 'ResponseComplete',
    verb: 'create',
    user: { username: 'alice' },
    stageTimestamp: '2024-01-02T03:04:05.000001Z',
    ...members,
  });
}

/** A batch as an API server sends it. */
export function auditBatch(...events: readonly string[]): string {
  return `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${events.join(',')}]}`;
}

/**
 * Evaluates rules on events.
 * @param fields to read of each event that a rule matches
 */
export async function auditEvaluation(
  text: string,
  fields: readonly string[] = [],
  ruleMatching: 'first' | 'all' = 'all',
): Promise<(json: string | Uint8Array) => Evaluated> {
  const { active, wasm, manifest } = await compiled(text);
  const evaluator = new AuditEvaluator({
    verified: compileRuleModule(wasm),
    auditValues: manifest.auditValues ?? [],
    fields: active.map(() => fields),
  });
  let matches: ShownMatch[] = [];
  let refused: [RefusalKind, string][] = [];
  const stream = new AuditEventStream({
    evaluator,
    hostname: 'test-host',
    isoTime: false,
    ruleMatching,
    onMatch: (_, { rule, values }) => matches.push({ rule: active[rule]?.name ?? '', values: values.map(shown) }),
    onRefused: (kind, reason) => refused.push([kind, reason]),
  });
  return (json) => {
    matches = [];
    refused = [];
    stream.take(typeof json === 'string' ? Buffer.from(json) : json);
    return { matches, refused };
  };
}

function shown(value: FieldValue | undefined): ShownValue {
  switch (value?.kind) {
    case 'text':
      return Buffer.from(value.bytes).toString();
    case 'list':
      return value.items.map((item) => Buffer.from(item).toString());
    case 'integer':
    case 'boolean':
      return String(value.value);
    case 'time':
      return value.text;
    default:
      return undefined;
  }
}
