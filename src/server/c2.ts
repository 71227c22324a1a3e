/** C2's doors. Only signed or sealed messages are read here, and strangers get one same answer. Nothing of content is logged. */
import { Hono } from 'hono'
import { AppError, describeError, type Log } from '../base/mod.ts'
import { limitBody, problem, RequestTooLarge } from '../web/mod.ts'
import { C2Refused, ENROLMENT_BYTES_MAX, EnrolmentRefused, MESSAGE_BYTES_MAX } from '../wire/mod.ts'

/** What the doors do. Only a Platform's tenant takes enrolments. */
export type C2Doors = {
  receive(token: string): Promise<string>
  enrol?(body: string): Promise<string>
}

/** What an address without anyone behind it answers: the same as is answered to a stranger. */
export const closedDoors: C2Doors = {
  receive: () => Promise.reject(new C2Refused('recipient')),
  enrol: () => Promise.reject(new EnrolmentRefused('the enrolment was refused')),
}

export function c2Routes({ receive, enrol }: C2Doors, log: Log): Hono {
  const messages = new Hono()
    .onError((error) => refusal(log, error instanceof RequestTooLarge ? new C2Refused('size') : error))
    .post('/', limitBody(MESSAGE_BYTES_MAX), async (c) =>
      c.body(await receive(await c.req.text()), 200, { 'content-type': 'application/jose' }),
    )
  const routes = new Hono().route('/messages', messages)
  return enrol ? routes.route('/enrolment', enrolmentRoute(enrol, log)) : routes
}

function enrolmentRoute(enrol: (body: string) => Promise<string>, log: Log): Hono {
  return new Hono()
    .onError((error) =>
      refusal(log, error instanceof RequestTooLarge ? new EnrolmentRefused('the enrolment was refused') : error),
    )
    .post('/', limitBody(ENROLMENT_BYTES_MAX), async (c) =>
      c.body(await enrol(await c.req.text()), 200, { 'content-type': 'application/json' }),
    )
}

/** The reason goes to the log of this process alone; the answer has neither it nor a request id, so that all are alike. */
function refusal(log: Log, error: unknown): Response {
  if (error instanceof C2Refused) log.debug('a message was refused', { reason: error.reason })
  else if (!(error instanceof AppError)) log.error('a message failed', { error: describeError(error) })
  return problem(error)
}
