import type { Emulator } from '../../emulator/emulator.ts';
import type { Clock } from '../../src/cloud/clock.ts';
import type {
  HttpOutcome,
  HttpRequest,
  HttpSender,
} from '../../src/cloud/transport/http-exchange.ts';

/**
 * A door into a local cloud in the same process, in place of sockets: what is sent and signed is the
 * same as over the network, and time is the clock's alone.
 */
export class LocalCloudDoor implements HttpSender {
  readonly #emulator: Emulator;
  readonly #clock: Clock;

  constructor(emulator: Emulator, clock: Clock) {
    this.#emulator = emulator;
    this.#clock = clock;
  }

  exchange(request: HttpRequest): Promise<HttpOutcome> {
    const { signal, url } = request;
    if (signal.aborted) return Promise.resolve(failed('cancelled', false, signal.reason));
    // Throws for the caller of a write that may not be sent, as over a socket.
    request.beforeSend?.();
    const gone = new AbortController();
    return new Promise((resolve, reject) => {
      const finish = (outcome: HttpOutcome): void => {
        cancelTimeout();
        signal.removeEventListener('abort', onAbort);
        gone.abort();
        resolve(outcome);
      };
      const onAbort = (): void => {
        finish(failed('cancelled', true, signal.reason));
      };
      const cancelTimeout = this.#clock.schedule(request.timeoutMs, () => {
        finish(failed('timeout', true, new Error('The answer took too long')));
      });
      signal.addEventListener('abort', onAbort, { once: true });
      this.#emulator
        .handle({
          method: request.method,
          target: `${url.pathname}${url.search}`,
          headers: request.headers,
          body: new TextEncoder().encode(request.body ?? ''),
          gone: gone.signal,
        })
        .then((answer) => {
          if (answer.kind === 'cut') finish(failed('cut', true, new Error('cut')));
          else finish({ ...answer, kind: 'answered' });
        }, reject);
    });
  }
}

function failed(
  reason: 'timeout' | 'cut' | 'cancelled',
  sent: boolean,
  cause: unknown,
): HttpOutcome {
  return { kind: 'failed', reason, sent, cause };
}
