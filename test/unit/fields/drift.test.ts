// Values of which conditions and outputs once said different things. Each stands in one record: conditions of a compiled module see
// the value that is written here, and an output prints it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTemplate } from '../../../host/compiler/conditions/template.ts';
import { readField } from '../../../host/fields/read.ts';
import { renderMessage, templateFields } from '../../../host/outputs/message.ts';
import type { StructInput } from '../../../host/schema/encode-struct.ts';
import { resolveField } from '../../../host/schema/fields/index.ts';
import { CONTEXT } from '../../support/records/fields.ts';
import { RuleModule, rulesOf } from '../../support/records/rule-module.ts';

/** Members besides those of a process on the host that opens a file. */
interface Record {
  readonly image?: StructInput;
  readonly container?: StructInput;
  readonly event?: StructInput;
}

const FILE = { result: 3, fd: 3, kind: 'f'.charCodeAt(0), name: '/etc/shadow', raw: '/etc/shadow' };

/** Which of the conditions hold of it, and what an output of that template reads. */
async function said(record: Record, template: string, conditions: readonly string[]) {
  const module = await RuleModule.of(rulesOf(conditions.map((condition) => `evt.type = openat and ${condition}`)));
  const { records } = module;
  const container = record.container && { container_address: records.container(record.container) };
  const image = records.image({ ...record.image, ...container });
  const event = records.event('openat', image, { ...FILE, ...record.event });
  module.setCandidates(image);
  const holding = module.evaluate(event.address, event.address + event.number('size'));
  const parsed = parseTemplate(template);
  const values = templateFields(parsed).map((key) => {
    const found = resolveField(key);
    assert.ok(found.ok, key);
    return { key, value: readField(event, found.field, found.argument, CONTEXT) };
  });
  return { holds: conditions.filter((_, index) => holding.includes(index)), output: renderMessage(parsed, values) };
}

test('user.loginuid above 2^31 is not negative', async () => {
  const record = { image: { login_uid: 3_000_000_000 } };
  const holds = ['user.loginuid >= 0', 'user.loginuid = 3000000000', 'user.loginuid > 2147483647'];
  const others = ['user.loginuid < -1', 'user.loginuid < 0', 'user.loginuid = -1294967296'];
  assert.deepEqual(await said(record, 'by %user.loginuid', [...holds, ...others]), {
    holds,
    output: 'by 3000000000',
  });
});

test('a glob of container.mount may escape a bracket within brackets', async () => {
  const mounts = [
    [']x', '/data', 'rw', 'true', 'rprivate'],
    ['/host', ']x', 'ro', 'false', 'rslave'],
  ];
  const record = {
    container: {
      id: '3f1a5b0c9d2e',
      mounts: mounts
        .flat()
        .map((part) => `${part}\0`)
        .join(''),
    },
  };
  // The backslash that the glob has is written as two in a rule.
  const [byDestination, bySource] = ['source', 'dest'].map((part) => `container.mount.${part}["[\\\\]]x"]`);
  const holds = [`${byDestination} = /host`, `${bySource} = /data`, `${byDestination} exists`];
  const others = [`${byDestination} = "]x"`, `${bySource} = "]x"`, 'container.mount.dest["[\\\\]]y"] exists'];
  assert.deepEqual(await said(record, `%${byDestination} and %${bySource}`, [...holds, ...others]), {
    holds,
    output: '/host and /data',
  });
});

test('fd.dev of all bits is -1, which an output shows without a sign', async () => {
  const record = { event: { device: 4_294_967_295 } };
  const holds = ['fd.dev = -1', 'fd.dev = 4294967295', 'fd.dev < 0'];
  const others = ['fd.dev > 0', 'fd.dev = 0', 'fd.dev >= 2147483647'];
  assert.deepEqual(await said(record, 'on %fd.dev', [...holds, ...others]), { holds, output: 'on FFFFFFFF' });
});

test('user.shell is known in conditions too', async () => {
  const record = { image: { user_shell: '/bin/zsh' } };
  const holds = ['user.shell = /bin/zsh', 'user.shell exists', 'user.shell endswith zsh'];
  const others = ['user.shell = /bin/sh', 'user.shell != /bin/zsh'];
  assert.deepEqual(await said(record, 'with %user.shell', [...holds, ...others]), { holds, output: 'with /bin/zsh' });
});

test('the last component of a directory is compared as such, not as the beginning of the path', async () => {
  const holds = [
    ...['basename(fd.directory) = etc', 'basename(fd.directory) in (etc, tmp)', 'basename(fd.directory) startswith et'],
    ...['not basename(fd.directory) != etc', 'basename(join("", (fd.directory))) = etc'],
  ];
  const others = ['basename(fd.directory) = /etc', 'basename(fd.directory) != etc', 'basename(fd.directory) = shadow'];
  assert.deepEqual(await said({}, '%fd.directory', [...holds, ...others]), { holds, output: '/etc' });
});

test('an ancestor is known however far up it is', async () => {
  const module = await RuleModule.of(
    rulesOf(['proc.aname[1025] = "p75"', 'proc.aname[1099] exists', 'proc.aname[1100] exists']),
  );
  const { records } = module;
  let parent = 0;
  for (let generation = 0; generation <= 1100; generation++) {
    parent = records.image({ comm: `p${generation}`, ...(parent !== 0 && { parent_address: parent }) });
  }
  const event = records.event('openat', parent, FILE);
  module.setCandidates(parent);
  const read = (key: string) => {
    const found = resolveField(key);
    assert.ok(found.ok, key);
    const value = readField(event, found.field, found.argument, CONTEXT);
    return value?.kind === 'text' ? String(Buffer.from(value.bytes)) : value;
  };
  assert.deepEqual(['proc.aname[1025]', 'proc.aname[1100]', 'proc.aname[1101]'].map(read), ['p75', 'p0', undefined]);
  assert.deepEqual(module.evaluate(event.address, event.address + event.number('size')), [0, 1, 2]);
});
