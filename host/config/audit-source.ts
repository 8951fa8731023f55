// The source of audit events: checks across several keys.

import type { Configuration } from './definition.ts';
import { type ConfigDiagnostic, configDiagnostic, type Origin } from './error.ts';
import { isLoopback, listenAddress } from './listen-address.ts';

type AuditSource = Configuration['sources']['k8s_audit'];

/** Whether events are received at all. */
export function receivesAuditEvents({ listen, file }: AuditSource): boolean {
  return listen !== '' || file !== '';
}

type Refuse = (code: 'CONFIG_VALUE' | 'CONFIG_CONFLICT', key: string, message: string, help: string) => void;

const SERVICE_ACCOUNT = /^[a-z0-9.-]+\/[a-z0-9.-]+$/;

function checkAgents(source: AuditSource, refuse: Refuse): void {
  const { listen, service_accounts, audience } = source.agents;
  if (listen === '') return;
  const key = 'sources.k8s_audit.agents';
  if (!listenAddress(listen)) {
    const help = 'write an address and a port: 0.0.0.0:9766, [::]:9766';
    refuse('CONFIG_VALUE', 'agents.listen', `${key}.listen can't be '${listen}'`, help);
  }
  if (!receivesAuditEvents(source)) {
    const help = 'set sources.k8s_audit.listen or sources.k8s_audit.file as well';
    refuse('CONFIG_CONFLICT', 'agents.listen', `${key}.listen needs audit events`, help);
  }
  if (service_accounts.length === 0) {
    const help = 'name those of the agents: [wasprey/wasprey]';
    refuse(
      'CONFIG_CONFLICT',
      'agents.listen',
      `${key}.listen needs service_accounts: without them every client is rejected`,
      help,
    );
  }
  const wrong = service_accounts.find((name) => !SERVICE_ACCOUNT.test(name));
  if (wrong !== undefined) {
    const help = 'write NAMESPACE/NAME';
    refuse('CONFIG_VALUE', 'agents.service_accounts', `${key}.service_accounts can't have '${wrong}'`, help);
  }
  // Without one the API server would take a token for itself.
  if (audience === '') refuse('CONFIG_VALUE', 'agents.audience', `${key}.audience can't be empty`, 'leave it out');
}

export function checkAuditSource(
  { sources: { k8s_audit: source } }: Configuration,
  origins: ReadonlyMap<string, Origin>,
): ConfigDiagnostic[] {
  const { listen, path, ssl_enabled, client_ca, token_file } = source;
  const found: ConfigDiagnostic[] = [];
  const refuse: Refuse = (code, key, message, help) => {
    const origin = origins.get(`sources.k8s_audit.${key}`);
    if (origin) found.push(configDiagnostic(code, message, origin, { help }));
  };
  if (!/^\/[^?#\s]*$/.test(path)) {
    const help = 'it begins with a /, for instance /k8s-audit';
    refuse('CONFIG_VALUE', 'path', `sources.k8s_audit.path can't be '${path}'`, help);
  }
  checkAgents(source, refuse);
  if (listen === '') return found;
  const at = listenAddress(listen);
  if (!at) {
    const help = 'write an address and a port: 0.0.0.0:9765, 127.0.0.1:9765, [::]:9765';
    refuse('CONFIG_VALUE', 'listen', `sources.k8s_audit.listen can't be '${listen}'`, help);
    return found;
  }
  if (client_ca === '' && token_file === '') {
    const message = 'sources.k8s_audit.listen needs client_ca or token_file: anybody could send events';
    refuse('CONFIG_CONFLICT', 'listen', message, 'set one of them, or both');
  }
  if (ssl_enabled) return found;
  if (client_ca !== '') {
    const message = 'sources.k8s_audit.client_ca needs ssl_enabled';
    refuse('CONFIG_CONFLICT', 'client_ca', message, 'certificates of clients are a part of TLS');
  }
  if (!isLoopback(at.address)) {
    const help = 'leave ssl_enabled out, or listen on 127.0.0.1';
    const message = `without TLS events can't be received at ${at.address}: the token could be read on the way`;
    refuse('CONFIG_CONFLICT', 'ssl_enabled', message, help);
  }
  return found;
}
