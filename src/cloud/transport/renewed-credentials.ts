import type { Clock } from '../clock.ts';

/** Temporary credentials of a RAM role. */
export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken: string;
  /** Wall-clock time in milliseconds since the epoch. */
  readonly expiresAtMs: number;
}

/** Where temporary credentials come from. */
export interface RoleCredentialsOrigin {
  /** The vendor's name for this kind of provider. */
  readonly providerName: string;
  /** Asks for credentials; bounds its own time. */
  readonly fetch: (signal: AbortSignal) => Promise<RoleCredentials>;
}

/** Credentials are renewed this long before they end, or after half of a shorter life. */
const RENEW_BEFORE_END_MS = 15 * 60_000;

const LONGEST_PAUSE_MS = 60_000;
const SHORTEST_PAUSE_MS = 1_000;

/**
 * Temporary credentials that last, as a provider for the vendor's credentials package.
 *
 * Shape: renewed in the background while the present ones still work, so that no call waits for
 *   it; many callers share one renewal. The package's own providers ask fixed addresses, over https
 *   only, by the clock of the machine.
 * Errors: those of the origin when there are none that still work.
 */
export class RenewedCredentials {
  readonly #origin: RoleCredentialsOrigin;
  readonly #clock: Clock;
  #present: RoleCredentials | undefined;
  #renewAtMs = 0;
  #renewal: Promise<RoleCredentials> | undefined;

  constructor(origin: RoleCredentialsOrigin, clock: Clock) {
    this.#origin = origin;
    this.#clock = clock;
  }

  /** The vendor's name for this kind of provider. */
  getProviderName(): string {
    return this.#origin.providerName;
  }

  /** Answers credentials that work at present. */
  async getCredentials(): Promise<{
    readonly accessKeyId: string;
    readonly accessKeySecret: string;
    readonly securityToken: string;
    readonly providerName: string;
  }> {
    const { accessKeyId, accessKeySecret, securityToken } = await this.#working();
    return {
      accessKeyId,
      accessKeySecret,
      securityToken,
      providerName: this.getProviderName(),
    };
  }

  async #working(): Promise<RoleCredentials> {
    const now = this.#clock.now();
    const present = this.#present;
    if (present === undefined || now >= present.expiresAtMs) return this.#renew();
    if (now >= this.#renewAtMs) {
      // A failed renewal is tried again soon; until the end the present ones are good.
      this.#renewAtMs = now + pauseMs(present.expiresAtMs - now);
      this.#renew().catch(() => undefined);
    }
    return present;
  }

  #renew(): Promise<RoleCredentials> {
    this.#renewal ??= this.#fetch().finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #fetch(): Promise<RoleCredentials> {
    // Shared by many callers, so no caller's signal ends it.
    const fetched = await this.#origin.fetch(new AbortController().signal);
    const now = this.#clock.now();
    const lifeMs = fetched.expiresAtMs - now;
    this.#present = fetched;
    // The metadata hands out the same credentials until shortly before their end.
    this.#renewAtMs =
      lifeMs > 2 * RENEW_BEFORE_END_MS
        ? fetched.expiresAtMs - RENEW_BEFORE_END_MS
        : now + pauseMs(lifeMs);
    return fetched;
  }
}

function pauseMs(remainingMs: number): number {
  return Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, remainingMs / 2));
}
