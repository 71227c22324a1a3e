/** C2's one signed door: what comes is a compact JWS, and so is what goes. A stranger gets one same answer for everything. */
import { Hono } from 'hono'
import { limitBody } from '../../web/mod.ts'
import { MESSAGE_BYTES_MAX } from '../../wire/mod.ts'

export function c2Routes(receive: (token: string) => Promise<string>): Hono {
  return new Hono().post('/messages', limitBody(MESSAGE_BYTES_MAX), async (c) => {
    const answer = await receive(await c.req.text())
    return c.body(answer, 200, { 'content-type': 'application/jose' })
  })
}
