// wasprey verify: whether an agent that asks for signatures would take a module.

import { loadRuleModule } from '../../agent/modules/rule-module.ts';
import { readTrustedKeys } from '../../daemon/rules/key-files.ts';
import { readModuleFile } from '../../daemon/rules/module-file.ts';
import { UsageError } from '../../diagnostics/arguments.ts';
import { EXIT } from '../../diagnostics/failure.ts';
import { count } from '../../diagnostics/numbers.ts';
import { named } from '../../sandbox/error.ts';
import { EVENT_SOURCES } from '../../schema/event-source.ts';
import { refusalOf } from '../../signature/policy.ts';
import { checkSignature } from '../../signature/signature.ts';
import { defineCommand } from '../definition/command.ts';
import { onlyOperand } from '../definition/only-operand.ts';

export const VERIFY = defineCommand({
  name: 'verify',
  usage: 'MODULE --trusted-key FILE',
  operands: [{ values: 'path' }],
  description: `
    Checks a module as an agent does before it loads one: that it was signed with one of the trusted keys and not changed since,
    that the sandbox accepts it, and that it was compiled for this version's events.`,
  status: { ok: 'All checks passed.', failure: 'A check failed; the reason is shown.' },
  options: {
    'trusted-key': {
      kind: 'list',
      short: 'k',
      value: 'FILE',
      description: 'A public key of `wasprey keygen`; may be given several times.',
    },
  },
  examples: [{ command: 'wasprey verify rules.wasm --trusted-key team.pub', effect: 'Checks a module.' }],
  async run({ options, operands }, terminal) {
    const path = onlyOperand(operands, 'module', 'wasprey verify MODULE --trusted-key FILE');
    const keys = readTrustedKeys((options['trusted-key'] ?? []).map(({ text }) => text));
    if (keys.length === 0) throw new UsageError('missing trusted key', 'add --trusted-key FILE');
    const bytes = readModuleFile(path);
    const verdict = named(path, () => checkSignature(bytes, keys));
    const refusal = refusalOf(path, verdict);
    if (refusal) throw refusal;
    const { rules } = loadRuleModule(path, bytes, EVENT_SOURCES);
    const signers = verdict.kind === 'trusted' ? verdict.keys.join(' and ') : '';
    terminal.print(`${path}: ${count(rules.length, 'rule')}, signed with ${signers}\n`);
    return EXIT.ok;
  },
});
