// When snapshots of metrics are taken: at the interval of the configuration, however long, and only where something is to be written.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../../../host/config/load.ts';
import { MetricRecorder } from '../../../host/daemon/metrics/recorder.ts';
import { metricSource } from '../../../host/daemon/metrics/source.ts';
import { startBuiltAgent } from '../../support/records/built-agent.ts';

/** How many snapshots were reported within half a second or, if there is one at all, until the second. */
async function told(...options: readonly string[]): Promise<number> {
  const { configuration } = loadConfig({ options: options.map((each) => `metrics.${each}`), environment: {} });
  await using built = await startBuiltAgent([]);
  const metrics = new MetricRecorder(configuration, metricSource(configuration, []), assert.fail);
  metrics.start(built.agent);
  const count = () => built.lines().filter((line) => line.includes('Wasprey metrics snapshot')).length;
  await sleep(500);
  for (const deadline = performance.now() + 10_000; count() === 1 && performance.now() < deadline; ) await sleep(20);
  await metrics.close(100);
  return count();
}

test('snapshots come again and again, and not before their time', async () => {
  assert.ok((await told('enabled=true', 'output_rule=true', 'interval=100ms')) >= 2);
  // Longer than a timer can wait: Node would warn, and not wait at all.
  const warnings: Error[] = [];
  process.on('warning', (warning) => warnings.push(warning));
  assert.equal(await told('enabled=true', 'output_rule=true', 'interval=1y'), 0);
  assert.deepEqual(warnings, []);
});

test('there are none where metrics are off, or go to no alert', async () => {
  assert.equal(await told('output_rule=true', 'interval=100ms'), 0);
  assert.equal(await told('enabled=true', 'interval=100ms'), 0);
});
