/** The owner's rules in force: read once at the start, changed only by the owner, and closed for all when something else wrote them. */
import { RowNotAuthentic } from '../errors.ts'
import type { OwnerDocuments } from '../state/owner-documents.ts'
import { CLOSED_POLICY, DEFAULT_POLICY, Policy } from './policy.ts'

const KEY = 'policy'

export type RulesInForce = {
  policy: Policy
  /** False: the stored rules are not as the owner wrote them. Nothing runs or waits until they are set again. */
  authentic: boolean
  /** Absent until the owner first sets them. */
  changed?: { by: string; atMs: number }
}

export class OwnerRules {
  readonly #documents: OwnerDocuments
  #inForce: RulesInForce

  private constructor(documents: OwnerDocuments, inForce: RulesInForce) {
    this.#documents = documents
    this.#inForce = inForce
  }

  static async open(documents: OwnerDocuments): Promise<OwnerRules> {
    return new OwnerRules(documents, await stored(documents))
  }

  get policy(): Policy {
    return this.#inForce.policy
  }

  get inForce(): RulesInForce {
    return this.#inForce
  }

  /** What is stored at this moment, which is what is in force unless something else wrote it meanwhile. */
  stored(): Promise<RulesInForce> {
    return stored(this.#documents)
  }

  /** Puts rules into force. What they forbid and what runs is the caller's to end: `changePolicy`. */
  async set(policy: Policy, actor: string): Promise<void> {
    await this.#documents.set(KEY, policy, actor)
    this.#inForce = await stored(this.#documents)
  }
}

async function stored(documents: OwnerDocuments): Promise<RulesInForce> {
  try {
    const found = await documents.get(KEY, Policy)
    if (!found) return { policy: DEFAULT_POLICY, authentic: true }
    const { document: policy, changedBy: by, changedAtMs: atMs } = found
    return { policy, authentic: true, changed: { by, atMs } }
  } catch (error) {
    if (!(error instanceof RowNotAuthentic)) throw error
    return { policy: CLOSED_POLICY, authentic: false }
  }
}
