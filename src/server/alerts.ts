/** `/v1/alerts`: where a server tells people what is wrong. The same on both servers. */
import * as v from 'valibot'
import { type Alerts, ChannelName, type ChannelSummary, MailInput, WebhookInput } from '../alerts/mod.ts'
import { recorded, type Trail } from '../audit/mod.ts'
import { rfc3339 } from '../base/mod.ts'
import { ApiRoutes } from './api.ts'
import { Instant } from './inputs.ts'

export type AlertRoutesDeps = { alerts: Omit<Alerts, 'look'>; trail: Pick<Trail, 'record'> }

const Channel = v.object({
  ...{ id: v.string(), name: v.string(), kind: v.picklist(['webhook', 'mail']) },
  /** Where it goes, without what is secret: addresses, or the host of a URL. */
  target: v.string(),
  ...{ createdAt: Instant, lastSentAt: v.nullable(Instant) },
  /** Code of why the last attempt failed. */
  lastFailure: v.nullable(v.string()),
  /** Alerts that it was never told of. */
  dropped: v.number(),
})
const WebhookBody = v.object({ name: ChannelName, ...WebhookInput.entries })
const MailBody = v.object({ name: ChannelName, ...MailInput.entries })
const Named = v.object({ channel: v.string() })

export function alertRoutes(deps: AlertRoutesDeps): ApiRoutes {
  return new ApiRoutes('Alerts')
    .get(
      '/channels',
      { summary: 'Where alerts go.', role: 'operator', answer: v.object({ channels: v.array(Channel) }) },
      async () => ({ channels: (await deps.alerts.list()).map(channelAsJson) }),
    )
    .post(
      '/channels/webhook',
      {
        summary: 'Adds a webhook (CloudEvents, signed as Standard Webhooks); answers the secret that signs, this once.',
        ...{ role: 'owner', fresh: true, body: WebhookBody, status: 201 },
        answer: v.object({ channel: Channel, secret: v.string() }),
      },
      async ({ body: { name, ...input }, actor }) => {
        const { channel, secret } = await addWebhook(deps, name, input, actor)
        return { channel: channelAsJson(channel), secret }
      },
    )
    .post(
      '/channels/mail',
      { summary: 'Adds mail.', role: 'owner', fresh: true, body: MailBody, answer: Channel, status: 201 },
      async ({ body: { name, ...input }, actor }) => channelAsJson(await addMail(deps, name, input, actor)),
    )
    .post(
      '/channels/:channel/test',
      { summary: 'Sends a test at once; fails as the channel does.', role: 'operator', params: Named },
      async ({ params, actor }) => testChannel(deps, params.channel, actor) as Promise<undefined>,
    )
    .delete(
      '/channels/:channel',
      { summary: 'Removes a channel, and what it was still to be told.', role: 'owner', fresh: true, params: Named },
      async ({ params, actor }) => removeChannel(deps, params.channel, actor) as Promise<undefined>,
    )
}

/** Refuses `alert.channel_exists`, `alert.no_room`. */
export function addWebhook({ alerts, trail }: AlertRoutesDeps, name: string, input: WebhookInput, actor: string) {
  const detail = { kind: 'webhook', target: new URL(input.url).host }
  const act = { actor, action: 'alert_channel.added', subject: name, detail }
  return recorded(trail, act, () => alerts.addWebhook(name, input))
}

/** Refuses `alert.channel_exists`, `alert.no_room`. */
export function addMail({ alerts, trail }: AlertRoutesDeps, name: string, input: MailInput, actor: string) {
  const detail = { kind: 'mail', target: input.host }
  return recorded(trail, { actor, action: 'alert_channel.added', subject: name, detail }, () =>
    alerts.addMail(name, input),
  )
}

/** Refuses what the channel refuses: `alert.not_taken`, `alert.mail_…`, `host.…`. */
export function testChannel({ alerts, trail }: AlertRoutesDeps, channel: string, actor: string): Promise<void> {
  return recorded(trail, { actor, action: 'alert_channel.tested', subject: channel }, () => alerts.test(channel))
}

/** Refuses `alert.channel_not_found`. */
export function removeChannel({ alerts, trail }: AlertRoutesDeps, channel: string, actor: string): Promise<void> {
  return recorded(trail, { actor, action: 'alert_channel.removed', subject: channel }, () => alerts.remove(channel))
}

function channelAsJson({ createdAtMs, lastSentAtMs, ...channel }: ChannelSummary) {
  const lastSentAt = lastSentAtMs === null ? null : rfc3339(lastSentAtMs)
  return { ...channel, createdAt: rfc3339(createdAtMs), lastSentAt }
}
