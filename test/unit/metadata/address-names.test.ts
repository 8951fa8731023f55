// Names that conditions compare addresses with: resolved while the rules are in use, looked up by the modules.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { encodeNameTable, LARGEST_NAME_TABLE, type NamedAddress } from '../../../host/capture/name-table.ts';
import { compileModule } from '../../../host/compiler/compile.ts';
import { parseAddress } from '../../../host/compiler/conditions/address.ts';
import { loadRules } from '../../../host/compiler/rules/load.ts';
import { type NameLookup, NameResolver } from '../../../host/metadata/name-resolver.ts';
import { NAMED_ADDRESS, NAMES_SLOTS, nameKey } from '../../../host/schema/names.ts';
import { TEST_MODULES } from '../../support/module-cache.ts';
import { event, moduleOf, process as processImage, startBuiltAgent } from '../../support/records/built-agent.ts';
import { inject } from '../../support/records/inject.ts';
import { until } from '../../support/until.ts';

const ADDRESSES: Readonly<Record<string, readonly string[]>> = {
  'one.test': ['192.0.2.1', '2001:db8::1'],
  'two.test': ['192.0.2.2', '192.0.2.22'],
  'local.test': ['10.0.0.1'],
};

const lookup: NameLookup = async (name) => {
  const found = ADDRESSES[name.toLowerCase()];
  if (!found) throw Object.assign(new Error('not found'), { code: 'ENOTFOUND' });
  return found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
};

const RULES = [
  ['equal', 'fd.sip.name = one.test'],
  ['otherwise written', 'fd.rip.name = ONE.test'],
  ['one of', 'fd.sip.name in (none.test, two.test, one.test)'],
  ['another', 'fd.sip.name != one.test'],
  ['none of', 'not fd.sip.name in (one.test, two.test)'],
  ['client', 'fd.cip.name = local.test and fd.lip.name = local.test'],
  ['unknown', 'fd.sip.name = none.test'],
]
  .map(
    ([name, condition]) => `
- rule: ${name}
  desc: d
  condition: evt.type in (connect, socket) and ${condition}
  output: "%fd.sip.name %fd.cip.name"
  priority: NOTICE
`,
  )
  .join('');

function bytes(address: string): Uint8Array {
  return parseAddress(address) ?? assert.fail(address);
}

/** A connection of 10.0.0.1, or of an IPv6 address. */
function connect(server: string): Uint8Array {
  const isV6 = server.includes(':');
  return event('connect', 1, {
    kind: (isV6 ? '6' : '4').charCodeAt(0),
    role: 1,
    l4: 6,
    local_address: bytes(isV6 ? '2001:db8::9' : '10.0.0.1'),
    local_port: 40_000,
    remote_address: bytes(server),
    remote_port: 443,
    result: 0,
  });
}

