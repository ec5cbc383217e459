import { Hono } from 'hono';

/** One thing that is looked at when health is asked for. */
export interface HealthCheck {
  readonly name: string;
  /** Returns what is wrong, for the log; `undefined` when nothing is. */
  readonly problem: () => string | undefined;
}

/** The checks behind each of the three questions. */
export interface HealthChecks {
  /** Whether the process works; `/livez` and `/healthz`. Nothing outside of it counts. */
  readonly live: readonly HealthCheck[];
  /** Whether the process does its work; `/readyz`. */
  readonly ready: readonly HealthCheck[];
}

/**
 * Answers health questions in the manner of Kubernetes' own components.
 *
 * Shape: `ok` with 200, or 500 with one line for each check; `?verbose` always lists them,
 *   `?exclude=name` leaves one out, and each check has a path of its own below.
 * Source: Kubernetes, API health endpoints.
 */
export function healthApplication(
  checks: HealthChecks,
  onFailure: (endpoint: string, problems: readonly string[]) => void,
): Hono {
  const application = new Hono();
  const endpoints = [
    ['healthz', checks.live],
    ['livez', checks.live],
    ['readyz', checks.ready],
  ] as const;
  for (const [endpoint, all] of endpoints) {
    application.get(`/${endpoint}`, (context) => {
      const excluded = new Set(context.req.queries('exclude') ?? []);
      const included = all.filter(({ name }) => !excluded.delete(name));
      const results = included.map(({ name, problem }) => ({ name, problem: problem() }));
      const failed = results.filter((result) => result.problem !== undefined);
      const lines = results.map(({ name, problem }) =>
        problem === undefined ? `[+]${name} ok` : `[-]${name} failed: reason withheld`,
      );
      if (excluded.size > 0) {
        lines.push(
          `warn: some health checks cannot be excluded: no matches for ${[...excluded].join(',')}`,
        );
      }
      if (failed.length > 0) {
        onFailure(
          endpoint,
          failed.map(({ name, problem }) => `${name}: ${problem ?? ''}`),
        );
        return context.text(`${lines.join('\n')}\n${endpoint} check failed\n`, 500);
      }
      const isVerbose = context.req.query('verbose') !== undefined;
      if (!isVerbose) return context.text('ok');
      return context.text(`${lines.join('\n')}\n${endpoint} check passed\n`);
    });
    for (const check of all) {
      application.get(`/${endpoint}/${check.name}`, (context) => {
        const problem = check.problem();
        if (problem === undefined) return context.text('ok');
        onFailure(endpoint, [`${check.name}: ${problem}`]);
        return context.text('internal server error: reason withheld\n', 500);
      });
    }
  }
  return application;
}
