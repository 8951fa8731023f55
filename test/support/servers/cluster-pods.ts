// A pod and its owners as the API server has them.

import type { ApiObject, ApiServer } from './api-server.ts';

export const UID = '0d7b5c2e-6f4c-4b4c-9a54-1f1f6d8f2b11';
export const ID = '3f1a5b0c9d2e'.padEnd(64, '0');

/** A pod as the server has it, with much that nobody needs. */
export function pod(uid = UID, changed: object = {}): ApiObject {
  return {
    metadata: {
      name: 'web-0',
      uid,
      namespace: 'shop',
      labels: { app: 'shop' },
      annotations: { team: 'blue' },
      ownerReferences: [{ kind: 'ReplicaSet', name: 'web-5d', uid: 'rs-uid', controller: true }],
      managedFields: [{ fieldsV1: { f: 'x'.repeat(8000) } }],
      ...changed,
    },
    spec: { nodeName: 'node1', serviceAccountName: 'seller', containers: [{ env: 'x'.repeat(2000) }] },
    status: {
      podIP: '10.244.0.7',
      containerStatuses: [
        {
          containerID: `containerd://${ID}`,
          name: 'web',
          image: 'shop/web:v1',
          imageID: `shop/web@sha256:${'ab'.repeat(32)}`,
        },
      ],
    },
  };
}

export function addOwners(server: ApiServer): void {
  const { objects } = server;
  objects.set('/api/v1/namespaces/shop', { metadata: { name: 'shop', uid: 'ns-uid', labels: { tier: 'front' } } });
  objects.set('/apis/apps/v1/namespaces/shop/replicasets/web-5d', {
    metadata: {
      name: 'web-5d',
      uid: 'rs-uid',
      labels: { hash: '5d' },
      ownerReferences: [{ kind: 'Deployment', name: 'web', uid: 'deployment-uid', controller: true }],
    },
  });
  objects.set('/apis/apps/v1/namespaces/shop/deployments/web', {
    metadata: { name: 'web', uid: 'deployment-uid', labels: { app: 'web' } },
  });
}
