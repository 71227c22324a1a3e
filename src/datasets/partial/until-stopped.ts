/** Bytes that come until they end, or until somebody stops waiting for more: a sender that is gone says nothing. */
import { UploadCutOff, UploadTooLarge } from '../errors.ts'

/** Fails with `upload.cut_off` when its sender breaks off, and when `signal` stops it, even while nothing comes. */
export async function* untilStopped(
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const chunks = content[Symbol.asyncIterator]()
  try {
    for (;;) {
      const { done, value } = await nextOr(chunks, signal)
      if (done) return
      yield value
    }
  } finally {
    // Not waited for: what never comes would never end either.
    chunks.return?.()?.catch(() => undefined)
  }
}

/** A listener for each chunk, and none left behind: a race against one promise would keep something of every chunk. */
function nextOr(chunks: AsyncIterator<Uint8Array>, signal: AbortSignal): Promise<IteratorResult<Uint8Array>> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new UploadCutOff('another request goes on with this upload'))
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop)
    chunks
      .next()
      .then(resolve, (cause) => reject(cause instanceof UploadTooLarge ? cause : cutOff(cause)))
      .finally(() => signal.removeEventListener('abort', stop))
  })
}

/** How a connection ends that breaks differs from host to host. */
function cutOff(cause: unknown): UploadCutOff {
  return new UploadCutOff('less came than the upload announced', { cause })
}
