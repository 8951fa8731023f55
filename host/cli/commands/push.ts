// wasprey push: a module to an OCI registry.

import { basename } from 'node:path';
import { loadRuleModule } from '../../agent/modules/rule-module.ts';
import { readModuleFile } from '../../daemon/rules/module-file.ts';
import { UsageError } from '../../diagnostics/arguments.ts';
import { EXIT } from '../../diagnostics/failure.ts';
import { pushModule } from '../../registry/artifact.ts';
import { formatReference, parseReference } from '../../registry/reference.ts';
import { EVENT_SOURCES } from '../../schema/event-source.ts';
import { defineCommand } from '../definition/command.ts';
import { REGISTRY_OPTIONS, registryClient } from '../options/registry-options.ts';

export const PUSH = defineCommand({
  name: 'push',
  usage: 'oci://HOST/REPOSITORY:TAG MODULE',
  operands: [{ values: 'anything' }, { values: 'path' }],
  description: `
    Pushes a module to a registry, as an OCI artifact, under a tag. Prints the reference with its digest, to pull, pin and
    sign it (\`cosign sign --key\`). A module that agents of this version would refuse is not pushed. The same module gives
    the same digest.`,
  status: {
    ok: 'The registry has the module.',
    failure: "The registry refuses it or can't be reached, or agents would refuse the module.",
  },
  options: REGISTRY_OPTIONS,
  examples: [
    {
      command: 'wasprey push oci://registry.example/team/rules:1.2 rules.wasm',
      effect: 'Pushes a module of `wasprey compile`.',
    },
  ],
  async run({ options, operands }, terminal) {
    const [target, path, ...more] = operands;
    if (target === undefined || path === undefined) {
      const missing = target === undefined ? 'reference' : 'module';
      throw new UsageError(`missing ${missing}`, 'wasprey push oci://HOST/REPOSITORY:TAG MODULE');
    }
    if (more.length > 0) throw new UsageError(`unexpected argument ${more[0]}`, 'one module is pushed at a time');
    const reference = parseReference(target);
    if (reference.tag === undefined) throw new UsageError(`missing tag in ${target}`, 'add :TAG');
    const bytes = readModuleFile(path);
    loadRuleModule(path, bytes, EVENT_SOURCES);
    const digest = await pushModule(registryClient(reference, options), reference.tag, basename(path), bytes);
    terminal.print(`${formatReference({ ...reference, digest })}\n`);
    return EXIT.ok;
  },
});
