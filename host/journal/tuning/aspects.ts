// Fields by what they say of an alert. Of each aspect an exception has one field at most; the first is the most exact.

/** The aspects of alerts of one source. */
export interface Aspects {
  /** Who did it: each exception names that. */
  readonly subject: readonly string[];
  /** Sets of fields that are specific enough: each exception has one of them. */
  readonly telling: readonly (readonly string[])[];
  readonly others: readonly (readonly string[])[];
}

/** Nearly everything on a machine is of one user. */
export const CALL_ASPECTS = {
  subject: ['proc.exepath', 'proc.name'],
  telling: [['proc.pname'], ['fd.name', 'fs.path.name', 'fd.directory', 'fd.sport'], ['container.image.repository']],
  others: [['k8s.ns.name'], ['user.name']],
} as const satisfies Aspects;

/** A rule concerns few verbs and resources. The user agent is the client's own claim, and proves nothing. */
export const AUDIT_ASPECTS = {
  subject: ['ka.user.name'],
  telling: [['ka.target.name'], ['ka.target.namespace']],
  others: [['ka.target.resource'], ['ka.verb']],
} as const satisfies Aspects;

export function fieldsOfAspects({ subject, telling, others }: Aspects): readonly string[] {
  return [subject, ...telling, ...others].flat();
}
