// Default values of keys that were not given.

import { parseDuration } from './duration.ts';
import { parseSize } from './size.ts';
import type { Definition, ValueOf } from './value-types.ts';

/** The default of any definition: maps are empty, and so are lists without a default; sections have the defaults of their keys. */
export function defaultOf(definition: Definition): unknown {
  switch (definition.kind) {
    case 'flag':
    case 'number':
    case 'text':
      return definition.default;
    case 'duration':
      return parseDuration(definition.default);
    case 'size':
      return parseSize(definition.default);
    case 'list':
      return definition.default ?? [];
    case 'map':
      return new Map();
    case 'section':
      return definition.sparse
        ? {}
        : Object.fromEntries(Object.entries(definition.keys).map(([key, own]) => [key, defaultOf(own)]));
    case 'unused':
      return undefined;
  }
}

export function defaultsOf<Given extends Definition>(definition: Given): ValueOf<Given> {
  // It follows the definition, which TypeScript can't follow.
  return defaultOf(definition) as ValueOf<Given>;
}
