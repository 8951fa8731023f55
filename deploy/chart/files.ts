// The files of deploy/ that are made from others: the schema of the chart's values, the keys that need a new start, and plain manifests,
// which are the chart as helm renders it. A test holds them against what is made now.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { startPaths } from '../../host/config/effect.ts';
import { PROJECT } from '../../host/setup/paths.mjs';
import { VALUES_SCHEMA } from './schema.ts';

export const CHART = join(PROJECT, 'deploy/chart/wasprey');

/** Versions of Kubernetes that plain manifests are for: a file, and the oldest version that can use it. */
const MANIFESTS = [
  { path: 'deploy/manifests/wasprey.yaml', kubernetes: '1.30.0', name: '1.30 or newer' },
  { path: 'deploy/manifests/wasprey-before-1.30.yaml', kubernetes: '1.20.0', name: '1.20 to 1.29' },
] as const;

const NAMESPACE = 'wasprey';

const manifestsHead = (
  kubernetes: string,
): string => `# The chart's manifests with its default values, for \`kubectl apply -f\` on Kubernetes ${kubernetes}: set \`image\`
# to where yours is. Made by \`npm run chart\`; change the chart instead.
---
apiVersion: v1
kind: Namespace
metadata:
  name: ${NAMESPACE}
  labels:
    # Agents are in the host's process namespace and mount /run of it, which is more than clusters may allow by default.
    pod-security.kubernetes.io/enforce: privileged
`;

export interface MadeFile {
  /** Relative to the project. */
  readonly path: string;
  readonly text: string;
}

export function schemaFile(): MadeFile {
  return { path: 'deploy/chart/wasprey/values.schema.json', text: `${JSON.stringify(VALUES_SCHEMA, undefined, 2)}\n` };
}

/** The keys of the configuration whose changes need new pods. */
export function startKeysFile(): MadeFile {
  const head =
    '# Keys of `falco` that apply from the next start: changes of them make new pods. Made by `npm run chart`.\n';
  const keys = startPaths().map((path) => `- ${path}\n`);
  return { path: 'deploy/chart/wasprey/start-keys.yaml', text: head + keys.join('') };
}

/** @param helm path of the program */
export function manifestsFiles(helm: string): MadeFile[] {
  return MANIFESTS.map(({ path, kubernetes, name }) => ({
    path,
    text: manifestsHead(name) + manifests(helm, kubernetes),
  }));
}

function manifests(helm: string, kubernetes: string): string {
  const words = ['template', 'wasprey', CHART, '--namespace', NAMESPACE, '--kube-version', kubernetes];
  const rendered = execFileSync(helm, words, { encoding: 'utf8' });
  // What is Helm's alone would be untrue.
  return rendered
    .replace(/^# Source: .*\n/gm, '')
    .replace(/^ *(helm\.sh\/chart|app\.kubernetes\.io\/managed-by): .*\n/gm, '');
}
