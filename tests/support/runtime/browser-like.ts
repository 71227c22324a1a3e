/** A browser as far as sign-ins need one: keeps cookies by their rules, sends forms as pages of ours do, follows nothing by itself. */
import type { Asked, ManagementHost } from './management-host.ts'

export type BrowserLike = {
  readonly cookies: ReadonlyMap<string, string>
  open(path: string): Promise<Asked>
  send(path: string, form?: Record<string, string>): Promise<Asked>
}

export function browserLike(host: Pick<ManagementHost, 'ask'>, kept: Iterable<[string, string]> = []): BrowserLike {
  const cookies = new Map<string, string>(kept)
  async function ask(method: 'GET' | 'POST', path: string, form?: Record<string, string>): Promise<Asked> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { accept: 'text/html' }
    const answer = await host.ask(method, path, { cookie, headers, ...(form && { form }) })
    for (const line of answer.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split('; ')
      const at = pair.indexOf('=')
      if (attributes.includes('Max-Age=0')) cookies.delete(pair.slice(0, at))
      else cookies.set(pair.slice(0, at), pair.slice(at + 1))
    }
    return answer
  }
  return { cookies, open: (path) => ask('GET', path), send: (path, form = {}) => ask('POST', path, form) }
}

/** Where an answer leads. */
export function leadsTo({ status, headers }: Asked): string {
  return `${status} ${headers.get('location') ?? ''}`
}
