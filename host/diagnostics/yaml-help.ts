// Suggests corrections for YAML that does not parse. The parser speaks of indentation where most often quotes are missing.

/** What to do about a line; undefined if it shows no usual mistake. */
export function yamlHelp(line: string): string | undefined {
  const item = /^(rule|macro|list):\s/.exec(line)?.[1];
  if (item !== undefined) return `every item begins with a dash: \`- ${item}: ...\``;
  const [, key, value] = /^\s*(?:- +)?([\w-]+):\s+(\S.*?)\s*$/.exec(line) ?? [];
  if (key === undefined || value === undefined) return undefined;
  const first = value.charAt(0);
  if (/[%@`*&!]/.test(first)) return `a value that begins with ${first} needs quotes: \`${key}: "${first}..."\``;
  if (/^[^"'|>[{]/.test(value) && /:(?:\s|$)/.test(value)) {
    return `a value with a colon and a blank in it needs quotes: \`${key}: "..."\``;
  }
  return undefined;
}
