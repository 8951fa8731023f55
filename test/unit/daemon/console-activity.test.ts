// Sessions as the page is sent them.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sessionTree } from '../../../host/daemon/console/activity/session-tree.ts';
import { shownActivity } from '../../../host/daemon/console/activity/shown-activity.ts';
import { PodRequestLog } from '../../../host/journal/pod-request-log.ts';
import { podRequestFacts } from '../../../host/sessions/pod-request-facts.ts';
import { execEvents } from '../../support/audit/exec-events.ts';
import { directoryForTest } from '../../support/directory.ts';
import { CONTAINER_ID, Story } from '../../support/records/story.ts';

test("a request to attach names the session of the container's program, and that the request", async (t) => {
  const folder = directoryForTest(t);
  const began = Date.now() - 60_000;
  const place = { pid_namespace: 0xf0000154, cgroup: `/kubepods/pod1/${CONTAINER_ID}`, vpid: 1 };
  const story = new Story(BigInt(began) * 1_000_000n)
    .snapshot(71, 1, '/usr/bin/containerd-shim-runc-v2')
    .snapshot(90, 71, '/usr/sbin/nginx', place, { container: CONTAINER_ID, containerType: 'containerd' })
    .container('web', { pod_name: 'web-0', pod_namespace: 'shop' })
    .run(104, 90, ['id']);
  writeFileSync(join(folder, 'journal-1.wsp'), story.bytes);
  const log = new PodRequestLog(folder, (error) => assert.fail(String(error)));
  const request = { id: 'a', user: 'carol', words: [], subresource: 'attach', received: began + 500 };
  for (const event of execEvents(request)) log.add(podRequestFacts(event) ?? assert.fail());
  await log.close();

  const question = { kind: 'activity', folder, since: began - 1_000, secretNames: [] } as const;
  const shown = await shownActivity(question);
  assert.ok(shown?.kind === 'activity');
  const own = shown.sessions.find(({ kind }) => kind === 'container') ?? assert.fail();
  assert.match(own.facts, /attached to by carol at /);
  assert.equal(shown.requests.length, 1);
  assert.match(shown.requests[0] ?? '', new RegExp(`attach by Kubernetes user carol .* to session ${own.id}$`));
  const session = await shownActivity({ ...question, session: own.id });
  assert.match(session?.kind === 'session' ? session.row.facts : '', /attached to by carol at /);
});

test("an alert's session is a tree from its entry, with the branch of the process that fired, whatever that pid ran before", async (t) => {
  const folder = directoryForTest(t);
  const began = Date.now() - 60_000;
  const story = new Story(BigInt(began) * 1_000_000n)
    .snapshot(50, 1, '/usr/sbin/sshd -D', { cgroup: '/system.slice/ssh.service' })
    .fork(60, 50)
    .exec(60, '/usr/bin/bash', { uid: 1000, login_uid: 1000, tty: 34816 }, { user: 'alice', login: 'alice' })
    .run(61, 60, ['curl', '-H', 'Authorization: Bearer geheim', 'http://192.0.2.7/x'])
    .exit(61, 1 << 8)
    .run(62, 60, ['make'])
    .run(63, 62, ['sh', '-c', 'cat'])
    .run(64, 62, ['sleep', '1'])
    .exec(63, ['cat', '/etc/shadow']);
  const fired = Number(story.now) / 1e6;
  // Another process with that pid.
  story.exit(63).run(63, 60, ['ls']).exit(63);
  writeFileSync(join(folder, 'journal-1.wsp'), story.bytes);
  const question = {
    kind: 'session-tree',
    folder,
    since: began - 1_000,
    secretNames: ['authorization'],
    pid: 63,
  } as const;
  const tree = (await sessionTree({ ...question, time: fired })) ?? assert.fail();
  assert.equal(tree.session.kind, 'ssh');
  const rows = tree.rows.map(({ depth, command, place = '' }) => `${' '.repeat(depth)}${command} ${place}`.trimEnd());
  assert.deepEqual(rows, [
    '/usr/bin/bash branch',
    " curl -H 'Authorization: Bearer ***' http://192.0.2.7/x",
    ' make branch',
    '  sh -c cat branch',
    '   cat /etc/shadow fired',
    '  sleep 1',
    ' ls',
  ]);
  assert.deepEqual(
    tree.rows.flatMap(({ status }) => status ?? []),
    ['exit 1'],
  );
  const later = await sessionTree({ ...question, time: Date.now() });
  assert.equal(later, undefined, 'it was not there any more');
});
