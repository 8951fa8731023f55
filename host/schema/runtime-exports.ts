// What a file of rules-wasm/ exports, by its text: for the table of operators, and for the imports of modules.

export interface Exported {
  readonly name: string;
  /** Of a function: the types of its parameters and of its result. A constant has none. */
  readonly types?: { readonly parameters: readonly string[]; readonly result: string };
}

/** A constant, or a function whose head is one line. */
const EXPORT = /^(?:@inline )?export (?:const (\w+)|function (\w+)\((.*)\): (\w+) \{$)/gm;

/** In the order of the text. */
export function exportsOf(text: string): readonly Exported[] {
  return [...text.matchAll(EXPORT)].map(([, constant, name = '', list = '', result = '']) => {
    if (constant !== undefined) return { name: constant };
    const parameters = [...list.matchAll(/: (\w+)/g)].map(([, type = '']) => type);
    return { name, types: { parameters, result } };
  });
}
