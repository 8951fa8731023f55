// The pod `web` of cluster tests, in the namespace `shop`.

import { SHELL_IMAGE } from './cluster.ts';

/** @param more of its container. Default: it sleeps for an hour */
export function webPod(more: object = { command: ['sleep', '3600'] }): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image: SHELL_IMAGE, imagePullPolicy: 'Never', ...more }],
    },
  };
}
