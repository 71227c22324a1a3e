/** What a person does goes into the audit trail before it is done, so that no act is without a trace, and again with its outcome. */
import { codeOf, logOf } from '../base/mod.ts'
import { AuditOutcomeUntold } from './errors.ts'
import type { Trail } from './trail.ts'

type Act = Parameters<Trail['record']>[0]

/**
 * The line before an act says that it is tried (`<action>_tried`), the line behind it that it is done (`<action>`) or that it is not
 * (`<action>_failed`, with the code of why): no line alone is to be read as more than it says. A try without an outcome was cut off.
 */
export const TRIED = '_tried'
export const FAILED = '_failed'

/**
 * Records that the act is tried, does it, and records what became of it, with what `outcome` says of that. Nothing is done that the trail
 * does not take. Refuses `audit.outcome_untold` for what is done and cannot be told any more: whoever asked is not to do it again.
 */
export async function recorded<T>(
  trail: Pick<Trail, 'record'>,
  act: Act,
  work: () => Promise<T>,
  outcome?: (done: T) => Act['detail'],
): Promise<T> {
  await trail.record({ ...act, action: `${act.action}${TRIED}` })
  const done = await worked(trail, act, work)
  try {
    await trail.record(outcome ? { ...act, detail: { ...act.detail, ...outcome(done) } } : act)
  } catch (cause) {
    throw new AuditOutcomeUntold(`${act.action} is done, but the audit trail did not take the line that says so`, {
      cause,
    })
  }
  return done
}

async function worked<T>(trail: Pick<Trail, 'record'>, act: Act, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const detail = { ...act.detail, code: codeOf(error) }
    await trail.record({ ...act, action: `${act.action}${FAILED}`, detail }).catch((failure) => {
      // Why the act failed is what its person has to know; the trail reads as cut off, which says no more than is so.
      logOf('audit').error('the outcome of an act could not be told', { action: act.action, code: codeOf(failure) })
    })
    throw error
  }
}
