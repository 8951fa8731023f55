// Where the page is served: checks across several keys.

import type { Configuration } from './definition.ts';
import { type ConfigDiagnostic, configDiagnostic, type Origin } from './error.ts';
import { isLoopback, listenAddress } from './listen-address.ts';

export function checkConsole(
  { console: { enabled, listen }, webserver: { ssl_enabled } }: Configuration,
  origins: ReadonlyMap<string, Origin>,
): ConfigDiagnostic[] {
  const origin = origins.get('console.listen');
  if (!origin) return [];
  const at = listenAddress(listen);
  if (!at) {
    const help = 'write an address and a port: 127.0.0.1:8766, [::1]:8766';
    return [configDiagnostic('CONFIG_VALUE', `console.listen can't be '${listen}'`, origin, { help })];
  }
  if (!enabled || ssl_enabled || isLoopback(at.address)) return [];
  const message = `without TLS the page can't be served at ${at.address}: sessions could be read on the way`;
  const help = 'set webserver.ssl_enabled and ssl_certificate, or listen on 127.0.0.1 and forward that port by ssh';
  return [configDiagnostic('CONFIG_CONFLICT', message, origin, { help })];
}
