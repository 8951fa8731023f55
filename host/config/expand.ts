// ${NAME} in values, by Falco's rules: replaced by the environment's value, also within that value; $${NAME} stands for ${NAME} itself.

export type Environment = Readonly<Record<string, string | undefined>>;

/** Replacements in one value; more is a variable that holds itself. */
const MOST_REPLACEMENTS = 1000;
const LONGEST = 1 << 20;

/** Variables that are not set become nothing. Undefined if the expansion has no end. */
export function expandVariables(text: string, environment: Environment): string | undefined {
  let result = text;
  let replaced = 0;
  for (let at = result.indexOf('$'); at >= 0; at = result.indexOf('$', at)) {
    if (result.startsWith('${', at)) {
      const end = result.indexOf('}', at + 2);
      if (end < 0) return result;
      const name = result.slice(at + 2, end);
      const value = Object.hasOwn(environment, name) ? (environment[name] ?? '') : '';
      result = result.slice(0, at) + value + result.slice(end + 1);
      if (++replaced > MOST_REPLACEMENTS || result.length > LONGEST) return undefined;
    } else if (result.startsWith('$${', at) && result.includes('}', at + 3)) {
      // The second $ is literal, and what stands in the braces is looked at for itself.
      result = result.slice(0, at) + result.slice(at + 1);
      at++;
    } else {
      at++;
    }
  }
  return result;
}
