/** C2's two doors of a tenant. Only signed or sealed messages are read here, and strangers get one same answer. Nothing of content is logged. */
import { Hono } from 'hono'
import { type Log, logOf } from '../../base/mod.ts'
import { limitBody, problem, RequestTooLarge } from '../../web/mod.ts'
import { C2Refused, ENROLMENT_BYTES_MAX, EnrolmentRefused, MESSAGE_BYTES_MAX } from '../../wire/mod.ts'

export type C2Doors = {
  receive(token: string): Promise<string>
  enrol(body: string): Promise<string>
}

/** What an address without a tenant answers: the same as a tenant answers to a stranger. */
export const closedDoors: C2Doors = {
  receive: () => Promise.reject(new C2Refused('recipient')),
  enrol: () => Promise.reject(new EnrolmentRefused('the enrolment was refused')),
}

const log = logOf('platform')

export function c2Routes(doors: C2Doors): Hono {
  const messages = new Hono()
    .onError((error) => refusal(log, error instanceof RequestTooLarge ? new C2Refused('size') : error))
    .post('/', limitBody(MESSAGE_BYTES_MAX), async (c) =>
      c.body(await doors.receive(await c.req.text()), 200, { 'content-type': 'application/jose' }),
    )
  const enrolment = new Hono()
    .onError((error) =>
      refusal(log, error instanceof RequestTooLarge ? new EnrolmentRefused('the enrolment was refused') : error),
    )
    .post('/', limitBody(ENROLMENT_BYTES_MAX), async (c) =>
      c.body(await doors.enrol(await c.req.text()), 200, { 'content-type': 'application/json' }),
    )
  return new Hono().route('/messages', messages).route('/enrolment', enrolment)
}

/** The reason goes to the log of this process alone; the answer has neither it nor a request id, so that all are alike. */
function refusal(to: Log, error: unknown): Response {
  if (error instanceof C2Refused) to.debug('a message was refused', { reason: error.reason })
  return problem(error)
}
