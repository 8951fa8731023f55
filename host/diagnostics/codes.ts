// Codes of errors and warnings: Falco's, which scripts depend on, and a few of our own for additional checks.

/** Code -> what it means, in Falco's words: `codedesc` of its JSON result. */
export const ERROR_CODES = {
  LOAD_ERR_FILE_READ: 'File read error',
  LOAD_ERR_YAML_PARSE: 'YAML parse error',
  LOAD_ERR_YAML_VALIDATE: 'Error validating internal structure of YAML file',
  LOAD_ERR_COMPILE_CONDITION: 'Error compiling condition',
  LOAD_ERR_COMPILE_OUTPUT: 'Error compiling output',
  LOAD_ERR_VALIDATE: 'Error validating rule/macro/list/exception objects',
  LOAD_ERR_EXTENSION: 'Error in extension item',
  /** Not in Falco: a response acts in the kernel on a rule that can't be decided there. */
  WASPREY_NOT_EXACT: 'Condition that the kernel cannot decide',
} as const;

export const WARNING_CODES = {
  LOAD_UNKNOWN_SOURCE: 'Unknown event source',
  LOAD_UNSAFE_NA_CHECK: 'Unsafe <NA> comparison in condition',
  LOAD_NO_EVTTYPE: 'Condition has no event-type restriction',
  LOAD_UNKNOWN_FILTER: 'Unknown field or event-type in condition or output',
  LOAD_UNUSED_MACRO: 'Unused macro',
  LOAD_UNUSED_LIST: 'Unused list',
  LOAD_UNKNOWN_ITEM: 'Unknown rules file item',
  LOAD_UNKNOWN_KEY: 'Unknown item key',
  LOAD_DEPRECATED_ITEM: 'Used deprecated item',
  LOAD_WARNING_EXTENSION: 'Warning in extension item',
  LOAD_APPEND_NO_VALUES: 'Overriding/appending with no values',
  LOAD_EXCEPTION_NAME_NOT_UNIQUE: 'Multiple exceptions defined with the same name',
  LOAD_INVALID_MACRO_NAME: 'Invalid macro name',
  LOAD_INVALID_LIST_NAME: 'Invalid list name',
  LOAD_COMPILE_CONDITION: 'Warning in rule condition',
  /** Not in Falco: the capture can't supply a field that the rule reads. */
  WASPREY_FIELD_UNAVAILABLE: 'Field that live events cannot supply',
  WASPREY_EVENT_UNAVAILABLE: 'Event type that is not captured',
  /** Not in Falco: what it leaves out without a word. */
  WASPREY_KEY_IGNORED: 'Key without effect',
  WASPREY_DEFINED_TWICE: 'Name defined twice in one file',
  WASPREY_UNKNOWN_LIST: 'Value that looks like the name of a list',
  /** Not in Falco: there it is an error. */
  WASPREY_PLUGIN_UNAVAILABLE: 'Missing plugin',
  /** Not in Falco: findings of `wasprey lint`. */
  LINT_SHADOWED: 'Rule that is never the first to match',
  LINT_ALWAYS_FALSE: 'Condition that is never true',
  LINT_ALWAYS_TRUE: 'Check that is always true',
  LINT_VALUE_NEVER_MATCHES: 'Value that the field never has',
  LINT_UNUSED_MACRO: 'Macro that nothing uses',
  LINT_UNUSED_LIST: 'List that nothing uses',
  LINT_EXPENSIVE: 'Expensive condition',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;
export type WarningCode = keyof typeof WARNING_CODES;

/** Kinds of items that contain a place in a rules file, in Falco's words. */
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
