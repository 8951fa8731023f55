// Alerts to Debian's rsyslog, by each of the ways to it: what it understands of them is what was meant.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { loadConfig } from '../../host/config/load.ts';
import { openSyslogLog } from '../../host/daemon/log-syslog.ts';
import { type Alert, DEFAULT_FORMAT } from '../../host/outputs/alert.ts';
import type { Output } from '../../host/outputs/output.ts';
import { syslogOutput } from '../../host/outputs/syslog/output.ts';
import { parsePlace } from '../../host/outputs/syslog/place.ts';
import type { Priority } from '../../host/schema/priority.ts';
import { until } from '../support/until.ts';

const PATIENCE_MS = 30_000;
let folder = '';
let port = 0;
let daemon: ChildProcess | undefined;
const socket = () => join(folder, 'log');
const received = () => join(folder, 'received');

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wasprey-syslog-'));
  // A port that TCP has free most likely is so for UDP.
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  port = (probe.address() as AddressInfo).port;
  probe.close();
  await startDaemon();
});
after(async () => {
  await stopDaemon();
  rmSync(folder, { recursive: true });
});

async function startDaemon(): Promise<void> {
  const config = join(folder, 'rsyslog.conf');
  const template =
    '%syslogfacility-text% %syslogseverity-text% %app-name% %procid% %hostname% %timestamp:::date-rfc3339%%msg%\\n';
  writeFileSync(
    config,
    `global(workDirectory="${folder}" maxMessageSize="64k")
module(load="imuxsock" SysSock.Use="off")
module(load="imudp")
module(load="imtcp")
input(type="imuxsock" Socket="${socket()}")
input(type="imudp" address="127.0.0.1" port="${port}")
input(type="imtcp" address="127.0.0.1" port="${port}")
template(name="all" type="string" string="${template}")
action(type="omfile" file="${received()}" template="all")
`,
  );
  daemon = spawn('rsyslogd', ['-n', '-f', config, '-i', join(folder, 'pid')], { stdio: 'inherit' });
  await until(() => existsSync(socket()), PATIENCE_MS);
}

async function stopDaemon(): Promise<void> {
  if (!daemon || daemon.exitCode !== null) return;
  daemon.kill('SIGTERM');
  await once(daemon, 'exit');
  rmSync(socket(), { force: true });
}

const lines = () => (existsSync(received()) ? readFileSync(received(), 'utf8').split('\n').slice(0, -1) : []);

function alert(message: string, priority: Priority = 'Critical'): Alert {
  const time = 1795528388365763965n;
  return { time, rule: 'R', priority, source: 'syscall', tags: [], hostname: 'node 1', message, fields: [] };
}

const told: string[] = [];

function start(place: string, format: 'rfc5424' | 'rfc3164', json = false): Output {
  const parsed = parsePlace(place);
  assert.ok(parsed);
  told.length = 0;
  const onError = (error: NodeJS.ErrnoException) => told.push(error.message);
  return syslogOutput(parsed, {
    format,
    facility: 'local3',
    ident: 'wasprey',
    json,
    alertFormat: DEFAULT_FORMAT,
    onError,
  });
}

test('by the socket of this machine, as syslog(3) writes', async () => {
  const output = start(socket(), 'rfc3164');
  output.write(alert('one "quoted" \u00e4'));
  output.write(alert('two', 'Informational'));
  await output.close(10_000);
  assert.deepEqual(output.counters, { written: 2, dropped: 0, errors: 0, queued: 0 });
  await until(() => lines().length >= 2, PATIENCE_MS);
  const [one = '', two = ''] = lines();
  assert.match(
    one,
    new RegExp(
      `^local3 crit wasprey ${process.pid} \\S+ \\S+ \\d\\d:\\d\\d:\\d\\d\\.365763965: Critical one \\\\"quoted\\\\" \u00e4$`,
    ),
  );
  assert.match(two, new RegExp(`^local3 info wasprey ${process.pid} .*: Informational two$`));
});

