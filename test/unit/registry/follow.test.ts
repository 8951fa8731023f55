// What a followed tag names is used, or reported once: also when it is refused while the registry was away, and when it is mended.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { RegistryError } from '../../../host/registry/error.ts';
import { Follower } from '../../../host/registry/follow.ts';
import { until } from '../../support/until.ts';

const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;

test('what is refused is reported once, and when it is good again', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-follow-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const told: string[] = [];
  let tag: string | undefined = digestOf('a');
  let looks = 0;
  const follower = new Follower({
    name: 'rules:1',
    folder,
    everyMs: 10,
    resolve: () => {
      looks++;
      return tag === undefined
        ? Promise.reject(new RegistryError('REGISTRY_UNREACHABLE', 'no answer'))
        : Promise.resolve(tag);
    },
    fetch: (digest) =>
      digest === digestOf('b')
        ? Promise.reject(new Error('it is bad'))
        : Promise.resolve({ kind: 'module', digest, bytes: new Uint8Array([1]) }),
    onTrouble: (message) => told.push(message),
    onFetched: (digest) => told.push(`fetched ${digest.at(-1)}`),
    onRefused: (message) => told.push(`refused: ${message}`),
    onRestored: () => told.push('restored'),
  });
  await follower.start();
  t.after(() => follower.close());
  for (const next of [undefined, digestOf('b'), undefined, digestOf('b'), digestOf('a')]) {
    tag = next;
    const before = looks;
    await until(() => looks >= before + 4);
  }
  const bad = "rules:1 can't be followed, the previous version stays in use: it is bad";
  assert.deepEqual(told, [
    'fetched a',
    "rules:1 can't be followed, the previous version stays in use: no answer",
    bad,
    `refused: ${bad}`,
    'rules:1 can be followed again',
    'restored',
  ]);
});
