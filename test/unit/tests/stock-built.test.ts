// Stock rules on what this machine may not be able to do, as the kernel would report it: events of the builder source.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CAPABILITIES } from '../../../host/schema/flags.ts';
import { missingFalco } from '../../support/falco-data.ts';
import { event, moduleOf, process, startBuiltAgent } from '../../support/records/built-agent.ts';
import { inject } from '../../support/records/inject.ts';
import { stockRules } from '../../support/stock-rules.ts';

const CONTAINER = `/docker/${'c0ffee'.repeat(10)}c0de`;
const SYS_MODULE = 1n << BigInt(CAPABILITIES.indexOf('CAP_SYS_MODULE'));

const LOADED = 'a kernel module loaded in a container with CAP_SYS_MODULE; not without it, nor on the host';
test(LOADED, { skip: missingFalco('falco_rules.yaml') }, async () => {
  const module = await moduleOf(stockRules('falco_rules.yaml'));
  for (const ruleMatching of ['first', 'all'] as const) {
    await using built = await startBuiltAgent([module], { ruleMatching });
    const loader = { comm_bytes: 'insmod', argv: 'insmod\0m.ko\0', cgroup: CONTAINER };
    const images = [
      process(1, { ...loader, cap_effective: SYS_MODULE }),
      process(2, { ...loader, cap_effective: 0n }),
      process(3, { ...loader, cap_effective: SYS_MODULE, cgroup: '/' }),
    ];
    const events = [1, 2, 3].flatMap((image) => [
      event('finit_module', image, { result: 0 }),
      event('init_module', image, { result: -1 }),
    ]);
    inject(built.agent, images, events);
    await built.waitForLines(2);
    await built.agent.stop();
    const alerts = built
      .jsonLines()
      .map((line) => JSON.parse(line) as { rule: string; output_fields: Record<string, unknown> });
    assert.deepEqual(
      alerts.map(({ rule, output_fields: fields }) => [rule, fields['evt.type'], fields['evt.res']]),
      [
        ['Linux Kernel Module Injection Detected', 'finit_module', 'SUCCESS'],
        ['Linux Kernel Module Injection Detected', 'init_module', 'EPERM'],
      ],
    );
  }
});
