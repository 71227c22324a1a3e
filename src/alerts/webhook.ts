/**
 * Tells a webhook: a CloudEvent (1.0, structured JSON) by POST, signed as Standard Webhooks 1.0 has it, so that the receiver knows
 * who speaks, when, and that nothing was changed. Redirects are not followed: a signed message goes where it was meant to go.
 */
import { utf8 } from '../base/mod.ts'
import { hmacSha256 } from '../crypto/mod.ts'
import { requestHttps } from '../host/mod.ts'
import type { ChannelSettings } from './channels.ts'
import { AlertNotTaken } from './errors.ts'

const TIMEOUT_MS = 10_000
/** Nobody reads the answer; a longer one is cut off with `host.answer_too_large`. */
const ANSWER_BYTES_MAX = 65_536

type Webhook = Extract<ChannelSettings, { kind: 'webhook' }>
export type WebhookMessage = { id: string; event: Record<string, unknown>; sentAtMs: number; signal: AbortSignal }

/** Refuses `alert.not_taken` on an answer other than 2xx, and what `requestHttps` fails with. */
export async function postWebhook({ url, ca, secret }: Webhook, message: WebhookMessage): Promise<void> {
  const { id, event, sentAtMs, signal } = message
  const body = JSON.stringify(event)
  const seconds = String(Math.floor(sentAtMs / 1_000))
  const { status } = await requestHttps(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'webhook-id': id,
      'webhook-timestamp': seconds,
      'webhook-signature': await signatureOf(secret, `${id}.${seconds}.${body}`),
    },
    body,
    ca: ca === undefined ? [] : [ca],
    systemRoots: true,
    timeoutMs: TIMEOUT_MS,
    bytesMax: ANSWER_BYTES_MAX,
    signal,
  })
  if (status < 200 || status > 299) throw new AlertNotTaken(`${new URL(url).host} answered with status ${status}`)
}

async function signatureOf(secret: string, content: string): Promise<string> {
  const key = new Uint8Array(Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
  return `v1,${Buffer.from(await hmacSha256(key, utf8(content))).toString('base64')}`
}
