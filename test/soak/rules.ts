// The rules of the soak's own: what loads mark, and a fence that tells how far the agent has come.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUILD } from '../../host/setup/paths.mjs';

const FOLDER = join(BUILD, 'soak');
export const MARK_RULE = 'Soak mark';
export const POD_MARK_RULE = 'Soak mark in a pod';
export const FENCE_RULE = 'Soak fence';

/** Opening a file whose name begins so raises an alert of MARK_RULE, whether it is there or not. */
export const MARK = '/tmp/wasprey-soak-mark';
/** The same for POD_MARK_RULE, which asks for what the API server alone knows. */
export const POD_MARK = '/tmp/wasprey-soak-pod-mark';
/** Files that never are: deleting one raises an alert of FENCE_RULE. */
export const FENCE = '/nonexistent/wasprey-soak-fence-';

const OPENED = 'evt.type in (open, openat, openat2) and fd.name startswith';
const PROCESS = ['proc.name', 'proc.pname', 'proc.cmdline', 'proc.vpid', 'proc.pvpid', 'fd.name'];
const CONTAINER = ['container.id', 'container.name', 'container.image.repository'];
const POD = ['k8s.pod.name', 'k8s.ns.name', 'k8smeta.pod.service_account'];

const RULES = [
  rule(FENCE_RULE, `evt.type = unlink and evt.arg.path startswith ${FENCE}`, ['evt.arg.path']),
  rule(MARK_RULE, `${OPENED} ${MARK}`, [...PROCESS, ...CONTAINER]),
  rule(POD_MARK_RULE, `${OPENED} ${POD_MARK}`, [...PROCESS, ...CONTAINER, ...POD]),
];

/** Their file. It is the same each time, so that the agent finds it compiled. */
export function soakRules(): string {
  mkdirSync(FOLDER, { recursive: true });
  const path = join(FOLDER, 'soak.yaml');
  writeFileSync(path, RULES.join(''));
  return path;
}

function rule(name: string, condition: string, fields: readonly string[]): string {
  const output = fields.map((field) => `${field}=%${field}`).join(' ');
  const item = { rule: name, desc: 'What a load of the soak does.', condition, output, priority: 'WARNING' };
  return `- ${JSON.stringify(item)}\n`; // JSON is YAML
}
