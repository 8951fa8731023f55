// Types that describe the keys of the configuration, as data: reading, defaults, JSON Schema and documentation are derived from them.

/**
 * How a changed key applies while the agent runs: with the rules, which are reloaded; at once; or with all outputs, which are reopened. An
 * output's own keys apply by that output.
 */
export type WhileRunning = 'rules' | 'now' | 'outputs' | 'start';

interface DefinitionBase {
  /** One sentence for the documentation. */
  readonly description: string;
  /** Holds for keys below it, too. Without, a change applies from the next start, as with `start`. */
  readonly whileRunning?: WhileRunning;
}

export interface FlagDefinition extends DefinitionBase {
  readonly kind: 'flag';
  readonly default: boolean;
}

export interface NumberDefinition extends DefinitionBase {
  readonly kind: 'number';
  readonly default: number;
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
}

export interface TextDefinition<Choice extends string = string> extends DefinitionBase {
  readonly kind: 'text';
  readonly default: string;
  /** In the spelling of the value; input may have any case. */
  readonly choices?: readonly Choice[];
  /** What to do instead of a value that Falco has and that is refused here. */
  readonly instead?: Readonly<Record<string, string>>;
  /** What must not appear in a log: the whole value, or all of a URL but the host. */
  readonly secret?: 'all' | 'address';
}

/** A time as Prometheus writes it, `1h30m`; its value is in milliseconds. */
export interface DurationDefinition extends DefinitionBase {
  readonly kind: 'duration';
  readonly default: string;
  readonly leastMs: number;
}

/** A number of bytes as `256MiB`; its value is in bytes. */
export interface SizeDefinition extends DefinitionBase {
  readonly kind: 'size';
  readonly default: string;
  readonly least: number;
}

export interface ListDefinition<Item extends Definition = Definition> extends DefinitionBase {
  readonly kind: 'list';
  readonly items: Item;
  /** Undefined: the list is empty. */
  readonly default?: readonly ValueOf<Item>[];
  /** A single text means a list with it. */
  readonly orOne?: true;
}

/** Keys that are known. */
export interface SectionDefinition<Keys extends KeyTable = KeyTable> extends DefinitionBase {
  readonly kind: 'section';
  readonly keys: Keys;
  /** An item of a list. Keys that are not given are absent instead of having their default. */
  readonly sparse?: true;
  /** A text in place of the section is the value of this key. */
  readonly textFor?: string;
}

/** Keys that the user names. */
export interface MapDefinition<Value extends Definition = Definition> extends DefinitionBase {
  readonly kind: 'map';
  readonly values: Value;
  /** A text in its place is a key without value. */
  readonly orKey?: true;
}

/** A key of Falco that has no effect here; its value is ignored. The description is the reason. */
export interface UnusedDefinition extends DefinitionBase {
  readonly kind: 'unused';
}

export type Definition =
  | FlagDefinition
  | NumberDefinition
  | TextDefinition
  | DurationDefinition
  | SizeDefinition
  | ListDefinition
  | SectionDefinition
  | MapDefinition
  | UnusedDefinition;

export interface KeyTable {
  readonly [key: string]: Definition;
}

/** The type of the value that a definition reads. */
export type ValueOf<Given extends Definition> =
  Given extends SectionDefinition<infer Keys>
    ? Given extends { readonly sparse: true }
      ? Partial<SectionValue<Keys>>
      : SectionValue<Keys>
    : Given extends ListDefinition<infer Item>
      ? readonly ValueOf<Item>[]
      : Given extends MapDefinition<infer Value>
        ? ReadonlyMap<string, ValueOf<Value>>
        : Given extends FlagDefinition
          ? boolean
          : Given extends TextDefinition<infer Choice>
            ? Choice
            : Given extends UnusedDefinition
              ? undefined
              : number;

export type SectionValue<Keys extends KeyTable> = {
  readonly [Key in keyof Keys as Keys[Key] extends UnusedDefinition ? never : Key]: ValueOf<Keys[Key]>;
};

export function flag(byDefault: boolean, description: string): FlagDefinition {
  return { kind: 'flag', default: byDefault, description };
}

export function whole(byDefault: number, range: { least: number; most: number }, description: string) {
  return { kind: 'number', default: byDefault, ...range, whole: true, description } as const satisfies NumberDefinition;
}

export function fraction(byDefault: number, range: { least: number; most: number }, description: string) {
  return {
    kind: 'number',
    default: byDefault,
    ...range,
    whole: false,
    description,
  } as const satisfies NumberDefinition;
}

export function text(byDefault: string, description: string): TextDefinition {
  return { kind: 'text', default: byDefault, description };
}

/** A text that may contain a secret. */
export function secretText(secret: 'all' | 'address', description: string): TextDefinition {
  return { ...text('', description), secret };
}

export function choice<const Choice extends string>(
  choices: readonly Choice[],
  byDefault: NoInfer<Choice>,
  description: string,
): TextDefinition<Choice> {
  return { kind: 'text', default: byDefault, choices, description };
}

export function duration(byDefault: string, leastMs: number, description: string): DurationDefinition {
  return { kind: 'duration', default: byDefault, leastMs, description };
}

export function size(byDefault: string, least: number, description: string): SizeDefinition {
  return { kind: 'size', default: byDefault, least, description };
}

export function list<Item extends Definition>(
  items: Item,
  description: string,
  byDefault: readonly NoInfer<ValueOf<Item>>[] = [],
): ListDefinition<Item> {
  return { kind: 'list', items, description, default: byDefault };
}

export function section<const Keys extends KeyTable>(description: string, keys: Keys): SectionDefinition<Keys> {
  return { kind: 'section', keys, description };
}

/** An item of a list; keys that are not given are absent. */
export function item<const Keys extends KeyTable>(description: string, keys: Keys) {
  return { kind: 'section', keys, description, sparse: true } as const;
}

export function map<Value extends Definition>(values: Value, description: string): MapDefinition<Value> {
  return { kind: 'map', values, description };
}

export function unused(reason: string): UnusedDefinition {
  return { kind: 'unused', description: reason };
}

/** The key, with a changed time at which its changes apply while the agent runs. */
export function applies<Given extends Definition>(whileRunning: WhileRunning, definition: Given): Given {
  return { ...definition, whileRunning };
}
