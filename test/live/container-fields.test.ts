// What a container's runtime reports: image, mounts, privilege, start; in output and in conditions. On the host: what Falco has there.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { directoryForTests } from '../support/directory.ts';
import { assertFields } from '../support/live/alert-line.ts';
import { act } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { Container } from '../support/live/live-container.ts';
import { probe } from '../support/live/probe.ts';

const directory = directoryForTests();

const CONTAINER = probe(
  ['unlink'],
  [
    ...['container.id', 'container.full_id', 'container.name', 'container.type', 'container.image'],
    ...['container.image.repository', 'container.image.tag', 'container.privileged', 'container.mounts'],
    ...[`container.mount[${directory}]`, `container.mount.dest[${directory}]`, 'container.mount.dest[/nowhere]'],
    ...['container.mount.source[/data]', 'container.mount.mode[0]', 'container.mount.rdwr[0]', 'container.mount[7]'],
    ...['container.start_ts', 'container.duration', 'k8s.ns.name', 'k8s.pod.name'],
  ],
);
const CONDITIONS = `
- rule: in that container
  desc: conditions read what output shows
  condition: >
    evt.type = unlink and evt.arg.path = /nonexistent/condition and container.privileged = true
    and container.image.repository = registry.example/team/server and container.image.tag = 2
    and container.mount.dest[${directory}] = /data and not container.mount.dest[/nowhere] exists
    and container.mounts contains ":/data:" and container.duration > 0 and container.start_ts > 0
    and not k8s.ns.name exists and not k8s.pod.name exists
  output: '%container.id'
  priority: DEBUG
- rule: in another container
  desc: the same but for one letter
  condition: >
    evt.type = unlink and evt.arg.path = /nonexistent/condition
    and (container.image.repository = registry.example/team/servers or container.privileged = false
    or container.mount.dest[${directory}] = /dat)
  output: '%container.id'
  priority: DEBUG
`;

const agent = LiveAgent.forTests([CONTAINER.rule, CONDITIONS], { ruleMatching: 'all' });

const alertIn = (container: string) => agent.eventually(CONTAINER.name, { 'container.id': container });

test('image, mounts, privilege and start of a container', async () => {
  const container = new Container({
    image: 'registry.example/team/server:2',
    privileged: true,
    mounts: [{ source: directory, destination: '/data', options: ['rbind', 'ro'] }],
  });
  try {
    await container.act([['unlink', 's:/nonexistent/output']]);
    const alert = await alertIn(container.shortId);
    const mount = `${directory}:/data:ro:false:`;
    assertFields(alert, {
      'container.full_id': container.id,
      'container.name': container.id,
      'container.type': 'runc',
      'container.image': 'registry.example/team/server:2',
      'container.image.repository': 'registry.example/team/server',
      'container.image.tag': '2',
      'container.privileged': true,
      'container.mounts': mount,
      [`container.mount[${directory}]`]: mount,
      [`container.mount.dest[${directory}]`]: '/data',
      'container.mount.dest[/nowhere]': null,
      'container.mount.source[/data]': directory,
      'container.mount.mode[0]': 'ro',
      'container.mount.rdwr[0]': 'false',
      'container.mount[7]': null,
      'k8s.ns.name': null,
      'k8s.pod.name': null,
    });
    const age = Number(alert.output_fields['container.duration']);
    assert.ok(age > 0 && age < 60e9, `it has run for ${age} ns`);
    const since = BigInt(String(alert.output_fields['evt.rawtime'])) - BigInt(age);
    assert.equal(alert.output_fields['container.start_ts'], since);
    await container.act([['unlink', 's:/nonexistent/condition']]); // its runtime has answered
    await agent.settled();
    assert.equal(agent.alerts('in that container').length, 1);
    assert.equal(agent.alerts('in another container').length, 0);
  } finally {
    container.stop();
  }
});

test('a process of the host has a container that says so', async () => {
  await act([['unlink', 's:/nonexistent/output']]);
  const alert = await alertIn('host');
  assertFields(alert, {
    'container.id': 'host',
    'container.name': 'host',
    'container.image.repository': '',
    'container.privileged': false,
    'container.mounts': null,
    [`container.mount.dest[${directory}]`]: null,
    'k8s.ns.name': null,
    'k8s.pod.name': null,
  });
});
