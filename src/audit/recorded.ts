/** What a person does goes into the audit trail before it is done, so that no act is without a trace. */
import { codeOf } from '../base/mod.ts'
import type { Trail } from './trail.ts'

type Act = Parameters<Trail['record']>[0]

/** Records the act, then does it. One that fails is followed by a line that says so: `<action>_failed`, with the code of why. */
export async function recorded<T>(trail: Pick<Trail, 'record'>, act: Act, work: () => Promise<T>): Promise<T> {
  await trail.record(act)
  try {
    return await work()
  } catch (error) {
    const detail = { ...act.detail, code: codeOf(error) }
    await trail.record({ ...act, action: `${act.action}_failed`, detail })
    throw error
  }
}
