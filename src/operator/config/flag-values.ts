import { parseGoDuration } from './go-duration.ts';
import type { FlagName, GivenFlags } from './operator-flags.ts';

/** An address to listen on. */
export interface BindAddress {
  readonly host: string;
  readonly port: number;
}

/** Judges the text of each flag; a mistake is noted and a harmless value returned in its place. */
export class FlagValues {
  readonly #flags: GivenFlags;
  readonly #mistakes: string[];

  constructor(flags: GivenFlags, mistakes: string[]) {
    this.#flags = flags;
    this.#mistakes = mistakes;
  }

  text(name: FlagName): string {
    return this.#flags.values[name].trim();
  }

  isGiven(name: FlagName): boolean {
    return this.#flags.given.has(name);
  }

  optional(name: FlagName): string | undefined {
    return filled(this.text(name));
  }

  boolean(name: FlagName): boolean {
    const text = this.text(name);
    // The words are Go's.
    if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true;
    if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return false;
    this.#reject(name, 'true or false');
    return false;
  }

  positive(name: FlagName): number {
    const text = this.text(name);
    const value = Number(text);
    const isWhole = name === 'kube-api-qps' || Number.isInteger(value);
    if (/^\d+(\.\d+)?$/.test(text) && value > 0 && value <= 100_000 && isWhole) return value;
    this.#reject(name, name === 'kube-api-qps' ? 'a positive number' : 'a positive whole number');
    return 1;
  }

  duration(name: FlagName, minimumMs: number): number {
    const value = parseGoDuration(this.text(name));
    if (value !== undefined && value >= minimumMs) return value;
    const bound = minimumMs > 1 ? ` of at least ${minimumMs / 1_000}s` : '';
    this.#reject(name, `a duration${bound} such as 90s or 1h30m`);
    return minimumMs;
  }

  oneOf<Choice extends string>(name: FlagName, choices: readonly [Choice, ...Choice[]]): Choice {
    const text = this.text(name).toLowerCase();
    const choice = choices.find((candidate) => candidate === text);
    if (choice !== undefined) return choice;
    this.#reject(name, `one of ${choices.join(', ')}`);
    return choices[0];
  }

  /** `undefined` switches the server off, as the Go CCM does for `0`. */
  bindAddress(name: FlagName): BindAddress | undefined {
    const text = this.text(name);
    if (text === '0' || text === '') return undefined;
    const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
    const port = Number(match?.[3]);
    if (match === null || port > 65_535) {
      this.#reject(name, 'an address such as 127.0.0.1:8080 or :8080, or 0 for none');
      return undefined;
    }
    const host = match[1] ?? match[2] ?? '';
    // Every interface, of either family.
    return { host: host === '' ? '::' : host, port };
  }

  /** A time in seconds; one below zero counts as none, as the Go CCM reads it. */
  seconds(name: FlagName): number {
    const value = Number(this.text(name));
    if (/^-?\d+(\.\d+)?$/.test(this.text(name)) && value <= 3_600) return Math.max(0, value);
    this.#reject(name, 'a number of seconds');
    return 0;
  }

  /** Zero, where that means that the choice is left open. */
  whole(name: FlagName): number {
    const text = this.text(name);
    if (/^\d{1,6}$/.test(text)) return Number(text);
    this.#reject(name, 'a whole number');
    return 0;
  }

  /** A positive whole number of at most this. */
  upTo(name: FlagName, maximum: number): number {
    const value = Number(this.text(name));
    if (/^\d{1,6}$/.test(this.text(name)) && value >= 1 && value <= maximum) return value;
    this.#reject(name, `a whole number from 1 to ${maximum}`);
    return maximum;
  }

  /** Notes a mistake in a flag's value. */
  #reject(name: FlagName, wanted: string): void {
    this.#mistakes.push(`Flag "--${name}" is "${this.text(name)}": it must be ${wanted}`);
  }
}

/** A text without the blanks around it; `undefined` where nothing is left. */
export function filled(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text.trim();
}
