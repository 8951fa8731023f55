// wasprey keygen: a pair of keys to sign modules with.

import { writeNewFile } from '../../daemon/rules/key-files.ts';
import { EXIT } from '../../diagnostics/failure.ts';
import { generateKeyPair, readTrustedKey } from '../../signature/key.ts';
import { defineCommand } from '../definition/command.ts';
import { onlyOperand } from '../definition/only-operand.ts';

/** The private key is its owner's alone. */
const PRIVATE_MODE = 0o600;
const PUBLIC_MODE = 0o644;

export const KEYGEN = defineCommand({
  name: 'keygen',
  usage: 'NAME',
  operands: [{ values: 'path' }],
  description: `
    Makes a pair of ed25519 keys for modules: NAME.key, the private one, which signs (\`wasprey compile --key\`), and
    NAME.pub, the public one, with which agents check the signature (\`wasprey run --trusted-key\`). Both are PEM files as
    OpenSSL reads and writes them; keys made by OpenSSL work, too. Existing files are not overwritten.

    To change keys, make a new pair, sign with both (\`--key\` twice, or \`wasprey sign\`) until every agent trusts the new
    one, then leave out the old.`,
  status: { ok: 'Both files are written.', failure: "A file is there already, or can't be written." },
  options: {},
  examples: [{ command: 'wasprey keygen team', effect: 'Makes team.key and team.pub.' }],
  async run({ operands }, terminal) {
    const name = onlyOperand(operands, 'name', 'wasprey keygen NAME');
    const { privatePem, publicPem } = generateKeyPair();
    writeNewFile(`${name}.key`, privatePem, PRIVATE_MODE);
    writeNewFile(`${name}.pub`, publicPem, PUBLIC_MODE);
    terminal.print(`${name}.key signs, ${name}.pub verifies; key ${readTrustedKey(publicPem).id}\n`);
    return EXIT.ok;
  },
});
