// What is reported of cgroups that pass for a container's, or keep others from being known.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  CONTAINER_RULE,
  ContainerWatch,
  LOST_CONTAINER_RULE,
  UNPLACED_RULE,
} from '../../../host/agent/watches/container-watch.ts';

it('reports how often since the last alert, twice a minute and at the end', () => {
  const alerts: string[] = [];
  const watch = new ContainerWatch({
    internal: (rule, priority, message) => {
      assert.deepEqual([rule, priority], [CONTAINER_RULE, 'Critical']);
      alerts.push(message.replace(/^.*?\. (\d+) times .*$/, '$1'));
    },
  });
  const at = (seconds: number, imagesInForgedCgroups: number) =>
    watch.update({ time: seconds * 1000, capture: { imagesInForgedCgroups, containersLost: 0, imagesUnplaced: 0 } });
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

it('reports containers that were lost, and processes that nothing is enforced on', () => {
  const alerts: string[] = [];
  const watch = new ContainerWatch({ internal: (rule, _, message) => alerts.push(`${rule} ${/\d+/.exec(message)}`) });
  watch.update({ time: 1, capture: { imagesInForgedCgroups: 0, containersLost: 3, imagesUnplaced: 2 } });
  assert.deepEqual(alerts, [`${LOST_CONTAINER_RULE} 3`, `${UNPLACED_RULE} 2`]);
});
