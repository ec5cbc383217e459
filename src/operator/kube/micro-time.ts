/**
 * Writes a time as Kubernetes' MicroTime, with exactly six fractional digits.
 *
 * Source: Kubernetes API machinery, metav1.MicroTime; an API server refuses three digits.
 */
export function microTime(epochMs: number): string {
  const wholeMs = Math.floor(epochMs);
  return new Date(wholeMs).toISOString().replace('Z', '000Z');
}
