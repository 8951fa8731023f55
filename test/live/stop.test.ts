// SIGTERM: what was captured before it is evaluated, and its alerts are delivered or kept on disk, in less time than a pod is given.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { asArray, at } from '../../host/diagnostics/json-value.ts';
import { directoryForTest } from '../support/directory.ts';
import { act, startAct, str } from '../support/live/live-act.ts';
import { AT_FDCWD, O } from '../support/live/live-numbers.ts';
import { type RunProcess, startRunAsNpm } from '../support/live/run-process.ts';

/** More than may be on their way to the agent's outputs at a time. */
const ATTACKS = 5000;
/** Other events among them, all of which are evaluated. */
const NOISE = 100_000;
/** terminationGracePeriodSeconds of the chart. */
const GRACE_MS = 10_000;

const ATTACK = /attack \S*\/(\d+)$/;

/** An agent as it is run in earnest, with alerts to a file and, by a spool, to a receiver. */
function startAgent(config: string): RunProcess {
  return startRunAsNpm('-c', config, '--no-kernel-filter', '--ring-memory', '128');
}

/** Waits for its end, which must come by itself and in time. */
async function endOf(agent: RunProcess): Promise<void> {
  const asked = performance.now();
  const status = await Promise.race([agent.ended, sleep(GRACE_MS, 'it runs on', { ref: false })]);
  assert.equal(status, 0, `after ${performance.now() - asked} ms; it said:\n${agent.stderr()}`);
}

/** Log records of OpenTelemetry: takes them, or for ever does not answer. */
class Receiver {
  readonly #server: Server;
  readonly taken: string[] = [];
  answers = false;
  asked = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<Receiver> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const receiver = new Receiver(server);
    server.on('request', async (request, response) => {
      receiver.asked++;
      const chunks: Buffer[] = [];
      // A connection that the agent's end has cut.
      request.on('error', () => {});
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (!receiver.answers) return;
        receiver.taken.push(...messagesOf(JSON.parse(Buffer.concat(chunks).toString())));
        response.end('{}');
      });
    });
    return receiver;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close().closeAllConnections();
  }
}

function messagesOf(body: unknown): string[] {
  const scopes = asArray(at(body, 'resourceLogs')).flatMap((each) => asArray(at(each, 'scopeLogs')));
  const records = scopes.flatMap((each) => asArray(at(each, 'logRecords')));
  return records.map((record) => String(at(record, 'body', 'stringValue')));
}

/** Numbers of attacks in messages, sorted. */
function attacksIn(messages: readonly string[]): number[] {
  return messages
    .flatMap((message) => ATTACK.exec(message)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

const expected = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

/** Everything that an agent needs in a folder, and what its file has of it. */
function scene(t: TestContext, port: number) {
  const directory = directoryForTest(t);
  writeFileSync(
    join(directory, 'rules.yaml'),
    `
- rule: Attack
  desc: for a test
  condition: evt.type in (open, openat) and fd.name startswith ${directory}/attack/
  output: attack %fd.name
  priority: WARNING
- rule: Noise
  desc: for a test
  condition: evt.type = openat and fd.name = ${directory}/never
  output: never
  priority: WARNING
`,
  );
  const config = join(directory, 'wasprey.yaml');
  // JSON is YAML.
  writeFileSync(
    config,
    JSON.stringify({
      rules_files: [join(directory, 'rules.yaml')],
      stdout_output: { enabled: false },
      file_output: { enabled: true, filename: join(directory, 'alerts.txt') },
      outputs_queue: { capacity: 2 * ATTACKS },
      otlp_output: { enabled: true, url: `http://127.0.0.1:${port}` },
      spool: { enabled: true, path: join(directory, 'spool') },
      webserver: { enabled: false },
    }),
  );
  return {
    config,
    attack: (number: number): void => {
      assert.throws(() => openSync(`${directory}/attack/${number}`, 'r'), { code: 'ENOENT' });
    },
    written: () => attacksIn(readFileSync(join(directory, 'alerts.txt'), 'utf8').split('\n')),
  };
}

test('what waits in the rings at SIGTERM is evaluated, and what a hanging receiver does not take is delivered by the next agent', async (t) => {
  const receiver = await Receiver.start();
  t.after(() => receiver.close());
  const { config, attack, written } = scene(t, receiver.port);
  await using agent = startAgent(config);
  await agent.watches();
  // It does nothing while all of this happens, so that all of it is in the rings when the signal comes.
  agent.kill('SIGSTOP');
  await act([
    ['@loop', NOISE],
    ['openat', AT_FDCWD, str('/nonexistent/noise'), O.RDONLY],
  ]);
  for (let number = 0; number < ATTACKS; number++) attack(number);
  agent.kill('SIGTERM');
  agent.kill('SIGCONT');
  await endOf(agent);
  assert.match(agent.stderr(), /no event lost\.$/m);
  assert.deepEqual(written(), expected(ATTACKS));
  assert.ok(receiver.asked > 0 && receiver.taken.length === 0, `${receiver.asked} requests`);

  receiver.answers = true;
  await using next = startAgent(config);
  await next.until('all was delivered', () => attacksIn(receiver.taken).length >= ATTACKS);
  next.kill('SIGTERM');
  await endOf(next);
  assert.deepEqual(attacksIn(receiver.taken), expected(ATTACKS));
});

test('under load, each attack whose call has returned before SIGTERM is reported', async (t) => {
  const receiver = await Receiver.start();
  receiver.answers = true;
  t.after(() => receiver.close());
  const { config, attack, written } = scene(t, receiver.port);
  await using agent = startAgent(config);
  await agent.watches();
  const storm = startAct([
    ['@loop', 100_000_000],
    ['openat', AT_FDCWD, str('/nonexistent/noise'), O.RDONLY],
  ]);
  t.after(() => storm.process.kill());
  let attacks = 0;
  for (const end = performance.now() + 1000; performance.now() < end; await sleep(1)) attack(attacks++);
  for (let more = 0; more < 500; more++) attack(attacks++);
  agent.kill('SIGTERM');
  await endOf(agent);
  storm.process.kill();
  // The rings hold a second of such a load. Where the machine is slower than that, as many may be missing as were counted as lost.
  const lost = Number(/([\d,]+) dropped$/m.exec(agent.stderr())?.[1]?.replaceAll(',', '') ?? Number.NaN);
  const told = written();
  assert.ok(attacks - told.length <= lost, `${attacks} attacks, ${told.length} told, ${lost} events lost`);
  assert.deepEqual([...new Set(told)], told, 'told once each');
  assert.deepEqual(attacksIn(receiver.taken), told);
});

test('an agent that can not have its control socket ends, with the reason', async () => {
  const options = ['control.enabled=true', `control.socket=${import.meta.filename}/control.sock`];
  await using agent = startRunAsNpm(...options.flatMap((option) => ['-o', option]));
  assert.equal(await agent.ended, 1, agent.stderr());
  assert.match(agent.stderr(), /can't listen on .*control\.sock: /);
});
