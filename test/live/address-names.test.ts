// Names that conditions compare addresses with, resolved by the machine: here by a hosts file that only the agent sees, so that
// no name server is asked.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { directoryForTests } from '../support/directory.ts';
import { missingFalco } from '../support/falco-data.ts';
import { type AlertLine, assertFields, parseAlert } from '../support/live/alert-line.ts';
import { act } from '../support/live/live-act.ts';
import { AF_INET, SOCK_STREAM } from '../support/live/live-numbers.ts';
import { type RunProcess, startWasprey } from '../support/live/run-process.ts';
import { stockRules } from '../support/stock-rules.ts';

const PEER = '203.0.113.77';
const MINERS = '203.0.113.78';
const OTHER = '203.0.113.79';
const STOCK_FILE = 'falco-sandbox_rules.yaml';
const WITHOUT_STOCK = missingFalco(STOCK_FILE);
const STOCK = 'Detect outbound connections to common miner pool ports';

const RULES = `
- rule: Connection to the peer
  desc: by its name
  condition: evt.type = connect and fd.sip.name = peer.wasprey.test and proc.name = act
  output: "%fd.sip.name %fd.rip.name %fd.cip.name %fd.lip.name %fd.sip"
  priority: WARNING
- rule: Connection to an unknown peer
  desc: a name that the hosts file does not have
  condition: evt.type = connect and fd.sip.name = unknown.wasprey.test
  output: "%fd.sip.name"
  priority: WARNING
- rule: Connection to another
  desc: than one of those that have names
  condition: evt.type = connect and fd.rip.name != peer.wasprey.test and fd.sport = 9480 and proc.name = act
  output: "%fd.sip.name %fd.sip"
  priority: WARNING
`;

const NSSWITCH = 'passwd: files\ngroup: files\n';

const directory = directoryForTests();
let agent: RunProcess;

const alerts = (rule: string): AlertLine[] =>
  agent
    .stdout()
    .split('\n')
    .slice(0, -1)
    .map(parseAlert)
    .filter((alert) => alert.rule === rule);

/** Starts a command with files of /etc that it alone sees, in a mount namespace of its own. */
function launcherWith(files: Readonly<Record<string, string>>): string[] {
  const etc = mkdtempSync(join(directory, 'etc-'));
  execFileSync('cp', ['-a', '/etc/.', etc]);
  for (const [name, text] of Object.entries(files)) {
    execFileSync('rm', ['-f', join(etc, name)]);
    writeFileSync(join(etc, name), text);
  }
  const script = 'mount --bind "$0" /etc && exec "$@"';
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, etc];
}

before(async () => {
  const hosts = `127.0.0.1 localhost\n${PEER} peer.wasprey.test\n${MINERS} ca.minexmr.com\n`;
  const texts = { 'own.yaml': RULES, ...(!WITHOUT_STOCK && { 'stock.yaml': stockRules(STOCK_FILE) }) };
  const rules = Object.entries(texts).map(([name, text]) => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  });
  const selected = ['--disable', '*', '--enable', 'Connection to *', ...(WITHOUT_STOCK ? [] : ['--enable', STOCK])];
  agent = startWasprey(['run', ...rules, '--json', '--rule-matching', 'all', ...selected], {
    launcher: launcherWith({ hosts, 'nsswitch.conf': `${NSSWITCH}hosts: files\n` }),
  });
  // It says so when it has asked for all names.
  await agent.says(/names that rules compare addresses with can't be resolved/);
});

after(async () => {
  agent.kill('SIGINT');
  await agent.ended;
});

/** A process connects to an address; waits for an alert that reports it. */
async function connectTo(address: string, port: number, rule: string): Promise<AlertLine> {
  const peer = `in:${address}:${port}`;
  const calls = await act([
    ['@network', address],
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['bind', 'r0', peer, 'len'],
    ['listen', 'r0', 1],
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['connect', 'r3', peer, 'len'],
  ]);
  assert.equal(calls.at(-1)?.result, 0);
  return agent.until(`an alert of "${rule}"`, () => alerts(rule).find(({ output }) => output.includes(address)));
}

test('a connection to an address that the name has', async () => {
  const alert = await connectTo(PEER, 9480, 'Connection to the peer');
  assertFields(alert, {
    'fd.sip.name': 'peer.wasprey.test',
    'fd.rip.name': 'peer.wasprey.test',
    'fd.cip.name': 'peer.wasprey.test',
    'fd.lip.name': 'peer.wasprey.test',
    'fd.sip': PEER,
  });
});

test('near miss: another address', async () => {
  const before = alerts('Connection to the peer').length;
  const alert = await connectTo(OTHER, 9480, 'Connection to another');
  assertFields(alert, { 'fd.sip.name': null, 'fd.sip': OTHER });
  assert.equal(alerts('Connection to the peer').length, before);
  assert.equal(alerts('Connection to another').length, 1);
});

test('the stock rule on pools of miners', { skip: WITHOUT_STOCK }, async () => {
  const alert = await connectTo(MINERS, 80, STOCK);
  assertFields(alert, { 'fd.rip': MINERS, 'evt.type': 'connect' });
  assert.equal(alerts(STOCK).length, 1, 'of the connections before it, none');
});

test('a name server that does not answer keeps no agent from its end', async () => {
  const server = createSocket('udp4').bind(53, '127.90.5.3');
  try {
    await once(server, 'listening');
    const asked = once(server, 'message');
    const rules = join(directory, 'asking.yaml');
    writeFileSync(rules, RULES);
    // A look-up takes longer than the test waits.
    const resolver = 'nameserver 127.90.5.3\noptions timeout:30 attempts:4\n';
    const files = { 'resolv.conf': resolver, 'nsswitch.conf': `${NSSWITCH}hosts: dns\n` };
    await using asking = startWasprey(['run', rules], { launcher: launcherWith(files) });
    await asking.watches();
    await asked;
    asking.kill('SIGINT');
    assert.equal(await Promise.race([asking.ended, sleep(20_000, 'it goes on', { ref: false })]), 0);
  } finally {
    server.close();
  }
});
