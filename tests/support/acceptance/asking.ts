/** A real server as `browserLike` asks one: over TLS, with the forms of its own pages. */
import type { ManagementHost } from '../runtime/management-host.ts'

/** As a browser on loopback, which takes the self-signed certificate; redirects are handed back and not followed. */
export function askingOf(url: string): Pick<ManagementHost, 'ask'> {
  return {
    async ask(method, path, { token, cookie, body, form, headers = {} }) {
      const answer = await fetch(`${url}${path}`, {
        ...{ method, redirect: 'manual', tls: { rejectUnauthorized: false } },
        headers: {
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(cookie !== undefined && { cookie }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(form && { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html', origin: url }),
          ...headers,
        },
        ...(form && { body: new URLSearchParams(form).toString() }),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      const json = /^application\/(problem\+)?json/.test(answer.headers.get('content-type') ?? '')
      return { status: answer.status, body: json ? JSON.parse(text) : undefined, text, headers: answer.headers }
    },
  }
}

/** Events of a live page, as they come, until the server ends the stream. */
export async function* liveEvents(url: string, by: { cookie?: string; token?: string }): AsyncGenerator<string> {
  const { cookie = '', token } = by
  const headers = { cookie, ...(token !== undefined && { authorization: `Bearer ${token}` }) }
  const { body } = await fetch(url, { headers, tls: { rejectUnauthorized: false } })
  let text = ''
  for await (const part of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += part
    const events = text.split('\n\n')
    text = events.pop() ?? ''
    for (const event of events) yield /^event: ?(\w+)$/m.exec(event)?.[1] ?? ''
  }
}
