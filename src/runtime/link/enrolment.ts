/** Whether this Runtime belongs to a Platform: the one link there is, how it comes about, and that none does once all is ending. */
import { Cancelled, KeyedTurns } from '../../base/mod.ts'
import { C2Refused } from '../../wire/mod.ts'
import { AlreadyEnrolled } from '../errors.ts'
import type { Registration } from '../state/enrolment.ts'
import { type EnrolDeps, enrol, resumeEnrolment } from './enrol.ts'
import type { PlatformLink } from './platform-link.ts'

export type EnrolmentDeps = Omit<EnrolDeps, 'signal'> & {
  /** The name that people gave this Runtime. */
  name: string
  link: (registration: Registration) => PlatformLink
  /** There is somebody to tell from now on. */
  onLink: (link: PlatformLink) => void
  onEnrolled: (registration: Registration, actor: string) => Promise<void>
  /** Aborted when the Runtime begins to end: an attempt under way breaks off and is resumed by the next start. */
  closing: AbortSignal
}

export class Enrolment {
  readonly #deps: EnrolmentDeps
  /** One attempt at a time, by whomever. */
  readonly #turns = new KeyedTurns()
  #link: PlatformLink | undefined

  constructor(deps: EnrolmentDeps) {
    this.#deps = deps
  }

  /** The link to the Platform, once there is one. */
  get link(): PlatformLink | undefined {
    return this.#link
  }

  /** Takes up the link of an earlier enrolment. */
  async start(): Promise<void> {
    const registration = await this.#deps.record.registration()
    if (registration) this.#connect(registration)
  }

  /** Enrols by a code; refuses as `enrol` does, and `internal.cancelled` when the Runtime ends meanwhile. */
  enrol(code: string, actor: string): Promise<Registration> {
    return this.#turns.run('enrolment', async () => {
      if (this.#link) throw new AlreadyEnrolled('this Runtime is enrolled already')
      const registration = await enrol(this.#attemptDeps(), code, this.#deps.name)
      await this.#enrolled(registration, actor)
      return registration
    })
  }

  /** Goes on with an enrolment that a crash or a stop interrupted; whether there is a link now. */
  resume(): Promise<boolean> {
    return this.#turns.run('enrolment', async () => {
      if (this.#link) return true
      const registration = await resumeEnrolment(this.#attemptDeps())
      if (registration) await this.#enrolled(registration, 'system')
      return registration !== undefined
    })
  }

  /** One signed message of the Platform; a Runtime that is not enrolled refuses all in the same way. */
  receive(token: string): Promise<string> {
    if (!this.#link) throw new C2Refused('recipient')
    return this.#link.receive(token)
  }

  /** Something that heartbeats carry has changed. */
  changed(): void {
    this.#link?.changed()
  }

  /** Resolves when no attempt is under way and the goodbye was said. `closing` was aborted before. */
  async close(): Promise<void> {
    await this.#turns.idle()
    await this.#link?.close()
  }

  #attemptDeps(): EnrolDeps {
    const { closing } = this.#deps
    // The attempt is kept only after this: a Runtime that ends does not begin one.
    if (closing.aborted) throw new Cancelled('this Runtime is stopping')
    return { ...this.#deps, signal: closing }
  }

  async #enrolled(registration: Registration, actor: string): Promise<void> {
    // It is kept by now: whatever else fails, there is a Platform that expects heartbeats.
    this.#connect(registration)
    await this.#deps.onEnrolled(registration, actor)
  }

  /** What was enrolled while all is ending is kept, and the next start connects. */
  #connect(registration: Registration): void {
    if (this.#deps.closing.aborted || this.#link) return
    this.#link = this.#deps.link(registration)
    this.#link.start()
    this.#deps.onLink(this.#link)
  }
}
