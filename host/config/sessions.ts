// The receiver that sends requests to enter pods: what its keys must be.

import { receivesAuditEvents } from './audit-source.ts';
import type { Configuration } from './definition.ts';
import { type ConfigDiagnostic, configDiagnostic, type Origin } from './error.ts';

export function checkSessions(
  { sessions: { receiver }, sources }: Configuration,
  origins: ReadonlyMap<string, Origin>,
): ConfigDiagnostic[] {
  const origin = origins.get('sessions.receiver.url');
  const { url } = receiver;
  if (!origin || url === '') return [];
  const { protocol, pathname, search, hash, username } = URL.canParse(url) ? new URL(url) : NO_URL;
  if (protocol !== 'https:' || pathname !== '/' || search + hash + username !== '') {
    const help = 'write its address alone: https://wasprey-audit-audit.wasprey.svc:9766';
    return [configDiagnostic('CONFIG_VALUE', `sessions.receiver.url can't be '${url}'`, origin, { help })];
  }
  if (!receivesAuditEvents(sources.k8s_audit)) return [];
  const message = 'sessions.receiver and sources.k8s_audit exclude each other: requests would come from both';
  const help = 'an agent that receives audit events itself needs no other receiver';
  return [configDiagnostic('CONFIG_CONFLICT', message, origin, { help })];
}

const NO_URL = { protocol: '', pathname: '', search: '', hash: '', username: '' };
