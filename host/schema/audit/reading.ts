// A field's reading: how its value follows from the JSON of an audit event. What a derivation is for events of system calls. It is data;
// host/audit/readings/ carries it out once an event, and conditions and outputs read the result in the record.

/** RFC 6901: `/objectRef/name`, with `~1` for a slash in a key. */
export type Pointer = `/${string}`;

/**
 * Follows a path. An array before the last key is unfolded: every element is followed, or with an index that one alone.
 * `holes`: an element that the path does not lead through is left out (`skip`), or makes the whole absent (`fail`).
 */
export interface Walk {
  readonly read: 'walk';
  readonly at: Pointer;
  readonly holes: 'skip' | 'fail';
}

/** The name of each image, without tag and digest. */
export interface Repositories {
  readonly read: 'repositories';
  readonly of: Walk;
}

/** Texts of JSON: a string is decoded, anything else is its compact JSON. An empty list is absent. */
export type AuditReading =
  /** The value there. */
  | { readonly read: 'text'; readonly at: Pointer }
  /** The elements of the array there; `[n]`: the n-th. */
  | { readonly read: 'elements'; readonly at: Pointer }
  | Walk
  | Repositories
  /** The value of the first container alone, as one text. */
  | { readonly read: 'first'; readonly of: Walk | Repositories }
  /** The strings of each array there, joined by blanks; another element makes the whole absent. */
  | { readonly read: 'words'; readonly of: Walk }
  /** The hostPort of each port in each array there, or else its containerPort. */
  | { readonly read: 'ports'; readonly of: Walk }
  /** A value of each container's security context, or else of the pod's, or else 0. */
  | { readonly read: 'effective'; readonly containers: Pointer; readonly pod: Pointer; readonly key: string }
  /** `true` if the path leads to true anywhere, else `false`. */
  | { readonly read: 'anyTrue'; readonly of: Walk }
  /** Names of a binding's subjects of that kind; `qualified`: as `namespace:name`, those without a namespace are left out. */
  | { readonly read: 'subjects'; readonly kind: string; readonly qualified?: true }
  /** The elements of that array of all rules of a role; `[n]`: of rule n. */
  | { readonly read: 'ofRules'; readonly key: string }
  /** The keys of each volume but `name`. */
  | { readonly read: 'volumeTypes'; readonly at: Pointer }
  /** Whether any text there is the argument, or begins with it if it ends in `*`: `true` or `false`. */
  | { readonly read: 'anyIs'; readonly of: Walk }
  /** The name in the response, on requests about pods themselves. */
  | { readonly read: 'podName' }
  | { readonly read: 'constant'; readonly value: string }
  /** The argument is the name of a parameter of the request's URI. */
  | { readonly read: 'parameter'; readonly at: Pointer }
  /** The argument is a pointer; its first slash may be missing. */
  | { readonly read: 'pointer' }
  /** The event itself. */
  | { readonly read: 'event'; readonly form: 'compact' | 'indented' };

/** A field of audit events. */
export interface AuditRow {
  readonly name: string;
  readonly description: string;
  readonly reading: AuditReading;
  readonly list?: true;
  /** `index`: optional, a decimal number. `key`: required. */
  readonly argument?: 'index' | 'key';
  /** It is in no member of the record: dear to make and seldom read. It is made for rules that name it. */
  readonly onDemand?: true;
}
