/** The labels and annotations of an object that is generated. */
export interface GeneratedMetadata {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Tells whether an object has every generated label and annotation, whatever others it has. */
export function hasGeneratedMetadata(
  generated: GeneratedMetadata,
  present: GeneratedMetadata,
): boolean {
  return (['labels', 'annotations'] as const).every((part) =>
    Object.entries(generated[part]).every(([key, value]) => present[part][key] === value),
  );
}

/**
 * Drops the label or annotation that the API server names by a path; `undefined` when the path
 * names something else.
 */
export function withoutMetadataField<Wish extends GeneratedMetadata>(
  wish: Wish,
  path: string,
): Wish | undefined {
  for (const part of ['labels', 'annotations'] as const) {
    const prefix = `.metadata.${part}.`;
    if (!path.startsWith(prefix)) continue;
    const name = path.slice(prefix.length);
    const kept = Object.entries(wish[part]).filter(([key]) => key !== name);
    return { ...wish, [part]: Object.fromEntries(kept) };
  }
  return undefined;
}
