// The namespace `shop` of cluster tests, with its pod `web`.

import { type Cluster, SHELL_IMAGE } from './cluster.ts';

/** Makes the namespace. Resolves when pods can be made in it. */
export function makeShop(cluster: Cluster): Promise<void> {
  return cluster.addNamespace('shop');
}

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
