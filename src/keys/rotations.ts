/**
 * The rotations of a server's keys: one at a time, each with its progress. One that was cut off is gone on with at the next start: the
 * keyring has both keys until the last byte is re-encrypted. While keys are copied into a backup, none is rotated.
 */
import { codeOf, describeError, type Log } from '../base/mod.ts'
import { KeyNotFound, KeysBusy } from './errors.ts'
import type { Keyring } from './keyring.ts'

export type Progress = (done: number, of: number) => void

/** Something that is encrypted under keys of its own. */
export type RotationTarget = {
  /** As people call it: `database`, `journals`, `credentials` … */
  name: string
  /** What lies under it, in a few words. */
  about: string
  /** Its keys in the keyring. */
  keys(): readonly { purpose: string; id: string }[]
  /** Gives each of them a successor and re-encrypts; what was begun is gone on with. */
  rotate(progress: Progress, signal: AbortSignal): Promise<void>
}

/** `madeAtMs`: of its oldest key, ms since 1970; `undefined` before there is one. */
export type RotationState = {
  name: string
  about: string
  keys: number
  madeAtMs: number | undefined
  state: 'idle' | 'rotating' | 'interrupted'
  done: number
  of: number
  /** Code of what the last attempt failed with. */
  failure: string | undefined
}

export type RotationsDeps = {
  keyring: Pick<Keyring, 'list'>
  targets: readonly RotationTarget[]
  log: Log
  /** Told when one has come to its end, or failed with that code. */
  ended?: (name: string, failure: string | undefined) => Promise<void>
}

/** Begun by name, seen by `list`, ended by themselves. */
export class Rotations {
  readonly #deps: RotationsDeps
  readonly #stop = new AbortController()
  readonly #failures = new Map<string, string>()
  #running: { name: string; done: number; of: number; ended: Promise<void> } | undefined
  /** Why no rotation may begin now. */
  #held: string | undefined
  #resumed: Promise<void> | undefined

  constructor(deps: RotationsDeps) {
    this.#deps = deps
  }

  list(): RotationState[] {
    const kept = this.#deps.keyring.list()
    return this.#deps.targets.map((target) => {
      const wanted = target.keys()
      const keys = kept.filter(({ purpose, id }) => wanted.some((key) => key.purpose === purpose && key.id === id))
      const running = this.#running?.name === target.name ? this.#running : undefined
      const interrupted = keys.some(({ rotating }) => rotating)
      return {
        ...{ name: target.name, about: target.about, keys: keys.length },
        madeAtMs: keys.length === 0 ? undefined : Math.min(...keys.map(({ madeAtMs }) => madeAtMs)),
        state: running ? 'rotating' : interrupted ? 'interrupted' : 'idle',
        ...{ done: running?.done ?? 0, of: running?.of ?? 0, failure: this.#failures.get(target.name) },
      }
    })
  }

  /** Refuses `key.not_found`, also for one that nothing needed yet, and `key.busy` while another is rotated or keys are copied. */
  check(name: string): void {
    this.#target(name)
    if (this.list().some((state) => state.name === name && state.keys === 0)) {
      throw new KeyNotFound(`the key ${name} was not needed yet, so there is nothing to rotate`)
    }
    this.#refuseBusy()
  }

  /** Begins one; `list` tells how far it is. Refuses what `check` refuses. */
  begin(name: string): void {
    this.check(name)
    void this.#start(this.#target(name))
  }

  /** Does something with keys that must not change meanwhile. Refuses `key.busy`. */
  async whileStill<T>(work: () => Promise<T>): Promise<T> {
    const release = this.hold()
    try {
      return await work()
    } finally {
      release()
    }
  }

  /** The same for what has no end of its own: no key is rotated until the returned function was called. Refuses `key.busy`. */
  hold(): () => void {
    return this.#hold('a backup is being made')
  }

  /**
   * Goes on with what was cut off, one after another; nothing else gets in between. Never rejects: what fails is logged and stands in
   * `list`, also that something else had the keys already.
   */
  resume(): Promise<void> {
    this.#resumed = this.#resume().catch((error) =>
      this.#deps.log.error('rotations that were cut off were not gone on with', { error: describeError(error) }),
    )
    return this.#resumed
  }

  /** Resolves when no rotation is under way. */
  async idle(): Promise<void> {
    await this.#resumed
    await this.#running?.ended
  }

  /** Cuts off what is under way, to be gone on with at the next start. */
  async close(): Promise<void> {
    this.#stop.abort()
    await this.idle()
  }

  async #resume(): Promise<void> {
    const cutOff = this.list().filter(({ state }) => state === 'interrupted')
    if (cutOff.length === 0) return
    let release: () => void
    try {
      release = this.#hold('rotations that were cut off are gone on with')
    } catch (error) {
      for (const { name } of cutOff) this.#failures.set(name, codeOf(error))
      throw error
    }
    try {
      for (const { name } of cutOff) if (!this.#stop.signal.aborted) await this.#start(this.#target(name))
    } finally {
      release()
    }
  }

  #hold(why: string): () => void {
    this.#refuseBusy()
    this.#held = why
    let held = true
    return () => {
      if (held) this.#held = undefined
      held = false
    }
  }

  /** Never rejects. */
  #start(target: RotationTarget): Promise<void> {
    const running = { name: target.name, done: 0, of: 0, ended: Promise.resolve() }
    this.#running = running
    this.#failures.delete(target.name)
    running.ended = this.#run(target, running).finally(() => {
      this.#running = undefined
    })
    return running.ended
  }

  async #run(target: RotationTarget, running: { done: number; of: number }): Promise<void> {
    const { log } = this.#deps
    try {
      await target.rotate((done, of) => Object.assign(running, { done, of }), this.#stop.signal)
    } catch (error) {
      if (this.#stop.signal.aborted) return
      this.#failures.set(target.name, codeOf(error))
      log.error('the rotation of a key was cut off', { key: target.name, error: describeError(error) })
      await this.#tell(target.name, codeOf(error))
      return
    }
    log.info('a key was rotated', { key: target.name })
    await this.#tell(target.name, undefined)
  }

  /** What was done is done, even if the word about it cannot be kept. */
  async #tell(name: string, failure: string | undefined): Promise<void> {
    try {
      await this.#deps.ended?.(name, failure)
    } catch (error) {
      this.#deps.log.error('the end of a rotation was not recorded', { key: name, error: describeError(error) })
    }
  }

  #target(name: string): RotationTarget {
    const target = this.#deps.targets.find((one) => one.name === name)
    if (!target) throw new KeyNotFound(`there is no key ${JSON.stringify(name)} that is rotated`)
    return target
  }

  #refuseBusy(): void {
    if (this.#running) throw new KeysBusy(`the key ${this.#running.name} is being rotated`)
    if (this.#held) throw new KeysBusy(this.#held)
  }
}
