/** `/healthz` and `/readyz`: for whoever watches the process, before any login, and so without a word about what runs. */
import { Hono } from 'hono'

/** Names what a server still waits for, in words that may be seen by strangers; an empty list when it is ready. */
export type Readiness = () => Promise<readonly string[]>

/** `/healthz`: the process answers. `/readyz`: it does its work, or 503 with what it waits for. */
export function healthRoutes(waitsFor: Readiness): Hono {
  return new Hono()
    .get('/healthz', (c) => c.json({ ok: true }))
    .get('/readyz', async (c) => {
      const waiting = await waitsFor()
      return c.json({ ready: waiting.length === 0, waitsFor: waiting }, waiting.length === 0 ? 200 : 503)
    })
}
