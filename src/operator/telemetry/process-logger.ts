import { pino, type DestinationStream } from 'pino';
import type { Clock } from '../../cloud/clock.ts';
import type { Logger } from '../../reconcilers/reconciler.ts';
import type { SecretScrubber } from './secret-scrubber.ts';

/** How a process logs. */
export interface ProcessLoggerOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly format: 'json' | 'text';
  readonly clock: Clock;
  readonly scrubber: SecretScrubber;
  /** Standard output unless given. */
  readonly destination?: DestinationStream;
}

/** A logger whose lines carry the name of a part of the program. */
export interface ProcessLogger extends Logger {
  /** Returns a logger for a part of the program. */
  named(logger: string): ProcessLogger;
}

/** Fields that are secret by their name, wherever they stand. */
const SECRET_FIELDS = [
  'accessKeySecret',
  'securityToken',
  'authorization',
  'Authorization',
  'token',
  'password',
];

/**
 * Makes a logger that writes one line for each entry, JSON unless asked otherwise.
 *
 * Shape: `ts`, `level`, `msg`, `logger`, then the fields; an error is in `err`. Lines are written
 *   before the call returns, so that the last words of a process are not lost.
 */
export function createProcessLogger(options: ProcessLoggerOptions): ProcessLogger {
  const { clock, scrubber, format, level } = options;
  const destination = options.destination ?? pino.destination({ dest: 1, sync: true });
  const base = pino(
    {
      level,
      messageKey: 'msg',
      timestamp: () => `,"ts":"${new Date(clock.now()).toISOString()}"`,
      formatters: {
        level: (label) => ({ level: label }),
        bindings: () => ({}),
      },
      redact: {
        paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
        censor: '[redacted]',
      },
      hooks: {
        streamWrite: (line) => {
          const clean = scrubber.scrub(line);
          return format === 'json' ? clean : toText(clean);
        },
      },
    },
    destination,
  );
  const wrap = (inner: pino.Logger): ProcessLogger => ({
    debug: (message, fields) => {
      inner.debug(fields ?? {}, message);
    },
    info: (message, fields) => {
      inner.info(fields ?? {}, message);
    },
    warn: (message, fields) => {
      inner.warn(fields ?? {}, message);
    },
    error: (message, fields) => {
      inner.error(fields ?? {}, message);
    },
    named: (logger) => wrap(base.child({ logger })),
  });
  return wrap(base.child({ logger: 'operator' }));
}

/** Turns a line of JSON into `ts LEVEL msg name=value …`. */
function toText(line: string): string {
  const { ts, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const words = [ts, String(level).toUpperCase(), msg].map(String);
  const pairs = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${[...words, ...pairs].join(' ')}\n`;
}
