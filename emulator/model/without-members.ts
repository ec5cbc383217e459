/** Copies an object without some of its members. */
export function withoutMembers<Value extends object, Name extends keyof Value>(
  object: Value,
  ...names: readonly Name[]
): Omit<Value, Name> {
  const copy = { ...object };
  for (const name of names) Reflect.deleteProperty(copy, name);
  return copy;
}
