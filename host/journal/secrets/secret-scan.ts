// Masks secrets anywhere in a text: `name=SECRET`, `"name": "SECRET"`, passwords of URLs, and tokens that are known by their form.

import { AUTH_SCHEMES, MASK, TOKEN_BEGINNINGS } from './secret-patterns.ts';
import { closingQuote } from './shell-words.ts';

/** Whether the value of that name is a secret. */
export type NameTest = (name: string) => boolean;

const NAME_CHARACTER = /[A-Za-z0-9_.-]/;
const TOKEN_CHARACTER = /[A-Za-z0-9_./+=~-]/;
const LETTER_OR_DIGIT = /[A-Za-z0-9]/;
const BLANK = /\s/;
/** Where a value without quotes ends. */
const VALUE_END = /[\s'"`&;,|(){}<>]/;
const AUTHORITY_END = /[\s/?#'"`<>]/;
const PATH_END = /[\s?#'"`<>]/;
/** Schemes of addresses in which a name alone is a token as a rule. */
const WEB_SCHEME = /^https?$/i;
/** In place of a password where the name is the token. */
const NO_PASSWORDS: ReadonlySet<string> = new Set(['', 'x-oauth-basic']);
const SCHEME = new RegExp(`^(?:${AUTH_SCHEMES})\\s+`, 'i');
const LONGEST_SCHEME = 32;
const PASSWORD_NAME = /pass(?:word|wd)?$/i;
/** Looking ahead is bounded. */
const LONGEST_LOGON = 256;
/** The beginning of a host's name or address; not of a version or a digest. */
const HOST_BEGIN = /^(?!sha\d+:|\^|~|\d+(?:\.\d+){0,2}(?![\d.]))[A-Za-z0-9[(]/;

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Linear: each character is passed once, and once more as a part of a name or an authority. */
export function scanSecrets(text: string, isSecret: NameTest): string {
  let result = '';
  let copied = 0;
  /** The last run of characters of a name. */
  let name: Range = { from: 0, to: 0 };
  for (let at = 0; at < text.length; ) {
    const secret = NAME_CHARACTER.test(text.charAt(at)) ? token(text, at) : valueAt(text, at, name, isSecret);
    if (secret) {
      result += text.slice(copied, secret.from) + MASK;
      copied = secret.to;
      at = secret.to;
      name = { from: at, to: at };
      continue;
    }
    if (!NAME_CHARACTER.test(text.charAt(at))) {
      at++;
      continue;
    }
    const from = at;
    while (at < text.length && NAME_CHARACTER.test(text.charAt(at))) at++;
    name = { from, to: at };
  }
  return copied === 0 ? text : result + text.slice(copied);
}

/** The token that begins there, where a run of characters of a name does. */
function token(text: string, at: number): Range | undefined {
  const found = TOKEN_BEGINNINGS.find(({ begin }) => text.startsWith(begin, at));
  if (!found) return undefined;
  const begin = at + found.begin.length;
  let to = begin;
  if (found.isPath) {
    while (to < text.length && !PATH_END.test(text.charAt(to))) to++;
    return range(begin, to);
  }
  while (to < text.length && TOKEN_CHARACTER.test(text.charAt(to))) to++;
  if (found.isExact && !isExact(text, begin, to, found.least)) return undefined;
  // The rest of a run that is too short is bounded, so that looking at it again is.
  return to - begin >= found.least ? { from: at, to } : undefined;
}

function isExact(text: string, begin: number, to: number, length: number): boolean {
  if (to - begin !== length) return false;
  for (let at = begin; at < to; at++) if (!LETTER_OR_DIGIT.test(text.charAt(at))) return false;
  return true;
}

/** The secret that the separator there announces. */
function valueAt(text: string, at: number, name: Range, isSecret: NameTest): Range | undefined {
  const separator = text.charAt(at);
  if (separator === ':' && text.startsWith('//', at + 1)) {
    return urlPassword(text, at + 3, name.to === at && WEB_SCHEME.test(text.slice(name.from, at)));
  }
  if (separator !== '=' && separator !== ':') return undefined;
  const isQuoted = at > name.to && name.to > name.from && isQuoteBetween(text, name.to, at);
  if (name.from === name.to || (name.to !== at && !isQuoted)) return undefined;
  const word = text.slice(name.from, name.to);
  // An image's tag is not a value, `kim/secret:1.2`; `pass:` is how openssl takes passwords.
  if (separator === ':' && !isQuoted && !isValueBegin(text, at + 1) && !PASSWORD_NAME.test(word)) {
    return text.charAt(name.from - 1) === '@' ? undefined : logonPassword(text, at + 1);
  }
  return isSecret(word.replace(/^-+/, '')) ? value(text, at + 1) : undefined;
}

function isQuoteBetween(text: string, from: number, to: number): boolean {
  const between = text.slice(from, Math.min(to, from + 3));
  return between === '"' || between === "'" || between === '\\"';
}

function isValueBegin(text: string, at: number): boolean {
  const next = text.charAt(at);
  return BLANK.test(next) || next === '"' || next === "'" || next === '\\';
}

/** The secret of `user:SECRET@host` without a scheme, as data source names have it, and programs that log in to others. */
function logonPassword(text: string, from: number): Range | undefined {
  const part = text.slice(from, from + LONGEST_LOGON);
  const end = part.search(AUTHORITY_END);
  const logon = end < 0 ? part : part.slice(0, end);
  const sign = logon.lastIndexOf('@');
  // `nginx:1.25@sha256:...` and `npm:package@1.2` are names of other things.
  return sign > 0 && HOST_BEGIN.test(logon.slice(sign + 1)) ? range(from, from + sign) : undefined;
}

/** The value that begins there, after blanks; without the quotes around it. */
function value(text: string, begin: number): Range | undefined {
  let from = begin;
  while (from < text.length && BLANK.test(text.charAt(from))) from++;
  const scheme = SCHEME.exec(text.slice(from, from + LONGEST_SCHEME));
  if (scheme) from += scheme[0].length;
  if (text.startsWith('\\"', from)) {
    const end = text.indexOf('\\"', from + 2);
    return range(from + 2, end < 0 ? text.length : end);
  }
  const quote = text.charAt(from);
  if (quote === '"' || quote === "'") return range(from + 1, closingQuote(text, from + 1, quote));
  let to = from;
  while (to < text.length && !VALUE_END.test(text.charAt(to))) to++;
  return range(from, to);
}

/**
 * What stands between the first colon and the last at sign of an authority, `user:SECRET@host`.
 * @param isWeb a name without a password is a token: `https://TOKEN@host`
 */
function urlPassword(text: string, from: number, isWeb: boolean): Range | undefined {
  let end = from;
  while (end < text.length && !AUTHORITY_END.test(text.charAt(end))) end++;
  const authority = text.slice(from, end);
  const sign = authority.lastIndexOf('@');
  const colon = authority.indexOf(':');
  if (sign < 0) return undefined;
  const hasPassword = colon >= 0 && colon < sign;
  const isToken = isWeb && NO_PASSWORDS.has(hasPassword ? authority.slice(colon + 1, sign) : '');
  if (isToken) return range(from, from + (hasPassword ? colon : sign));
  return hasPassword ? range(from + colon + 1, from + sign) : undefined;
}

function range(from: number, to: number): Range | undefined {
  return to > from ? { from, to } : undefined;
}
