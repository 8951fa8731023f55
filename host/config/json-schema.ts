// The JSON Schema (draft 7, which editors know) of the configuration.

import type { Definition } from '../config-values/value-types.ts';
import { DEFINITION } from './definition.ts';

type Schema = Readonly<Record<string, unknown>>;

/** A text with an environment variable may have any value. */
const VARIABLE = { type: 'string', pattern: '\\$\\{' };
const SIZE = '^\\d+(?: ?[KMGT]iB)?$';
const DURATION = '^(?:\\d+y)?(?:\\d+w)?(?:\\d+d)?(?:\\d+h)?(?:\\d+m)?(?:\\d+s)?(?:\\d+ms)?$';

export function configSchema(): Schema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Configuration of Wasprey, in the format of falco.yaml',
    ...schemaOf(DEFINITION),
  };
}

function schemaOf(definition: Definition): Schema {
  const { description } = definition;
  switch (definition.kind) {
    case 'flag':
      return { description, default: definition.default, ...orVariable({ type: 'boolean' }) };
    case 'number': {
      const { least: minimum, most: maximum, whole } = definition;
      const type = whole ? 'integer' : 'number';
      return { description, default: definition.default, ...orVariable({ type, minimum, maximum }) };
    }
    case 'text': {
      const choices = definition.choices && { enum: definition.choices };
      const byDefault = { description, default: definition.default };
      return choices
        ? { ...byDefault, ...orVariable(choices) }
        : { ...byDefault, type: ['string', 'number', 'boolean', 'null'] };
    }
    case 'duration':
      return { description, default: definition.default, ...orVariable({ type: 'string', pattern: DURATION }) };
    case 'size':
      return {
        description,
        default: definition.default,
        ...orVariable({ type: ['string', 'integer'], pattern: SIZE }),
      };
    case 'list': {
      const { default: own = [] } = definition;
      const byDefault = own.length === 0 ? {} : { default: own };
      const items = { ...byDefault, type: ['array', 'null'], items: schemaOf(definition.items) };
      return definition.orOne ? { description, anyOf: [items, { type: 'string' }] } : { description, ...items };
    }
    case 'map': {
      const values = { type: ['object', 'null'], additionalProperties: schemaOf(definition.values) };
      return definition.orKey ? { description, anyOf: [values, { type: 'string' }] } : { description, ...values };
    }
    case 'section': {
      const properties = Object.fromEntries(Object.entries(definition.keys).map(([key, own]) => [key, schemaOf(own)]));
      const keys = { type: ['object', 'null'], properties, additionalProperties: false };
      return definition.textFor === undefined
        ? { description, ...keys }
        : { description, anyOf: [keys, { type: 'string' }] };
    }
    case 'unused':
      return { description: `No effect. ${description}` };
  }
}

/** A key without a value counts as not given. */
function orVariable(schema: Schema): Schema {
  return { anyOf: [schema, VARIABLE, { type: 'null' }] };
}
