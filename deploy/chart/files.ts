// The files of deploy/ that are made from others: the schema of the chart's values, and plain manifests, which are the chart as
// helm renders it. A test holds them against what is made now.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { PROJECT } from '../../host/setup/paths.mjs';
import { VALUES_SCHEMA } from './schema.ts';

export const CHART = join(PROJECT, 'deploy/chart/wasprey');

/** The oldest version that the chart is for: what is made for it works with later ones. */
export const OLDEST_KUBERNETES = '1.20.0';

const NAMESPACE = 'wasprey';

const MANIFESTS_HEAD = `# The chart's manifests with its default values, for \`kubectl apply -f\`: set \`image\` to where yours is.
# Made by \`npm run chart\`; change the chart instead.
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

/** @param helm path of the program */
export function manifestsFile(helm: string): MadeFile {
  const words = ['template', 'wasprey', CHART, '--namespace', NAMESPACE, '--kube-version', OLDEST_KUBERNETES];
  const rendered = execFileSync(helm, words, { encoding: 'utf8' });
  // What is Helm's alone would be untrue.
  const text = rendered
    .replace(/^# Source: .*\n/gm, '')
    .replace(/^ *(helm\.sh\/chart|app\.kubernetes\.io\/managed-by): .*\n/gm, '');
  return { path: 'deploy/manifests/wasprey.yaml', text: MANIFESTS_HEAD + text };
}
