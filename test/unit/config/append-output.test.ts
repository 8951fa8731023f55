// append_output and static_fields, from the configuration to the alert of a running agent.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { readAppendOutput } from '../../../host/config/append-output.ts';
import { ConfigError } from '../../../host/config/error.ts';
import { loadConfig } from '../../../host/config/load.ts';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { moduleOf, process as processImage, shadowRead, startBuiltAgent } from '../../support/records/built-agent.ts';
import { inject } from '../../support/records/inject.ts';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasprey-append-'));
});
after(() => rmSync(folder, { recursive: true }));

function additions(text: string) {
  const path = join(folder, 'config.yaml');
  writeFileSync(path, text);
  const { configuration, origins } = loadConfig({ path, environment: { TEAM: 'blue %proc.name' } });
  return readAppendOutput(configuration, origins).additions;
}

const RULES = `
- rule: One
  desc: d
  condition: evt.type = openat and fd.name = /etc/shadow
  output: read %fd.name
  priority: WARNING
  tags: [a, b]
- rule: Two
  desc: d
  condition: evt.type = openat and fd.name = /etc/shadow
  output: two
  priority: WARNING
  tags: [a]
`;

/** Message and output_fields of both rules' alerts. */
async function alertsWith(text: string) {
  await using built = await startBuiltAgent([await moduleOf(RULES)], {
    extras: { additions: additions(text) },
    namesModules: false,
    ruleMatching: 'all',
  });
  inject(built.agent, [processImage(1, { comm_bytes: 'cat' })], [shadowRead(1)]);
  await built.waitForLines(2);
  return built.jsonLines().map((line) => {
    const { output, output_fields } = JSON.parse(line);
    delete output_fields['evt.time'];
    return { message: output.replace(/^\S+ Warning /, ''), fields: output_fields };
  });
}

it('adds text and fields to the rules that match all of what is asked', async () => {
  const alerts = await alertsWith(`
append_output:
  - match: {source: syscall, tags: [b, a]}
    extra_output: "by %proc.name (of %static.team)"

  - match: {rule: Two}
    extra_fields:
      - proc.name
      - shout: "%toupper(proc.name)!"
      - both: "%fd.name"
  - match: {source: k8s_audit}
    extra_output: never
static_fields: {team: "\${TEAM}"}
`);
  assert.deepEqual(alerts, [
    {
      message: 'read /etc/shadow by cat (of blue %proc.name)',
      fields: { 'fd.name': '/etc/shadow', 'proc.name': 'cat' },
    },
    { message: 'two', fields: { 'proc.name': 'cat', shout: 'CAT!', both: '/etc/shadow' } },
  ]);
});

it('adds the node to the text, as deploy/README.md says', async () => {
  const [, example = ''] =
    /`falco\.(append_output: .*)`/.exec(readFileSync(join(PROJECT, 'deploy/README.md'), 'utf8')) ?? [];
  const [one] = await alertsWith(`${example}\n`);
  assert.equal(one?.message, `read /etc/shadow node=${hostname()}`);
});

it('adds what Falco suggests, and static fields', async () => {
  const [, two] = await alertsWith("append_output: [{suggested_output: true}]\nstatic_fields: {env: 'a\"b'}\n");
  const container = ['container_id=host', 'container_name=host'];
  // The host has an image, of no name.
  const rest = ['container_image_repository=', 'container_image_tag=<NA>', 'k8s_pod_name=<NA>', 'k8s_ns_name=<NA>'];
  assert.equal(two?.message, ['two', ...container, ...rest, 'static_env=a"b'].join(' '));
  assert.deepEqual(two?.fields, {
    'container.id': 'host',
    'container.name': 'host',
    'container.image.repository': '',
    'container.image.tag': null,
    'k8s.pod.name': null,
    'k8s.ns.name': null,
    'static.env': 'a"b',
  });
});

it('shows what is wrong in its place', () => {
  for (const [text, message, line] of [
    ['append_output:\n  - extra_output: "%proc.nmae"\n', /proc\.nmae/, 2],
    ['append_output:\n  - extra_fields:\n      - evt.hostname\n      - nothing.known\n', /nothing\.known/, 4],
    ['append_output: [{extra_output: "%static.none"}]\n', /unknown static field none/, 1],
    ['append_output: [{extra_outputs: x}]\n', /unknown key extra_outputs in/, 1],
  ] as const) {
    assert.throws(
      () => additions(text),
      (error) => {
        assert.ok(error instanceof ConfigError, String(error));
        const [diagnostic] = error.diagnostics;
        assert.match(diagnostic?.message ?? '', message);
        assert.equal(diagnostic?.line, line);
        return true;
      },
    );
  }
});
