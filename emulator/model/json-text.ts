// A string in double quotes, which stays, or one in single quotes and what is between them.
const STRING = /"(?:[^"\\]|\\.)*"|'((?:[^'\\]|\\.)*)'/gs;

/**
 * Reads JSON as clients write it: its strings may be in single quotes.
 *
 * Shape: undefined when it cannot be read.
 */
export function readJsonText(text: string): unknown {
  const strict = text.replace(STRING, (whole, inner?: string) =>
    inner === undefined ? whole : `"${inner.replaceAll("\\'", "'").replaceAll('"', '\\"')}"`,
  );
  try {
    return JSON.parse(strict);
  } catch {
    return undefined;
  }
}
