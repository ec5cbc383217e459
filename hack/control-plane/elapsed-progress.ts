/** Formats a duration as minutes and seconds: 3:07. */
export function formatElapsed(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/**
 * Runs something that takes long and shows on standard error what it is and for how long it runs.
 *
 * Shape: one line that counts on a terminal; elsewhere a line at the start, every 15 s and at the
 *   end, so that a CI log shows life without growing long.
 */
export async function withProgress<T>(title: string, work: () => Promise<T>): Promise<T> {
  const output = process.stderr;
  const startedAt = performance.now();
  const elapsed = () => formatElapsed(performance.now() - startedAt);
  const show = (ending: string) => {
    const line = `${title} … ${elapsed()}${ending}`;
    output.write(output.isTTY ? `\r\u001b[K${line}` : `${line.trimEnd()}\n`);
  };
  show('');
  const timer = setInterval(
    () => {
      show('');
    },
    output.isTTY ? 1000 : 15_000,
  );
  try {
    const result = await work();
    show(' done\n');
    return result;
  } catch (error) {
    show(' failed\n');
    throw error;
  } finally {
    clearInterval(timer);
  }
}
