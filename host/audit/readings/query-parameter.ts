// A parameter of a request's URI, as Go's net/url reads it.

/**
 * The first value of a parameter, decoded; texts have a character a byte. Undefined if there is none, and if any part of the URI is invalid:
 * what an API server and a rule would read differently must not look like an answer.
 */
export function queryParameter(uri: string, name: string): string | undefined {
  const [whole = ''] = uri.split('#', 1);
  const mark = whole.indexOf('?');
  if (HAS_CONTROL.test(whole) || BAD_ESCAPE.test(whole)) return undefined;
  if (mark < 0) return undefined;
  const query = whole.slice(mark + 1);
  if (query.includes(';')) return undefined;
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const [key, value] = equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    if (decode(key) === name) return decode(value);
  }
  return undefined;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: Go refuses URIs that have any.
const HAS_CONTROL = /[\x00-\x1f\x7f]/;
const BAD_ESCAPE = /%(?![0-9A-Fa-f]{2})/;

function decode(text: string): string {
  return text
    .replaceAll('+', ' ')
    .replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
