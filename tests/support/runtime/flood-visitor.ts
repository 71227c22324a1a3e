/** Somebody with a browser at one address of this machine, while others flood: keeps cookies, and tries again where nobody answers. */
import { request } from 'node:https'
import { SESSION_COOKIE } from '../../../src/accounts/mod.ts'
import { systemClock } from '../../../src/base/mod.ts'

export const PASSWORD = 'a long and lonely winter coat'
/** How long a person tries for one page, and waits for each answer. */
const PATIENCE_MS = 30_000
const ANSWER_MS = 10_000

/** `ms` from the first try to the whole answer; `status` 0 where there was none. */
export type Answered = { status: number; ms: number; tries: number }
type Asked = { method: string; path: string; body: string }

export class Visitor {
  readonly #url: URL
  readonly #ca: string
  readonly #address: string
  readonly #cookies = new Map<string, string>()

  constructor({ url, ca }: { url: URL; ca: string }, address: string) {
    this.#url = url
    this.#ca = ca
    this.#address = address
  }

  open(path: string): Promise<Answered> {
    return this.#untilAnswered({ method: 'GET', path, body: '' })
  }

  send(path: string, fields: Record<string, string>): Promise<Answered> {
    return this.#untilAnswered({ method: 'POST', path, body: new URLSearchParams(fields).toString() })
  }

  signIn(name = 'owner'): Promise<Answered> {
    return this.send('/sign-in', { name, password: PASSWORD })
  }

  /** Signs in and out again, known as this browser is but without its session: of a user's many sessions the oldest would end. */
  async comeAndGo(): Promise<Answered> {
    const beside = new Visitor({ url: this.#url, ca: this.#ca }, this.#address)
    for (const [name, value] of this.#cookies) if (name !== SESSION_COOKIE) beside.#cookies.set(name, value)
    const came = await beside.signIn()
    await beside.send('/sign-out', {})
    return came
  }

  async #untilAnswered(asked: Asked): Promise<Answered> {
    const from = systemClock.monotonic()
    for (let tries = 1; ; tries++) {
      const status = await this.#ask(asked)
      const ms = systemClock.monotonic() - from
      if (status !== 0 || ms > PATIENCE_MS) return { status, ms, tries }
    }
  }

  /** On a connection of its own, since that is the hardest to get. */
  #ask({ method, path, body }: Asked): Promise<number> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = {
      ...{ 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length, accept: 'text/html' },
      ...(cookie !== '' && { cookie, 'sec-fetch-site': 'same-origin' }),
    }
    const options = { method, headers, localAddress: this.#address, ca: this.#ca, agent: false, timeout: ANSWER_MS }
    return new Promise((resolve) => {
      const visit = request(new URL(path, this.#url), options, (answer) => {
        for (const line of answer.headers['set-cookie'] ?? []) this.#keep(line)
        answer.resume().once('close', () => resolve(answer.complete ? (answer.statusCode ?? 0) : 0))
      })
      visit.once('timeout', () => visit.destroy())
      visit.once('error', () => resolve(0)).end(body)
    })
  }

  #keep(line: string): void {
    const [pair = ''] = line.split('; ')
    const at = pair.indexOf('=')
    this.#cookies.set(pair.slice(0, at), pair.slice(at + 1))
  }
}
