// Codes of errors and warnings: Falco's, which scripts know, and a few of our own for what Falco doesn't check.

/** Code -> what it means, in a few words. */
export const ERROR_CODES = {
  LOAD_ERR_FILE_READ: 'file cannot be read',
  LOAD_ERR_YAML_PARSE: 'not YAML',
  LOAD_ERR_YAML_VALIDATE: 'not the shape of a rules file',
  LOAD_ERR_COMPILE_CONDITION: 'condition is wrong',
  LOAD_ERR_COMPILE_OUTPUT: 'output is wrong',
  LOAD_ERR_VALIDATE: 'parts that do not go together',
  LOAD_ERR_EXTENSION: 'extension failed',
} as const;

export const WARNING_CODES = {
  LOAD_UNKNOWN_SOURCE: 'rule for a source that nothing provides',
  LOAD_UNSAFE_NA_CHECK: 'comparison with <NA>',
  LOAD_NO_EVTTYPE: 'rule not limited to some event types',
  LOAD_UNKNOWN_FILTER: 'rule left out for an unknown field',
  LOAD_UNUSED_MACRO: 'unused macro',
  LOAD_UNUSED_LIST: 'unused list',
  LOAD_UNKNOWN_ITEM: 'unknown item',
  LOAD_UNKNOWN_KEY: 'unknown key',
  LOAD_DEPRECATED_ITEM: 'deprecated',
  LOAD_WARNING_EXTENSION: 'extension warns',
  LOAD_APPEND_NO_VALUES: 'exception without values',
  LOAD_EXCEPTION_NAME_NOT_UNIQUE: 'exception defined twice',
  LOAD_INVALID_MACRO_NAME: 'bad macro name',
  LOAD_INVALID_LIST_NAME: 'bad list name',
  LOAD_COMPILE_CONDITION: 'condition may be wrong',
  /** Not in Falco: the capture can't supply a field that the rule reads. */
  WASPREY_FIELD_UNAVAILABLE: 'field without a source',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;
export type WarningCode = keyof typeof WARNING_CODES;

/** What a place in a rules file is part of, in Falco's words. */
export type ItemType =
  | 'value for'
  | 'exceptions'
  | 'exception'
  | 'exception values'
  | 'exception value'
  | 'rules content'
  | 'rules content item'
  | 'required_engine_version'
  | 'required plugin versions'
  | 'required plugin versions entry'
  | 'required plugin versions alternative'
  | 'list'
  | 'list item'
  | 'macro'
  | 'macro condition'
  | 'rule'
  | 'rule condition'
  | 'condition expression'
  | 'rule output'
  | 'rule output expression'
  | 'rule priority'
  | 'overrides'
  | 'extension item';
