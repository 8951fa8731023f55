// The capabilities that systemd gives the service of the package, drop-ins included. Who runs doctor as root has more.

import { spawnSync } from 'node:child_process';

const PATIENCE_MS = 5_000;

/** Upper case, with CAP_; undefined: there is no systemd here, or no such service. */
export function serviceCapabilities(): ReadonlySet<string> | undefined {
  const words = ['show', '--property=LoadState,CapabilityBoundingSet', 'wasprey.service'];
  const { status, stdout } = spawnSync('systemctl', words, { encoding: 'utf8', timeout: PATIENCE_MS });
  return status === 0 ? readServiceCapabilities(stdout) : undefined;
}

/** @param text what `systemctl show` prints: a property a line */
export function readServiceCapabilities(text: string): ReadonlySet<string> | undefined {
  if (!/^LoadState=loaded$/m.test(text)) return undefined;
  const [, names = ''] = /^CapabilityBoundingSet=(.*)$/m.exec(text) ?? [];
  return new Set(names.toUpperCase().split(/\s+/).filter(Boolean));
}
