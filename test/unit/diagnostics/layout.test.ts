// Text as the command line lays it out.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columns, wrap } from '../../../host/diagnostics/layout.ts';
import { wantsColor } from '../../../host/diagnostics/terminal.ts';

test('paragraphs are broken at blanks, within the width', () => {
  assert.equal(wrap('one two three\n  four', 9), 'one two\nthree\nfour');
  assert.equal(wrap('\n  one\n\n  two\n', 9), 'one\n\ntwo');
  assert.equal(wrap('unbreakable word', 5), 'unbreakable\nword');
});

test('columns are as wide as their widest cell; the last one is broken where it hangs', () => {
  const rows = [
    ['a', 'INT', 'short'],
    ['longer', 'BOOL', 'this description does not fit in one line'],
  ];
  assert.equal(
    columns(rows, 42),
    ['  a       INT   short', '  longer  BOOL  this description does not', '                fit in one line'].join(
      '\n',
    ),
  );
});

test('an empty last cell leaves no blanks at the end', () => {
  assert.equal(columns([['a', '']], 80), '  a');
});

test('colour is for terminals, unless the person wants none', () => {
  assert.equal(wantsColor({ isTTY: true }, { TERM: 'xterm' }), true);
  assert.equal(wantsColor({ isTTY: true }, { TERM: 'xterm', NO_COLOR: '' }), true);
  assert.equal(wantsColor({ isTTY: true }, { TERM: 'xterm', NO_COLOR: '1' }), false);
  assert.equal(wantsColor({ isTTY: true }, { TERM: 'dumb' }), false);
  assert.equal(wantsColor({}, { TERM: 'xterm' }), false);
});
