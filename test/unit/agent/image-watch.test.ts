// What is reported when process images were lost.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IMAGE_RULE, ImageWatch } from '../../../host/agent/watches/image-watch.ts';

const START = Date.UTC(2026, 0, 1);

function watched() {
  const alerts: string[] = [];
  const desk = {
    internal: (rule: string, priority: string, message: string) => {
      assert.deepEqual([rule, priority], [IMAGE_RULE, 'Critical']);
      alerts.push(message);
    },
  };
  const watch = new ImageWatch(desk, START);
  /** Totals, so many seconds after the start. */
  const at = (seconds: number, imagesLost: number, unknownImages: number): void => {
    const time = START + seconds * 1000;
    watch.update({ time, until: time, capture: { imagesLost, unknownImages } });
  };
  return { watch, alerts, at };
}

const reported = (text: string) => `${IMAGE_RULE}. ${text}.`;
const second = (number: number) => `2026-01-01T00:00:${String(number).padStart(2, '0')}.000000000Z`;

describe('lost process images', () => {
  it('are reported at once, with their number, the events without, and the time', () => {
    const { alerts, at, watch } = watched();
    at(1, 0, 0);
    at(2, 3, 2);
    assert.deepEqual(alerts, [
      reported(`3 records of processes lost, 2 events evaluated without a process, from ${second(1)} to ${second(2)}`),
    ]);
    const last = { from: START + 1000, to: START + 2000, images: 3, events: 2 };
    assert.deepEqual(watch.summary, { lost: 3, eventsWithout: 2, last });
  });

  it('that go on are one loss, reported twice a minute and at the end', () => {
    const { alerts, at, watch } = watched();
    for (let seconds = 1; seconds <= 40; seconds++) at(seconds, seconds, 0);
    assert.equal(alerts.length, 2);
    assert.match(alerts[1] ?? '', /^.*\. 30 records of processes lost, 0 events/);
    watch.finish();
    assert.match(alerts[2] ?? '', /^.*\. 9 records of processes lost, 0 events/);
    assert.deepEqual(watch.summary.last, { from: START, to: START + 40_000, images: 40, events: 0 });
    watch.finish();
    assert.equal(alerts.length, 3);
  });

  it('are none if an event alone has no process', () => {
    const { alerts, at, watch } = watched();
    at(1, 0, 5);
    assert.deepEqual([alerts, watch.summary], [[], { lost: 0, eventsWithout: 5 }]);
    at(2, 1, 5);
    at(40, 1, 7);
    assert.equal(alerts.length, 2, 'an event of a lost process may come much later');
  });

  it('are reported when the clock was set back', () => {
    const { alerts, at } = watched();
    at(100, 1, 0);
    at(50, 2, 0);
    assert.equal(alerts.length, 2);
    assert.ok(alerts[1]?.includes(`from ${second(50)} to `), alerts[1]);
  });
});