for (const kind of ['udp', 'tcp'] as const) {
  test(`by ${kind.toUpperCase()}, in RFC 5424, as JSON with what would end a line elsewhere`, async () => {
    const before = lines().length;
    const output = start(`${kind}://127.0.0.1:${port}`, 'rfc5424', true);
    const message = `<13>1 - - 10 a\nb ${'x'.repeat(10_000)}`;
    for (let n = 0; n < 5; n++) output.write(alert(`${n} ${message}`, 'Warning'));
    await output.close(10_000);
    await until(() => lines().length >= before + 5, PATIENCE_MS);
    for (const [index, line] of lines().slice(before).entries()) {
      const found = new RegExp(
        `^local3 warning wasprey ${process.pid} node1 2026-11-24T13:53:08\\.365763Z ?(\\{.*\\})$`,
      ).exec(line);
      assert.ok(found, line.slice(0, 200));
      assert.match(JSON.parse(found[1] ?? '').output, new RegExp(`Warning ${index} <13>1 - - 10 a\nb x+$`));
    }
  });
}

for (const kind of ['unix', 'tcp'] as const) {
  test(`what rsyslog misses while it is away it gets when it is back (${kind})`, async () => {
    const before = lines().length;
    const output = start(
      kind === 'unix' ? socket() : `tcp://127.0.0.1:${port}`,
      kind === 'unix' ? 'rfc3164' : 'rfc5424',
    );
    output.write(alert('before'));
    await until(() => lines().length > before, PATIENCE_MS);
    await stopDaemon();
    // What TCP has taken before it knows that the other side is gone is lost: this one finds out.
    output.write(alert('lost perhaps'));
    await until(() => {
      if (told.length > 0) return true;
      output.write(alert('lost perhaps'));
      return false;
    }, PATIENCE_MS);
    for (let n = 0; n < 100; n++) output.write(alert(`away ${n}`));
    assert.equal(told.length, 1);
    await startDaemon();
    const away = () =>
      lines()
        .slice(before)
        .flatMap((line) => /away \d+$/.exec(line)?.[0] ?? []);
    await until(() => away().length >= 100, PATIENCE_MS);
    assert.deepEqual(
      away(),
      [...Array(100).keys()].map((n) => `away ${n}`),
    );
    await output.close(5000);
    assert.equal(output.counters.dropped, 0);
  });
}

test('a daemon that is not there holds up nothing, and what it does not get is counted', async () => {
  const output = start(join(folder, 'none'), 'rfc3164');
  for (let n = 0; n < 10; n++) output.write(alert('x'));
  const began = performance.now();
  await output.close(100);
  assert.ok(performance.now() - began < 5000);
  const { written, dropped, queued } = output.counters;
  assert.deepEqual({ written, dropped, queued }, { written: 0, dropped: 10, queued: 0 });
  assert.match(told.join('\n'), /can't connect to the socket/);
});

test("the agent's own messages have their level as severity, and are one message a line", async () => {
  const { configuration } = loadConfig({ environment: {}, options: [`syslog_output.address=${socket()}`] });
  const failures: string[] = [];
  const log = openSyslogLog(configuration, ({ message }) => failures.push(message));
  const before = lines().length;
  log.write('info', 'watching by 3 rules');
  log.write('error', "new rules can't be used\n  --> a.yaml:1:1\n\n");
  await log.close(5000);
  await until(() => lines().length === before + 3, PATIENCE_MS);
  assert.deepEqual(
    lines()
      .slice(before)
      .map((line) => line.replace(/ \d+ \S+ \S+ /, ' ... ')),
    [
      'user info wasprey ... watching by 3 rules',
      "user err wasprey ... new rules can't be used",
      'user err wasprey ...   --> a.yaml:1:1',
    ],
  );
  assert.deepEqual(failures, []);
});