describe('conditions on names', () => {
  async function alertsOf(...events: readonly Uint8Array[]): Promise<string[]> {
    const troubles: string[] = [];
    const options = { ruleMatching: 'all', lookup, onTrouble: (message: string) => troubles.push(message) } as const;
    await using built = await startBuiltAgent([await moduleOf(RULES)], options);
    // The worker gets the names before the events.
    await until(() => troubles.length > 0);
    assert.deepEqual(built.agent.summary().names, { names: 4, resolved: 3, failures: 1, overflows: 0 });
    assert.match(troubles.join(), /^1 of 4 names .* \(none\.test: ENOTFOUND\)/);
    inject(built.agent, [processImage(1, {})], events);
    await built.agent.stop();
    return built.jsonLines().map((line) => {
      const { rule, output } = JSON.parse(line) as { rule: string; output: string };
      return `${rule}: ${output.replace(/^.*Notice /, '')}`;
    });
  }

  test('are true of an address that the name has', async () => {
    assert.deepEqual(await alertsOf(connect('192.0.2.1')), [
      'equal: one.test local.test',
      'otherwise written: one.test local.test',
      'one of: one.test local.test',
      'client: one.test local.test',
    ]);
  });

  test('are true of an IPv6 address, and of each of several', async () => {
    assert.deepEqual(await alertsOf(connect('2001:db8::1'), connect('192.0.2.22')), [
      'equal: one.test <NA>',
      'otherwise written: one.test <NA>',
      'one of: one.test <NA>',
      'one of: two.test local.test',
      'another: two.test local.test',
      'client: two.test local.test',
    ]);
  });

  test('are true of no other address; what has no address is neither the same nor another', async () => {
    const socket = event('socket', 1, { kind: '4'.charCodeAt(0), role: 0 });
    assert.deepEqual(await alertsOf(connect('192.0.2.3'), connect('c000:201::'), socket), [
      'another: <NA> local.test',
      'none of: <NA> local.test',
      'client: <NA> local.test',
      'another: <NA> <NA>',
      'none of: <NA> <NA>',
      'none of: <NA> <NA>',
    ]);
  });

  test('compare names whole: the compiler says so of other operators', async () => {
    const rule =
      RULES.replace('fd.sip.name = one.test', 'fd.sip.name startswith one').split('- rule: otherwise')[0] ?? '';
    const { rules } = loadRules([{ name: 'a.yaml', text: rule }]);
    const sources = rules.map(({ outputText, ...source }) => ({ ...source, output: outputText }));
    const { diagnostics } = await compileModule(sources, { cacheDirectory: TEST_MODULES, inThisProcess: true });
    assert.match(diagnostics.map(({ message }) => message).join(), /fd\.sip\.name startswith is never true/);
  });
});

describe('the table of names', () => {
  test('has each pair once in a slot, however they fall together', () => {
    const addresses = Array.from({ length: LARGEST_NAME_TABLE + 5 }, (_, index): NamedAddress => {
      return { name: `name${index % 7}`, address: new Uint8Array([10, 0, index >> 8, index]) };
    });
    const table = encodeNameTable(addresses);
    const view = new DataView(table.buffer);
    const keys = Array.from({ length: NAMES_SLOTS }, (_, slot) => view.getBigUint64(slot * NAMED_ADDRESS.size, true));
    assert.equal(keys.filter((key) => key !== 0n).length, LARGEST_NAME_TABLE);
    assert.ok(keys.every((key) => key === 0n || addresses.some(({ name }) => nameKey(name) === key)));
  });
});

describe('the resolver', () => {
  /** Told addresses, as text. */
  function resolver(find: NameLookup) {
    const told: string[] = [];
    const troubles: string[] = [];
    const subject = new NameResolver({
      lookup: find,
      onNames: (all) => told.push(all.map(({ name, address }) => `${name}=${address.join('.')}`).join(' ')),
      onTrouble: (message) => troubles.push(message),
    });
    return { subject, told, troubles };
  }

  test('asks for the names of the rules that are in use, and no longer for those of others', async () => {
    const { subject, told } = resolver(lookup);
    subject.want(['local.test']);
    subject.want(['two.test', 'two.test']);
    await until(() => subject.counters.resolved > 0);
    subject.close();
    assert.deepEqual(subject.counters, { names: 1, resolved: 1, failures: 0, overflows: 0 });
    assert.equal(told.at(-1), 'two.test=192.0.2.2 two.test=192.0.2.22');
  });

  test('asks two at a time, and tells once of those that fail', async () => {
    let now = 0;
    let most = 0;
    const { subject, troubles } = resolver(async (name) => {
      most = Math.max(most, ++now);
      await pause(1);
      now--;
      return lookup(name);
    });
    subject.want(['a.test', 'b.test', 'c.test', 'd\u001b.test', 'one.test', `${'long.'.repeat(60)}test`]);
    await until(() => troubles.length > 0);
    subject.close();
    assert.equal(most, 2);
    assert.deepEqual(subject.counters, { names: 6, resolved: 1, failures: 5, overflows: 0 });
    assert.equal(troubles.length, 1);
    assert.match(troubles.join(), /^5 of 6 names .* \(a\.test: ENOTFOUND, .*, \.\.\.\); no address has them/);
  });
});
