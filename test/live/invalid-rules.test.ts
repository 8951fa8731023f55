// An agent that starts with invalid rule files, as after the restart of a node: with engine.wasprey.invalid_rules = leave_out it watches
// by the rest and is not ready, until the files are corrected; without, it ends.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { directoryForTest } from '../support/directory.ts';
import { startWasprey } from '../support/live/run-process.ts';
import { freePort } from '../support/servers/free-port.ts';

const ALERT = 'Wasprey internal: invalid rules left out';

const rule = (name: string, condition: string): string => `
- rule: ${name}
  desc: d
  condition: ${condition}
  output: read %fd.name
  priority: WARNING
`;

test('the valid rules are in use, and everything reports the others, until they are corrected', async (t) => {
  const directory = directoryForTest(t);
  const at = (name: string): string => join(directory, name);
  const marked = at('marked');
  const condition = `evt.type in (open, openat) and fd.name = ${marked}`;
  const read = (): void => void readFileSync(marked);
  writeFileSync(marked, '');
  writeFileSync(at('a.yaml'), rule('Valid', condition));
  writeFileSync(at('b.yaml'), rule('Mistaken', condition.replace('fd.name', 'fd.nam')) + rule('Behind it', condition));
  writeFileSync(at('c.yaml'), '- rule: [\n');
  writeFileSync(at('d.yaml'), Buffer.from([0xff, 0xfe]));
  const port = await freePort();
  const socket = at('control.sock');
  const config = at('config');
  writeFileSync(
    config,
    `rules_files: [${directory}]
json_output: true
rule_matching: all
engine: {wasprey: {invalid_rules: leave_out}}
control: {enabled: true, socket: ${socket}}
webserver: {enabled: true, listen_address: 127.0.0.1, listen_port: ${port}, prometheus_metrics_enabled: true}
metrics: {enabled: true}
`,
  );
  const ask = async (path: string): Promise<{ status: number; body: string }> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: response.status, body: await response.text() };
  };
  await using agent = startWasprey(['run', '-c', config]);
  await agent.watches();

  await agent.alert('Valid', read);
  await agent.alert('Behind it', read);
  const { output } = await agent.until(ALERT, () => agent.alerts(ALERT)[0]);
  assert.match(output, /fd\.nam.*b\.yaml:4:.*c\.yaml:2:/);
  assert.match(output, /d\.yaml is not valid UTF-8/);
  assert.match(agent.stderr(), /--> .*b\.yaml:4:/);
  const ready = await ask('/readyz');
  assert.equal(ready.status, 503);
  assert.match(ready.body, /a part of the rule files is invalid and left out: .*fd\.nam/);
  for (const path of ['/healthz', '/startupz']) assert.equal((await ask(path)).status, 200);
  assert.match((await ask('/metrics')).body, /^wasprey_rules_refused 1$/m);
  await using status = startWasprey(['status', '-s', socket]);
  await status.until('the report', () =>
    /a part of the rule files is invalid and left out: .*fd\.nam/.test(status.stdout()),
  );

  writeFileSync(at('b.yaml'), rule('Mistaken', condition));
  writeFileSync(at('c.yaml'), '');
  writeFileSync(at('d.yaml'), '');
  await agent.alert('Mistaken', read);
  assert.equal((await ask('/readyz')).status, 200);
  assert.match((await ask('/metrics')).body, /^wasprey_rules_refused 0$/m);
});

test('by default it ends with the errors', async (t) => {
  const file = join(directoryForTest(t), 'rules.yaml');
  writeFileSync(file, rule('Valid', 'evt.type = open') + rule('Mistaken', 'fd.nam = x'));
  await using agent = startWasprey(['run', file]);
  assert.notEqual(await agent.ended, 0);
  assert.match(agent.stderr(), /--> .*rules\.yaml:10:/);
});
