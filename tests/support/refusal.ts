/** Asserting a refusal by its stable code. */
import { codeOf } from '../../src/base/mod.ts'

/** The code of what the work throws or rejects with; `nothing` when it succeeds. */
export async function refusalOf(work: () => unknown): Promise<string> {
  try {
    await work()
  } catch (error) {
    return codeOf(error)
  }
  return 'nothing'
}
