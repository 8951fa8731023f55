// Whether the kernel may act on a container, by what is known of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { permitOf } from '../../../host/engine/loop/container-permit.ts';
import { ContainerRecord } from '../../../host/fields/record.ts';
import type { ContainerMetadata } from '../../../host/metadata/container-metadata.ts';
import { encodeContainer } from '../../../host/metadata/encode-container.ts';
import { PERMIT } from '../../../host/schema/tables/enforcement-tables.ts';

const ID = 'c'.repeat(64);
const NOTICE = { address: 0, id: ID.slice(0, 12), fullId: ID, type: 'docker', cgroup: `/docker/${ID}`, pid: 1 };
const NEVER = { namespaces: ['kube-system'], labels: [['wasprey.io/responses', 'off']], podUid: 'own' } as const;
const OFF = new Map([['wasprey.io/responses', 'off']]);
/** More than an entry has room for, before and after the other in the order of their names. */
const MANY = new Map(
  ['a', 'z'].flatMap((name) => Array.from({ length: 500 }, (_, index) => [`${name}${index}`, 'v'.repeat(100)])),
);

const CASES: readonly (readonly [name: string, metadata: ContainerMetadata | undefined, permit: number])[] = [
  ['nothing excludes', { labels: new Map([['team', 'x']]) }, PERMIT.PERMITTED],
  ['its runtime has said nothing about', undefined, PERMIT.UNKNOWN],
  ['was given the label', { labels: OFF }, PERMIT.NEVER],
  ['was given another value of the label', { labels: new Map([['wasprey.io/responses', 'on']]) }, PERMIT.PERMITTED],
  ['has the label from its image', { labels: OFF, imageLabels: OFF }, PERMIT.PERMITTED],
  [
    'has the label among very many from its image',
    { labels: new Map([...MANY, ...OFF]), imageLabels: new Map([...MANY, ...OFF]) },
    PERMIT.PERMITTED,
  ],
  [
    'was given the label, beside very many from its image',
    { labels: new Map([...MANY, ...OFF]), imageLabels: MANY },
    PERMIT.NEVER,
  ],
  ['is in a pod with the label', { pod: { labels: OFF } }, PERMIT.NEVER],
  ['is in a namespace that is excluded', { pod: { namespace: 'kube-system' } }, PERMIT.NEVER],
  ["is in the agent's pod", { pod: { uid: 'own' } }, PERMIT.NEVER],
];
for (const [name, metadata, permit] of CASES) {
  test(`a container that ${name}: ${Object.keys(PERMIT)[permit]}`, () => {
    assert.equal(permitOf(ContainerRecord.of(encodeContainer(NOTICE, metadata)), NEVER), permit);
  });
}

test('without settings nothing is known', () => {
  assert.equal(permitOf(ContainerRecord.of(encodeContainer(NOTICE, {})), undefined), PERMIT.UNKNOWN);
});
