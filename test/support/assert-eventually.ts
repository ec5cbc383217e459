/**
 * Asks again and again until an assertion holds.
 *
 * Errors: the last failure, once the time is over.
 */
export async function assertEventually(
  assertion: () => void | Promise<void>,
  { withinMs = 15_000, everyMs = 25 } = {},
): Promise<void> {
  const endMs = performance.now() + withinMs;
  for (;;) {
    try {
      await assertion();
      return;
    } catch (error) {
      if (performance.now() >= endMs) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
