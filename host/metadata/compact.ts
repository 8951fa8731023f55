// Removes unknown members, so that "absent" has one representation.

/** The object without the members that are undefined. */
export function compact<T extends object>(object: { readonly [Key in keyof T]: T[Key] | undefined }): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
