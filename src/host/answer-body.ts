/** What happens when an answer's body fails after its header has left: the connection breaks, and that is all the client learns. */
import { codeOf, logOf } from '../base/mod.ts'

const log = logOf('host')

/**
 * The same answer, whose body calls `breakOff` instead of failing. The server library would print the error and send its
 * message to the client at the end of the body; a broken connection is what tells a client that the body is not complete.
 */
export function breakingOff(response: Response, breakOff: () => void): Response {
  if (!response.body) return response
  const reader = response.body.getReader()
  // A client that leaves is no failure: the reading under way ends then, one way or the other, and nobody waits for it.
  let left = false
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (left) return
          if (done) controller.close()
          else controller.enqueue(value)
        } catch (error) {
          if (left) return
          log.warn('an answer broke off', { code: codeOf(error) })
          breakOff()
          controller.close()
        }
      },
      cancel: (reason) => {
        left = true
        return reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, response)
}
