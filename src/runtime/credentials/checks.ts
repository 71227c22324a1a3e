/** Tries a credential with the components that use it: each by its type's own check, in a worker process of its own. */
import { codeOf, Slots } from '../../base/mod.ts'
import type { AssignedComponent, CheckFailure } from '../../wire/mod.ts'
import { ChecksBusy, WorkerForbidden } from '../errors.ts'
import { errand } from '../supervision/errand.ts'
import type { LaunchWorker } from '../supervision/worker-process.ts'

/** Workers that check at once, and how many may wait for them: each takes up to 20 s and the memory of a small worker, ≈ 100 MB. */
const CHECKS_AT_ONCE = 2
const CHECKS_WAITING_MAX = 32

export type ChecksDeps = {
  launch: LaunchWorker
  /** Working directory of the workers. */
  files: string
  /** The data folder: no component opens what is in there. */
  closed: string
  /** The folders that the owner's rules leave open, asked for each check; `undefined` for all others. */
  roots: () => readonly string[] | undefined
  /** Uses a credential by its name. */
  credential: (name: string) => Promise<Record<string, string>>
}

export class Checks {
  readonly #deps: ChecksDeps
  readonly #slots = new Slots(CHECKS_AT_ONCE, {
    waitingMax: CHECKS_WAITING_MAX,
    full: () => new ChecksBusy(`${CHECKS_WAITING_MAX} checks wait already`),
  })

  constructor(deps: ChecksDeps) {
    this.#deps = deps
  }

  /** Why the component's check fails, or `undefined`. It is lent these credentials and nothing else. Refuses `credential.checks_busy`. */
  run(component: AssignedComponent, credentials: ReadonlySet<string>): Promise<CheckFailure | undefined> {
    return this.#slots.run(() => this.#once(component, credentials))
  }

  async #once(component: AssignedComponent, credentials: ReadonlySet<string>): Promise<CheckFailure | undefined> {
    const { launch, files, closed, roots } = this.#deps
    const open = roots()
    const places = { files, closed, ...(open && { roots: [...open] }) }
    const lend = async ({ credential }: { credential: string }): Promise<{ secret: Record<string, string> }> => {
      if (!credentials.has(credential)) throw new WorkerForbidden('a check asks for what its component names')
      return { secret: await this.#deps.credential(credential) }
    }
    try {
      return (await errand(launch, { what: 'check', body: { ...places, component }, lend })).failure
    } catch (error) {
      // It was silent for too long, or its process is gone.
      return { code: codeOf(error) }
    }
  }
}
