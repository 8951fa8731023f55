// THIRD-PARTY-LICENSES: whole on systems that have no /usr/share/common-licenses.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CommonLicenses, referredLicenses } from '../../../deploy/sbom/common-licenses.ts';
import type { Component } from '../../../deploy/sbom/component.ts';
import { licensesText } from '../../../deploy/sbom/documents.ts';

const LINE = '='.repeat(80);

/** As Debian has it: GPL is a link to GPL-3. */
const find: CommonLicenses = (name) => {
  const file = name === 'GPL' ? 'GPL-3' : name;
  return { name: file, text: `\n  Text of ${file}\n\n` };
};

function component(name: string, licenseText: string): Component {
  return { name, version: '1', purl: `pkg:generic/${name}@1`, license: 'MIT', licenseText };
}

test('names are found as copyright files of Debian have them', () => {
  const text = `in \`/usr/share/common-licenses/GPL', version 3 in "/usr/share/common-licenses/GPL-3".
    in /usr/share/common-licenses/LGPL-2.1. See '/usr/share/common-licenses/Apache-2.0' and
    /usr/share/common-licenses/LGPL-2 file; \`/usr/share/common-licenses/{MPL-1.1,GPL-2}'.
    The Artistic License in /usr/share/common-licenses is the one; /usr/share/common-licenses/LGPL.
    /usr/share/common-licenses/GPL-3`;
  const names = ['Apache-2.0', 'GPL', 'GPL-2', 'GPL-3', 'LGPL', 'LGPL-2', 'LGPL-2.1', 'MPL-1.1'];
  assert.deepEqual(referredLicenses(text), names);
});

test('texts that components refer to are at the end, each once', () => {
  const components = [
    component('one', 'see /usr/share/common-licenses/GPL and /usr/share/common-licenses/GPL-2.'),
    component('other', 'see /usr/share/common-licenses/GPL-3'),
  ];
  assert.equal(
    licensesText(components, find),
    `Texts that are referred to by /usr/share/common-licenses are at the end of this file.

${LINE}
one 1: MIT
${LINE}

see /usr/share/common-licenses/GPL and /usr/share/common-licenses/GPL-2.

${LINE}
other 1: MIT
${LINE}

see /usr/share/common-licenses/GPL-3

${LINE}
/usr/share/common-licenses/GPL, /usr/share/common-licenses/GPL-3
${LINE}

Text of GPL-3

${LINE}
/usr/share/common-licenses/GPL-2
${LINE}

Text of GPL-2
`,
  );
});

test('there is nothing more where nothing is referred to', () => {
  assert.equal(licensesText([component('one', 'free')], find), `${LINE}\none 1: MIT\n${LINE}\n\nfree\n`);
});
