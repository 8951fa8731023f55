// The source of audit events of a run, if it has one. Its code is loaded only then.

import { hostname } from 'node:os';
import type { OtherSource } from '../../agent/sources/other-source.ts';
import type { Configuration } from '../../config/definition.ts';
import type { Log } from '../../diagnostics/log.ts';
import type { AuditStoreSettings } from '../../journal/audit/audit-store.ts';
import type { KubernetesPlace } from '../../metadata/kubernetes/connection.ts';
import type { EventSource } from '../../schema/event-source.ts';

/** What of a run's settings is for it. */
export interface AuditSettings {
  readonly sources: readonly EventSource[];
  readonly configuration: Configuration;
  readonly isoTime: boolean;
  readonly ruleMatching: 'first' | 'all';
}

/**
 * @param kubernetes the API server that is asked about agents and pods, if there is one
 * @param journal where events are kept; undefined: they are not
 */
export async function auditSource(
  { sources, configuration, isoTime, ruleMatching }: AuditSettings,
  kubernetes: KubernetesPlace | false | undefined,
  journal: AuditStoreSettings | undefined,
  log: Log,
): Promise<OtherSource | undefined> {
  if (!sources.includes('k8s_audit')) return undefined;
  const { AuditSource } = await import('./audit-source.ts');
  return new AuditSource({
    settings: configuration.sources.k8s_audit,
    journal,
    kubernetes: kubernetes || undefined,
    hostname: process.env.FALCO_HOSTNAME || hostname(),
    isoTime,
    ruleMatching,
    namesModules: configuration.engine.wasprey.module_field,
    say: (level, message) => log.say(level, message),
  });
}
