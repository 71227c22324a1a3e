/** What goes on whether or not a thing can be kept: on a full disk a flow runs on, and the log says what is missing. */
import { describeError, type Log } from '../base/mod.ts'

/** Resolves when `keeping` has ended; one that failed is a line of the log, with what it is `about`. */
export async function kept(
  log: Log,
  what: string,
  keeping: Promise<unknown>,
  about: { deployment?: string } = {},
): Promise<void> {
  try {
    await keeping
  } catch (error) {
    log.error(`${what} not kept`, { ...about, error: describeError(error) })
  }
}
