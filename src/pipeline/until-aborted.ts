/** Waiting for something unless a signal comes first. */

/**
 * What `work` gives, or `'aborted'` once the signal is aborted. Not `Promise.race` against a promise that lives as long as the flow:
 * that one would keep everything it was ever raced with, every batch among it.
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | 'aborted'> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => resolve('aborted')
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
