/** Memory that the host holds for later use, given back. */

/**
 * Lets go of code that was compiled and is not running, and of blocks that are free: some MB once a start is over, since most of it
 * runs once. It takes a full collection of garbage, soon after the call; such a collection alone frees a tenth of it. Bun calls the
 * function deprecated and has none in its place. Node and Deno have no way to; there it does nothing.
 */
export function releaseMemory(): void {
  if (typeof Bun !== 'undefined') Bun.shrink()
}
