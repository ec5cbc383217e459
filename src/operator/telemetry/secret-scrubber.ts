/** What stands in the place of a secret. */
const PLACEHOLDER = '[redacted]';

/** Texts shorter than this occur by chance. */
const MIN_SECRET_LENGTH = 6;

/** Values that are secret wherever they stand: tokens in headers, signatures in addresses. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|Basic) [A-Za-z0-9._~+/=-]{8,}/g, `$1 ${PLACEHOLDER}`],
  [/\b(Signature|SecurityToken|AccessKeySecret)(=|%3D)[^&\s"'\\]+/gi, `$1$2${PLACEHOLDER}`],
];

/**
 * Takes secrets out of text on its way to where people read it.
 *
 * Shape: what was given to it as secret is taken out literally, and so is what looks like one.
 */
export class SecretScrubber {
  readonly #secrets = new Set<string>();

  /** Makes a text a secret from here on. */
  add(secret: string): void {
    if (secret.length < MIN_SECRET_LENGTH) return;
    this.#secrets.add(secret);
    this.#secrets.add(encodeURIComponent(secret));
    // As it stands inside a JSON string.
    this.#secrets.add(JSON.stringify(secret).slice(1, -1));
  }

  scrub(text: string): string {
    let clean = text;
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, PLACEHOLDER);
    for (const [pattern, replacement] of PATTERNS) clean = clean.replace(pattern, replacement);
    return clean;
  }
}
