// wasprey sign: adds a signature to a module that is compiled already.

import { readSigningKeys } from '../../daemon/rules/key-files.ts';
import { readModuleFile, writeFile } from '../../daemon/rules/module-file.ts';
import { UsageError } from '../../diagnostics/arguments.ts';
import { EXIT } from '../../diagnostics/failure.ts';
import { compileRuleModule } from '../../sandbox/compile-module.ts';
import { named } from '../../sandbox/error.ts';
import { refusalOf } from '../../signature/policy.ts';
import { checkSignature, signersOf, signModule } from '../../signature/signature.ts';
import { defineCommand } from '../definition/command.ts';
import { onlyOperand } from '../definition/only-operand.ts';

export const SIGN = defineCommand({
  name: 'sign',
  usage: 'MODULE --key FILE',
  operands: [{ values: 'path' }],
  description: `
    Adds a signature to a module, beside those that it has: for keys that are kept elsewhere than where rules are compiled,
    and to change keys. The signature covers the whole module except the signatures. The command refuses modules that the
    sandbox would refuse, and modules that were changed after one of these keys had signed them.`,
  status: { ok: 'The module is signed.', failure: "It or the key can't be used." },
  options: {
    key: { kind: 'list', value: 'FILE', description: 'A private key of `wasprey keygen`; may be given several times.' },
    output: { kind: 'text', short: 'o', value: 'FILE', description: 'Where to write it. Default: over the module.' },
  },
  examples: [{ command: 'wasprey sign rules.wasm --key team.key', effect: 'Signs it in place.' }],
  async run({ options, operands }, terminal) {
    const path = onlyOperand(operands, 'module', 'wasprey sign MODULE --key FILE');
    const keys = readSigningKeys((options.key ?? []).map(({ text }) => text));
    if (keys.length === 0) throw new UsageError('missing key', 'add --key FILE');
    const bytes = readModuleFile(path);
    named(path, () => compileRuleModule(bytes));
    // What the key has signed already, and is something else by now, must not come to look as if it had signed that.
    const verdict = checkSignature(bytes, keys);
    const refusal = verdict.kind === 'tampered' ? refusalOf(path, verdict) : undefined;
    if (refusal) throw refusal;
    const signed = signModule(bytes, keys);
    const output = options.output ?? path;
    writeFile(output, signed);
    terminal.print(`${output}: signed with ${signersOf(signed).join(' and ')}\n`);
    return EXIT.ok;
  },
});
