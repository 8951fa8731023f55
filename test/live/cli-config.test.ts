// `wasprey run -c falco.yaml`: Falco's own configuration as it is, with what a user of Falco would set in it.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { falcoFile, missingFalco } from '../support/falco-data.ts';
import { openRule, rulesFileForTests } from '../support/live/rules-file.ts';
import { startRunAsNpm } from '../support/live/run-process.ts';
import { freePort } from '../support/servers/free-port.ts';

const { directory, rules } = rulesFileForTests((path) => {
  const rule = (name: string, mark: string, priority: string) =>
    openRule({
      name,
      path: `${path}/${mark}`,
      output: '%proc.name read "%fd.name"',
      priority,
      tags: ['live'],
    });
  return rule('Marked', 'marked', 'WARNING') + rule('Minor', 'minor', 'DEBUG');
});

async function ask(port: number, path: string) {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: response.status, body: await response.text() };
  } catch {
    return undefined;
  }
}

const SLACK = "with Falco's own file alerts go where it says, to Slack as well, and health and metrics are served";
test(SLACK, { skip: missingFalco('falco.yaml') }, async (t) => {
  const received: { text: string }[] = [];
  const slack = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      received.push(JSON.parse(body));
      response.end('ok');
    });
  });
  slack.listen(0, '127.0.0.1');
  t.after(() => slack.close());
  await once(slack, 'listening');
  const url = `http://127.0.0.1:${(slack.address() as AddressInfo).port}/services/XXX`;
  const port = await freePort();
  const program = `jq '{text: .output}' | curl -d @- -X POST ${url}`;
  await using agent = startRunAsNpm(
    ...['-c', falcoFile('falco.yaml'), `-orules_files=${rules}`, '-ojson_output=true', '-opriority=warning'],
    ...['-oprogram_output.enabled=true', `-oprogram_output.program=${program}`],
    // Its syslog, which a container or a test machine does not have, would be an alert of its own.
    '-osyslog_output.enabled=false',
    ...[`-owebserver.listen_port=${port}`, '-ometrics.enabled=true', '-owebserver.prometheus_metrics_enabled=true'],
  );
  await agent.until('it is ready', async () => (await ask(port, '/readyz'))?.status === 200 || undefined);
  assert.deepEqual(await ask(port, '/healthz'), { status: 200, body: '{"status": "ok"}' });
  // What has no effect is reported once.
  assert.equal(agent.stderr().match(/have no effect here/g)?.length, 1);

  for (const name of ['minor', 'marked-1', 'marked-2']) spawnSync('cat', [join(directory, name)]);
  const texts = await agent.until('two alerts at Slack', () => (received.length >= 2 ? received : undefined));
  assert.deepEqual(
    // Falco's file asks for what is suggested, too.
    texts.map(({ text }) => text.replace(/^\S+ | container_id=host container_name=host .* k8s_ns_name=<NA>$/g, '')),
    [`Warning cat read "${directory}/marked-1"`, `Warning cat read "${directory}/marked-2"`],
  );
  assert.deepEqual(
    agent.alerts().map(({ rule }) => rule),
    ['Marked', 'Marked'],
  );
  const metrics = await agent.until('metrics of both alerts', async () => {
    const { body } = (await ask(port, '/metrics')) ?? { body: '' };
    return /wasprey_output_alerts_total\{output="program",result="written"\} 2\n/.test(body) ? body : undefined;
  });
  assert.match(
    metrics,
    /falcosecurity_falco_rules_matches_total\{rule_name="Marked",priority="4",source="syscall",tag_live="true"\} 2\n/,
  );
  assert.match(
    metrics,
    /falcosecurity_falco_sha256_config_files_info\{file_name="[^"]*falco\.yaml",sha256="[0-9a-f]{64}"\} 1\n/,
  );
});

test('a file that log rotation has moved is left on SIGUSR1, and messages are JSON if asked for', async () => {
  const file = join(directory, 'alerts');
  const json = ['-olog_format=json', '-ofile_output.enabled=true', `-ofile_output.filename=${file}`];
  await using agent = startRunAsNpm(rules, ...json, '-ofile_output.keep_alive=true', '--no-stdout');
  // Progress of the compiler is shown as it is everywhere.
  const messages = () =>
    agent
      .stderr()
      .split('\n')
      .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
  await agent.until('it watches', () => messages().find(({ message }) => /^watching by 2 rules/.test(message)));
  const alerts = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []);
  spawnSync('cat', [join(directory, 'marked-1')]);
  await agent.until('the first alert', () => (alerts(file).length === 1 ? true : undefined));
  renameSync(file, `${file}.1`);
  agent.kill('SIGUSR1');
  await agent.until('a new file', () => (existsSync(file) ? true : undefined));
  spawnSync('cat', [join(directory, 'marked-2')]);
  await agent.until('the second alert', () => (alerts(file).length === 1 ? true : undefined));
  assert.match(alerts(`${file}.1`)[0] ?? '', /marked-1/);
  assert.match(alerts(file)[0] ?? '', /marked-2/);
  assert.ok(messages().every(({ level, time }) => typeof level === 'string' && !Number.isNaN(Date.parse(time))));
});

test('what the configuration says wrong is shown in its place, and nothing is started', async () => {
  const config = join(directory, 'wrong.yaml');
  writeFileSync(config, 'json_outputs: true\n');
  await using agent = startRunAsNpm('-c', config);
  await agent.says(/the configuration is invalid/);
  assert.match(agent.stderr(), /CONFIG_UNKNOWN_KEY.*\n {2}--> .*wrong\.yaml:1:1\n/);
  assert.match(agent.stderr(), /did you mean json_output\?/);
});

test('a port that is taken is named, and so is a folder without rule files', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  await using agent = startRunAsNpm(rules, '-owebserver.enabled=true', `-owebserver.listen_port=${port}`);
  await agent.says(new RegExp(`can't listen on 127\\.0\\.0\\.1:${port}`));
  await using other = startRunAsNpm('-orules_files=/nowhere/rules.d');
  await other.says(/none of the configured rule files exists/);
  taken.close();
});
