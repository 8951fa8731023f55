// `wasprey run` with audit events alone, as a process without any capability.

import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { auditEvent, auditRule } from '../../support/audit/audit-rules.ts';
import { startWasprey } from '../../support/live/run-process.ts';
import { freePort } from '../../support/servers/free-port.ts';

const folder = mkdtempSync(join(tmpdir(), 'wasprey-run-audit-'));
after(() => rmSync(folder, { recursive: true }));
const place = (name: string): string => join(folder, name);
/** Root itself has none of them then, so it could load no BPF program. */
const LAUNCHER = process.getuid?.() === 0 ? ['setpriv', '--inh-caps=-all', '--bounding-set=-all'] : [];

test('it watches without a privilege, has changed rules in use, and ends with a summary', async () => {
  const port = await freePort();
  writeFileSync(place('audit.log'), '');
  writeFileSync(place('rules.yaml'), auditRule('ka.verb = create', 'Created'));
  writeFileSync(
    place('wasprey.yaml'),
    `rules_files: [${place('rules.yaml')}]
json_output: true
watch_config_files: false
webserver: {enabled: true, listen_port: ${port}}
sources: {k8s_audit: {file: ${place('audit.log')}}}
`,
  );
  const words = ['run', '-c', place('wasprey.yaml'), '--disable-source', 'syscall'];
  await using agent = startWasprey(words, { launcher: LAUNCHER });
  await agent.watches();
  appendFileSync(place('audit.log'), `${auditEvent('1')}\n`);
  await agent.until('the alert', () => agent.alerts('Created')[0]);
  assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 200);

  writeFileSync(place('rules.yaml'), auditRule('ka.nope = create', 'Deleted'));
  agent.kill('SIGHUP');
  await agent.says(/new rules were refused, the previous ones stay in use: (.*\n)*.*unknown field ka\.nope/);
  writeFileSync(place('rules.yaml'), auditRule('ka.verb = delete', 'Deleted'));
  agent.kill('SIGHUP');
  await agent.says(/the rules were replaced: 1 rule in use/);
  appendFileSync(place('audit.log'), `${auditEvent('2')}\n${auditEvent('3', { verb: 'delete' })}\njunk\n`);
  await agent.until('the alert of the changed rule', () => agent.alerts('Deleted')[0]);
  agent.kill('SIGTERM');
  assert.equal(await agent.ended, 0, agent.stderr());
  assert.equal(agent.alerts().filter(({ source }) => source === 'k8s_audit').length, 2);
  assert.match(agent.stderr(), /^ {2}k8s_audit {3}4 events received: 3 evaluated, 0 received before, 1 dropped$/m);
});
