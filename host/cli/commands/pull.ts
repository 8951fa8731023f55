// wasprey pull: a module, or a file of rules, from an OCI registry.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadRuleModule } from '../../agent/modules/rule-module.ts';
import { readTrustedKeys } from '../../daemon/rules/key-files.ts';
import { writeFile } from '../../daemon/rules/module-file.ts';
import { CommandFailure, EXIT } from '../../diagnostics/failure.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import { pullArtifact } from '../../registry/artifact.ts';
import { isCosigned } from '../../registry/cosign.ts';
import { formatReference, parseReference } from '../../registry/reference.ts';
import { EVENT_SOURCES } from '../../schema/event-source.ts';
import { admitModule } from '../../signature/policy.ts';
import { defineCommand } from '../definition/command.ts';
import { onlyOperand } from '../definition/only-operand.ts';
import { REGISTRY_OPTIONS, readCosignKeys, registryClient } from '../options/registry-options.ts';

export const PULL = defineCommand({
  name: 'pull',
  usage: 'oci://HOST/REPOSITORY[:TAG|@DIGEST] [-o PATH]',
  operands: [{ values: 'anything' }],
  description: `
    Fetches a module that was pushed with \`wasprey push\`, or rule files as Falco's tools push them (media type
    application/vnd.cncf.falco.rulesfile). A module is written to a file, rule files to a folder. What comes is checked
    against its digest, and by the sandbox; nothing is written that does not pass.`,
  status: {
    ok: 'The files are written.',
    failure: "There is no such artifact, its signature is not trusted, or the registry can't be reached.",
  },
  options: {
    output: {
      kind: 'text',
      short: 'o',
      value: 'PATH',
      description:
        'The file for a module (default: the last part of the repository, .wasm), the folder for rules (default: here).',
    },
    'trusted-key': {
      kind: 'list',
      short: 'k',
      value: 'FILE',
      description: 'Accept only a module signed with one of the given public keys of `wasprey keygen`.',
    },
    'cosign-key': {
      kind: 'list',
      value: 'FILE',
      description: 'Accept only artifacts that cosign has signed with one of the given public keys (cosign.pub).',
    },
    ...REGISTRY_OPTIONS,
  },
  examples: [
    { command: 'wasprey pull oci://registry.example/team/rules:1.2', effect: 'Writes rules.wasm.' },
    {
      command: 'wasprey pull oci://registry.example/falco-rules:3 -o rules.d --cosign-key cosign.pub',
      effect: 'Writes the rule files of a Falco artifact, if it is signed.',
    },
  ],
  async run({ options, operands }, terminal) {
    const source = onlyOperand(operands, 'reference', 'wasprey pull oci://HOST/REPOSITORY:TAG');
    const reference = parseReference(source);
    const trusted = readTrustedKeys((options['trusted-key'] ?? []).map(({ text }) => text));
    const cosignKeys = readCosignKeys((options['cosign-key'] ?? []).map(({ text }) => text));
    const client = registryClient(reference, options);
    const artifact = await pullArtifact(client, reference.digest ?? reference.tag ?? 'latest');
    const name = formatReference({ ...reference, digest: artifact.digest });
    if (cosignKeys.length > 0 && !(await isCosigned(client, artifact.digest, cosignKeys))) {
      throw new CommandFailure(`no cosign signature of ${name} verifies with the given keys`, 'nothing was written');
    }
    if (artifact.kind === 'rules') {
      if (trusted.length > 0) {
        throw new CommandFailure(`${name} holds rule files, which --trusted-key can't vouch for`, 'use --cosign-key');
      }
      const folder = options.output ?? '.';
      makeFolder(folder);
      for (const file of artifact.files) {
        const path = join(folder, file.name);
        writeFile(path, file.text);
        terminal.print(`${path}\n`);
      }
    } else {
      if (trusted.length > 0) admitModule(name, artifact.bytes, { mode: 'required', keys: trusted }, () => {});
      loadRuleModule(name, artifact.bytes, EVENT_SOURCES);
      const path = options.output ?? `${reference.repository.split('/').at(-1)}.wasm`;
      writeFile(path, artifact.bytes);
      terminal.print(`${path}\n`);
    }
    terminal.say(`wasprey: ${name}\n`);
    return EXIT.ok;
  },
});

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new CommandFailure(`can't make ${path}: ${reasonOf(error)}`);
  }
}
