const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * Parses a duration as Go writes it, for example `1h30m` or `1.5s`.
 *
 * Shape: `undefined` for anything else; a bare `0` needs no unit.
 * Units: milliseconds.
 * Source: Go, time.ParseDuration.
 */
export function parseGoDuration(text: string): number | undefined {
  if (/^[+-]?0$/.test(text)) return 0;
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/.test(text)) return undefined;
  const isNegative = text.startsWith('-');
  let rest = text.replace(/^[+-]/, '');
  let totalMs = 0;
  while (rest !== '') {
    const match = /^(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/.exec(rest);
    if (match === null) return undefined;
    const [whole, amount = '', unit = ''] = match;
    totalMs += Number(amount) * (UNIT_MS[unit] ?? Number.NaN);
    rest = rest.slice(whole.length);
  }
  return isNegative ? -totalMs : totalMs;
}
