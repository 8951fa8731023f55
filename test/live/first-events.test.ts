// The first events of containers that live no longer than these: rules and alerts have what the runtime tells, and others do not wait.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actWords, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { Container } from '../support/live/live-container.ts';

const COUNT = 50;
const IMAGE = 'registry.example/team/short:7';
const GONE = '/nonexistent/first-event';
const OUTPUT = '%container.id %container.name %container.image %container.image.repository %proc.name';

function rule(name: string, condition: string): string {
  return `
- rule: ${name}
  desc: ${name}
  condition: evt.type = unlink and evt.arg.path = ${GONE} and ${condition}
  output: '${OUTPUT}'
  priority: DEBUG
`;
}

const JUDGED = 'by its image';
const MISJUDGED = 'of another image';
const ANY = 'in any container';
const RULES = [
  rule(JUDGED, 'container.image.repository = registry.example/team/short and container.image.tag = 7'),
  rule(MISJUDGED, 'container.id != host and not container.image.repository = registry.example/team/short'),
  rule(ANY, 'container.id != host'),
];

const agent = LiveAgent.forTests(RULES, { ruleMatching: 'all' });

/** Waits until so many alerts of containers are there. */
async function alerts(name: string, ids: ReadonlySet<string>, count: number) {
  const deadline = performance.now() + 10_000;
  for (;;) {
    await agent.settled();
    const found = agent.alerts(name).filter(({ output_fields: fields }) => ids.has(String(fields['container.id'])));
    if (found.length >= count || performance.now() > deadline) return found;
  }
}

test('fifty short containers', async () => {
  const containers: Container[] = [];
  try {
    while (containers.length < COUNT) {
      const program = ['/usr/bin/act', ...actWords([['unlink', str(GONE)]])];
      containers.push(new Container({ image: IMAGE, program }));
      // Nothing else is done here while runc is waited for: the agent has its turn now.
      await alerts(ANY, new Set(containers.slice(-1).map(({ shortId }) => shortId)), 1);
    }
    const ids = new Set(containers.map(({ shortId }) => shortId));
    const [judged, any] = [await alerts(JUDGED, ids, COUNT), await alerts(ANY, ids, COUNT)];
    for (const { output_fields: fields, output } of [...judged, ...any]) {
      assert.equal(fields['container.image'], IMAGE, output);
      assert.ok(String(fields['container.name']).startsWith(String(fields['container.id'])), output);
    }
    assert.deepEqual([judged.length, any.length], [COUNT, COUNT]);
    assert.deepEqual(await alerts(MISJUDGED, ids, 0), []);
  } finally {
    for (const container of containers) container.stop();
  }
  await agent.stop();
  const { ended, now } = agent.counters.hold;
  assert.ok(ended.known > 0, JSON.stringify(ended));
  assert.deepEqual([now, ended['too-many-events'], ended['no-memory']], [0, 0, 0]);
});
