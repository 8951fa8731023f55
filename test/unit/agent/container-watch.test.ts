// What is reported of cgroups that pass for a container's.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CONTAINER_RULE, ContainerWatch } from '../../../host/agent/container-watch.ts';

it('reports how often since the last alert, twice a minute and at the end', () => {
  const alerts: string[] = [];
  const watch = new ContainerWatch({
    internal: (rule, priority, message) => {
      assert.deepEqual([rule, priority], [CONTAINER_RULE, 'Critical']);
      alerts.push(message.replace(/^.*?\. (\d+) times .*$/, '$1'));
    },
  });
  const at = (seconds: number, imagesInForgedCgroups: number) =>
    watch.update({ time: seconds * 1000, capture: { imagesInForgedCgroups } });
  at(100, 0);
  at(101, 2);
  at(102, 3);
  at(130, 4);
  assert.deepEqual(alerts, ['2']);
  at(131, 4);
  assert.deepEqual(alerts, ['2', '2']);
  at(132, 5);
  at(90, 6); // the clock was set back
  at(91, 7);
  watch.finish();
  watch.finish();
  assert.deepEqual(alerts, ['2', '2', '2', '1']);
});
