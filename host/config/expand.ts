// ${NAME} in values, as in Falco: replaced by the environment variable, whose value is expanded too; $${NAME} is a literal ${NAME}.

export type Environment = Readonly<Record<string, string | undefined>>;

/** Most replacements in one value; a variable that contains itself needs more. */
const MOST_REPLACEMENTS = 1000;
const LONGEST = 1 << 20;

/** Unset variables expand to nothing. Undefined if the expansion does not end. */
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
      // The second $ is literal, and the text in the braces is expanded by itself.
      result = result.slice(0, at) + result.slice(at + 1);
      at++;
    } else {
      at++;
    }
  }
  return result;
}
