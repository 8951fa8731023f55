// The rules on servers that open a port long after they have started, with a shorter time for "long"; and what the actions of
// `wasprey generate` leave out of the other rules on servers.

import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { directoryForTests } from '../support/directory.ts';
import { act, type RunningAct, type Step, startAct, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { AF_INET, AT_FDCWD, O, SOCK_STREAM } from '../support/live/live-numbers.ts';
import { shippedRules } from '../support/live/live-rules.ts';

/** A server that starts on this machine opens its first port in a fraction of it. */
const STARTED_MS = 4000;
const EARLY_PORT = 14_444;
const LATE_PORT = 24_444;

const directory = directoryForTests();
const started = `- macro: server_has_started\n  condition: (proc.duration > ${STARTED_MS}000000)\n`;
const agent = LiveAgent.forTests([...shippedRules(), started]);

const SERVERS = [
  { title: 'MongoDB', program: 'mongod', usual: 27_019 },
  { title: 'MySQL', program: 'mysqld', usual: 33_060 },
  { title: 'Redis', program: 'valkey-server', usual: 26_379 },
  { title: 'Elasticsearch', program: 'java', words: 'org.opensearch.bootstrap.OpenSearch', usual: 9300 },
  { title: 'Kafka', program: 'java', words: 'kafka.Kafka', usual: 9093 },
  { title: 'RabbitMQ', program: 'beam.smp', words: '-s rabbit boot', usual: 15_672 },
] as const;

function listen(port: number, socket: number): Step[] {
  return [
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['bind', `r${socket}`, `in:0.0.0.0:${port}`, 'len'],
    ['listen', `r${socket}`, 1],
  ];
}

describe('a port that is opened late', () => {
  const running = new Map<string, { readonly server: RunningAct; readonly since: number }>();
  before(async () => {
    const starting = new Map<string, RunningAct>();
    for (const { title, program, ...more } of SERVERS) {
      const steps: Step[] = [
        ['@network', '10.1.2.3'],
        ['@link', `${directory}/${program}`],
        ['@mark', 'words' in more ? more.words : ''],
        ...listen(EARLY_PORT, 0),
        ['@wait'],
        ...listen(LATE_PORT, 3),
        ...listen(more.usual, 6),
      ];
      starting.set(title, startAct(steps));
    }
    // Its age is that of its last exec, which comes some time after the start.
    for (const [title, server] of starting) {
      await server.place();
      running.set(title, { server, since: performance.now() });
    }
  });
  for (const { title } of SERVERS) {
    test(`${title}: reported; not as it starts, nor a usual port`, async () => {
      const { server, since } = running.get(title) ?? assert.fail('not started');
      await delay(Math.max(0, since + STARTED_MS - performance.now()));
      server.goOn();
      await server.end();
      const alert = await agent.only(`${title} opened an unusual port`);
      assert.equal(alert.output_fields['fd.sport'], BigInt(LATE_PORT));
    });
  }
});

describe('MySQL wrote a file out of place', () => {
  const rule = 'MySQL wrote a file out of place';
  const place = `/home/wasprey-${process.pid}`;
  before(() => mkdirSync(place));
  after(() => rmSync(place, { recursive: true }));
  const write = (cwd: string, name: string): Promise<unknown> =>
    act([
      ['@link', `${directory}/mysqld`],
      ['chdir', str(cwd)],
      ['openat', AT_FDCWD, str(`${place}/${name}`), O.WRONLY | O.CREAT, 0o644],
    ]);
  test('in a home folder; not when it works there', async () => {
    await write('/', 'stranger');
    await write(place, 'table');
    await agent.only(rule, { 'fd.name': `${place}/stranger` });
    await agent.none(rule, { 'fd.name': `${place}/table` });
  });
});
