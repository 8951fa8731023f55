// The lines of alerts: whatever bytes a process puts into its names, one alert is one line, and its JSON is JSON.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { options } from '../../../host/compiler/conditions/getopt.ts';
import { parseTemplate } from '../../../host/compiler/conditions/template.ts';
import { decode, type FieldValue, integer, text } from '../../../host/fields/value.ts';
import { type Alert, DEFAULT_FORMAT, jsonLine, textLine } from '../../../host/outputs/alert.ts';
import { type KeyedValue, renderMessage } from '../../../host/outputs/message.ts';

process.env.TZ = 'Europe/Berlin';

function alertOf(message: string, fields: readonly KeyedValue[] = [], more: Partial<Alert> = {}): Alert {
  return {
    time: 1795528388365763965n,
    rule: 'A rule',
    priority: 'Critical',
    source: 'syscall',
    tags: ['b', 'a'],
    hostname: 'node-1',
    message,
    fields,
    ...more,
  };
}

const TEMPLATE = parseTemplate('name=%proc.name list=%fd.types file=%10fd.name %toupper(proc.exe) end');
const bytes = fc.uint8Array({ maxLength: 60 });

function keyed(name: Uint8Array, items: readonly Uint8Array[]): KeyedValue[] {
  return [
    { key: 'proc.name', value: text(name) },
    { key: 'fd.types', value: { kind: 'list', items } },
    { key: 'fd.name', value: text(name) },
    { key: 'proc.exe', value: text(name) },
  ];
}

/** Nothing that ends a line or that a terminal acts on. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
const SAFE = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]*$/;

describe('alert lines', () => {
  it('hostile bytes never break a line or its JSON', () => {
    fc.assert(
      fc.property(bytes, fc.array(bytes, { maxLength: 3 }), fc.string({ unit: 'binary' }), (name, items, rule) => {
        const fields = keyed(name, items);
        const alert = alertOf(renderMessage(TEMPLATE, fields), fields, { rule: rule.toWellFormed() });
        assert.match(textLine(alert), SAFE);
        const line = jsonLine(alert);
        assert.match(line, SAFE);
        const parsed = JSON.parse(line) as { rule: string; output: string; output_fields: Record<string, unknown> };
        assert.equal(parsed.rule, alert.rule);
        assert.equal(parsed.output_fields['proc.name'], decode(name));
        assert.deepEqual(parsed.output_fields['fd.types'], items.map(decode));
        assert.ok(parsed.output.endsWith(alert.message));
        // What a person reads in the text line is the message, escaped.
        assert.equal(JSON.parse(`"${textLine(alert)}"`), parsed.output);
      }),
    );
  });

  it('times are local in text and UTC in JSON, ISO 8601 if asked for', () => {
    const alert = alertOf('hello');
    assert.equal(textLine(alert), '14:53:08.365763965: Critical hello');
    assert.equal(
      textLine(alert, { ...DEFAULT_FORMAT, isoTime: true }),
      '2026-11-24T13:53:08.365763965+0000: Critical hello',
    );
    assert.equal(
      jsonLine(alert),
      '{"hostname":"node-1","output":"14:53:08.365763965: Critical hello","output_fields":{"evt.time":1795528388365763965},' +
        '"priority":"Critical","rule":"A rule","source":"syscall","tags":["a","b"],"time":"2026-11-24T13:53:08.365763965Z"}',
    );
  });

  it('properties can be left out and added as in Falco', () => {
    const bare = {
      isoTime: true,
      includeOutput: false,
      includeMessage: true,
      includeOutputFields: false,
      includeTags: false,
    };
    assert.equal(
      jsonLine(alertOf('hello'), bare),
      '{"hostname":"node-1","message":"hello","priority":"Critical","rule":"A rule","source":"syscall","time":"2026-11-24T13:53:08.365763965Z"}',
    );
    const iso = jsonLine(alertOf('hello'), { ...DEFAULT_FORMAT, isoTime: true });
    assert.match(iso, /"output_fields":\{"evt\.time\.iso8601":1795528388365763965\}/);
    assert.match(jsonLine(alertOf('hello', [], { tags: [] })), /"tags":\[\]/);
  });

  it('each kind of value has its JSON', () => {
    const values: readonly (readonly [FieldValue | undefined, string])[] = [
      [undefined, 'null'],
      [integer(2n ** 64n - 1n), '18446744073709551615'],
      [integer(-1), '-1'],
      [integer(65024, 16), '"FE00"'],
      [integer(0o644, 8), '"644"'],
      [{ kind: 'double', value: 0.025 }, '0.025'],
      [{ kind: 'double', value: 1 }, '1.0'],
      [{ kind: 'boolean', value: true }, 'true'],
      [{ kind: 'time', nanoseconds: 5n, text: 'x' }, '5'],
      [{ kind: 'buffer', bytes: Uint8Array.of(65, 0, 255) }, '"A.."'],
      [{ kind: 'buffer', bytes: Uint8Array.of(65, 0, 255), base64: true }, '"QQD/"'],
      [{ kind: 'address', bytes: Uint8Array.of(10, 0, 0, 1) }, '"10.0.0.1"'],
    ];
    for (const [value, json] of values) {
      const line = jsonLine(alertOf('', [{ key: 'a', value }]));
      assert.ok(line.includes(`"output_fields":{"a":${json},`), line);
    }
  });

  it('a width cuts and pads by bytes', () => {
    const message = renderMessage(parseTemplate('%3proc.name|%8proc.name|'), [
      { key: 'proc.name', value: text('größe') },
    ]);
    assert.equal(message, 'gr\ufffd|größe |');
  });
});

describe('messages that a hostile template makes long', () => {
  const longest = 256 * 1024;
  const values: KeyedValue[] = [{ key: 'proc.cmdline', value: text('x'.repeat(4096)) }];
  for (const [what, template] of [
    ['a width beyond all memory', `%${'9'.repeat(19)}proc.cmdline`],
    ['a width of gigabytes', '%2000000000proc.cmdline'],
    ['many widths', '%99999proc.cmdline'.repeat(1000)],
    ['a long field over and over', '%proc.cmdline'.repeat(5000)],
  ] as const) {
    it(what, () => assert.equal(renderMessage(parseTemplate(template), values).length, longest));
  }
});

describe('getopt', () => {
  for (const [words, specification, expected] of [
    [['-ab'], 'ab', ['a', 'b']],
    [['-ab'], 'a:b', ['a=b']],
    [['-a', '1', '-b'], 'a:b', ['a=1', 'b']],
    [['-a'], 'a:', ['?']],
    [['-a'], ':a:', [':']],
    [['-q'], 'a', ['?']],
    [['x', '-a'], 'a', []],
    [['--', '-a'], 'a', []],
    [['--long', '-a'], 'a', ['a']],
  ] as const) {
    it(`${words.join(' ')} by "${specification}"`, () => {
      const found = options(words, specification).map(({ name, value }) =>
        value === undefined ? name : `${name}=${value}`,
      );
      assert.deepEqual(found, expected);
    });
  }
});
