/** The pages of alerts, on both servers. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { roleReaches } from '../accounts/mod.ts'
import { ChannelName, MailInput, WebhookInput } from '../alerts/mod.ts'
import type { Clock } from '../base/mod.ts'
import type { View } from '../web/mod.ts'
import { type AlertRoutesDeps, addMail, addWebhook, removeChannel, testChannel } from './alerts.ts'
import { dangerPage, type FormShown, formAct, formPage } from './forms.tsx'
import { PortText } from './inputs.ts'
import type { PersonEnv } from './person.ts'
import type { Site } from './site.tsx'
import { AlertChannels, type AlertsProps, NewMail, NewWebhook, WebhookSecret } from './views/alerts.tsx'

export type AlertPagesDeps = AlertRoutesDeps & {
  clock: Clock
  /** Where these pages stand: the navigation entry and its tab. */
  at: { current: string; tab: string }
}

/** What a form leaves empty is not there. */
const Left = <const S extends v.GenericSchema<string, unknown>>(schema: S) =>
  v.optional(
    v.union([
      v.pipe(
        v.literal(''),
        v.transform(() => undefined),
      ),
      schema,
    ]),
  )
const Text = v.string()
const WebhookForm = v.object({ name: ChannelName, url: WebhookInput.entries.url, ca: Left(Text) })
const MailForm = v.object({
  ...{ name: ChannelName, host: MailInput.entries.host, security: MailInput.entries.security },
  ...{ from: MailInput.entries.from, username: Left(Text), password: Left(Text), ca: Left(Text) },
  port: v.pipe(PortText, MailInput.entries.port),
  to: v.pipe(
    Text,
    v.transform((list) => list.split(/[\s,;]+/).filter((address) => address !== '')),
    v.check((list) => v.is(MailInput.entries.to, list), 'takes 1 to 16 e-mail addresses, with commas'),
  ),
})
const TITLE = 'Alerts'

export function alertPages(deps: AlertPagesDeps, site: Site): Hono<PersonEnv> {
  const { alerts, clock, at } = deps
  const path = `${site.place.base}${at.tab}`
  const list = async (c: Context<PersonEnv>, tested?: AlertsProps['tested']): Promise<FormShown> => {
    const { role } = c.var.user
    const may = { mayChange: roleReaches(role, 'owner'), mayTest: roleReaches(role, 'operator') }
    const channels = may.mayTest ? await alerts.list() : []
    const view = <AlertChannels {...{ path, channels, tested, ...may, nowMs: clock.now() }} />
    return { ...at, title: TITLE, view }
  }
  return new Hono<PersonEnv>()
    .get('/', async (c) => site.page(c, await list(c)))
    .route('/', newChannelPages(deps, site))
    .route(
      '/',
      formAct(site, '/:channel/test', {
        role: 'operator',
        about: (c) => alerts.find(c.req.param('channel') ?? ''),
        again: ({ c, about, failed: { failure } }) => list(c, { channel: about.name, failure }),
        async act({ c, about, actor }) {
          await testChannel(deps, about.id, actor)
          return site.page(c, await list(c, { channel: about.name }))
        },
      }),
    )
    .route(
      '/',
      dangerPage(site, '/:channel/remove', {
        role: 'owner',
        about: (c) => alerts.find(c.req.param('channel') ?? ''),
        form: ({ id, name }) => ({
          ...{ action: `${path}/${id}/remove`, title: `Remove ${name}`, name, submit: 'Remove channel' },
          says: 'It is told nothing more, and what it was still to be told is gone.',
        }),
        frame: ({ danger }) => framed(at, 'Remove a channel', danger),
        async act({ about, actor }) {
          await removeChannel(deps, about.id, actor)
          return at.tab
        },
      }),
    )
}

function newChannelPages(deps: AlertPagesDeps, site: Site): Hono<PersonEnv> {
  const { at } = deps
  const path = `${site.place.base}${at.tab}`
  const owner = { role: 'owner', fresh: true } as const
  return new Hono<PersonEnv>()
    .route(
      '/',
      formPage(site, '/new/webhook', {
        ...{ ...owner, schema: WebhookForm },
        again: ({ values, failed }) => framed(at, 'Add a webhook', <NewWebhook {...{ path, values, ...failed }} />),
        async act({ c, actor, input: { name, ca, ...input } }) {
          const { secret } = await addWebhook(deps, name, { ...input, ...(ca !== undefined && { ca }) }, actor)
          return site.page(c, framed(at, 'Webhook added', <WebhookSecret {...{ path, channel: name, secret }} />))
        },
      }),
    )
    .route(
      '/',
      formPage(site, '/new/mail', {
        ...{ ...owner, schema: MailForm, secrets: /^password$/ },
        again: ({ values, failed }) => framed(at, 'Add mail', <NewMail {...{ path, values, ...failed }} />),
        async act({ actor, input: { name, username, password, ca, ...input } }) {
          const given = { ...(username !== undefined && { username }), ...(password !== undefined && { password }) }
          await addMail(deps, name, { ...input, ...given, ...(ca !== undefined && { ca }) }, actor)
          return at.tab
        },
      }),
    )
}

function framed(at: AlertPagesDeps['at'], title: string, view: View): FormShown {
  return { ...at, title, view, crumbs: [{ href: at.tab, label: TITLE }] }
}
