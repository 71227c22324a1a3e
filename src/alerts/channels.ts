/** Where alerts go. Settings hold secrets, so they are sealed as a whole; what may be seen of a channel is its summary. */
import { asc, eq } from 'drizzle-orm'
import * as v from 'valibot'
import { type Clock, fromUtf8, newId, type Random, utf8 } from '../base/mod.ts'
import { unwrap, type WrappingKey, wrap } from '../crypto/mod.ts'
import { alertChannels, type Database, type RuntimeSchema } from '../store/mod.ts'
import { AlertChannelExists, AlertChannelNotFound, AlertChannelsNoRoom } from './errors.ts'

export type AlertTables = Pick<RuntimeSchema, 'alertChannels' | 'alertConditions' | 'alertMessages'>

export type ChannelsDeps = {
  db: Database<AlertTables>
  /** The key under which settings are sealed. Asked for at first use. */
  sealing: () => Promise<WrappingKey>
  clock: Clock
  random: Random
}

/** Enough for every team of a company, few enough that one outage of all of them is told within a minute. */
export const CHANNELS_MAX = 32
/** 256 bits, as Standard Webhooks recommends 24 to 64 bytes. */
const WEBHOOK_SECRET_BYTES = 32

const Text = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(256))
const Address = v.pipe(v.string(), v.trim(), v.email('is no e-mail address'), v.maxLength(256))
const Ca = v.optional(v.pipe(v.string(), v.maxLength(65_536), v.includes('-----BEGIN CERTIFICATE-----', 'is no PEM')))
/** What people say of a webhook. `ca`: PEM of authorities to trust beside the public ones. */
export const WebhookInput = v.object({
  url: v.pipe(v.string(), v.trim(), v.maxLength(2_048), v.url(), v.startsWith('https://', 'must begin with https://')),
  ca: Ca,
})
/** What people say of mail. `tls`: from the first byte (port 465), `starttls`: demanded before anything is said (587). */
export const MailInput = v.object({
  host: v.pipe(v.string(), v.trim(), v.regex(/^[A-Za-z0-9.:-]{1,253}$/, 'is no host name')),
  port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
  security: v.picklist(['tls', 'starttls']),
  username: v.optional(Text),
  password: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(1_024))),
  from: Address,
  to: v.pipe(v.array(Address), v.minLength(1), v.maxLength(16)),
  ca: Ca,
})
export type WebhookInput = v.InferOutput<typeof WebhookInput>
export type MailInput = v.InferOutput<typeof MailInput>

const Settings = v.variant('kind', [
  v.object({ kind: v.literal('webhook'), ...WebhookInput.entries, secret: v.string() }),
  v.object({ kind: v.literal('mail'), ...MailInput.entries }),
])
export type ChannelSettings = v.InferOutput<typeof Settings>

type Row = typeof alertChannels.$inferSelect
/** `target` says where it goes without anything secret: addresses, or the host of a URL, whose path may be a secret. Times in ms. */
export type ChannelSummary = Omit<Row, 'sealed'> & { target: string }

/** By name. */
export async function listChannels(deps: ChannelsDeps): Promise<ChannelSummary[]> {
  const rows = await deps.db.select().from(alertChannels).orderBy(asc(alertChannels.name))
  return Promise.all(rows.map((row) => summaryOf(deps, row)))
}

/** Keeps a webhook. `secret` signs what is sent to it and is shown this once. */
export async function addWebhook(
  deps: ChannelsDeps,
  name: string,
  input: WebhookInput,
): Promise<{ channel: ChannelSummary; secret: string }> {
  const secret = `whsec_${Buffer.from(deps.random(WEBHOOK_SECRET_BYTES)).toString('base64')}`
  return { channel: await add(deps, name, { kind: 'webhook', ...input, secret }), secret }
}

export function addMail(deps: ChannelsDeps, name: string, input: MailInput): Promise<ChannelSummary> {
  return add(deps, name, { kind: 'mail', ...input })
}

/** By id or name. What it was still to be told goes with it. Refuses `alert.channel_not_found`. */
export async function removeChannel(deps: ChannelsDeps, idOrName: string): Promise<void> {
  const { id } = await findChannel(deps, idOrName)
  await deps.db.delete(alertChannels).where(eq(alertChannels.id, id))
}

/** By id or name; refuses `alert.channel_not_found`. */
export async function findChannel(deps: Pick<ChannelsDeps, 'db'>, idOrName: string): Promise<Row> {
  const column = idOrName.startsWith('alc_') ? alertChannels.id : alertChannels.name
  const row = await deps.db.select().from(alertChannels).where(eq(column, idOrName)).get()
  if (row === undefined) throw new AlertChannelNotFound(`there is no alert channel ${idOrName}`)
  return row
}

/** For the moment of sending; refuses `crypto.not_authentic`. */
export async function settingsOf(
  deps: Pick<ChannelsDeps, 'sealing'>,
  { id, sealed }: Pick<Row, 'id' | 'sealed'>,
): Promise<ChannelSettings> {
  const plain = await unwrap(await deps.sealing(), channelBinding(id), sealed)
  return v.parse(Settings, JSON.parse(fromUtf8(plain)))
}

/** Names of channels: they stand in addresses and in the audit trail. */
export const ChannelName = v.pipe(
  v.string(),
  v.regex(/^(?!alc_)[A-Za-z0-9_.-]{1,64}$/, 'has 1 to 64 characters of A-Z a-z 0-9 _ . -'),
)

async function add(deps: ChannelsDeps, name: string, settings: ChannelSettings): Promise<ChannelSummary> {
  const id = newId('alc', deps.clock, deps.random)
  const sealed = await wrap(await deps.sealing(), channelBinding(id), utf8(JSON.stringify(settings)))
  const made = { id, name, kind: settings.kind, sealed, createdAtMs: deps.clock.now() }
  const row = await deps.db.transaction(async (tx) => {
    const names = await tx.select({ name: alertChannels.name }).from(alertChannels)
    if (names.some((other) => other.name === name)) throw new AlertChannelExists(`there is a channel ${name} already`)
    if (names.length >= CHANNELS_MAX) throw new AlertChannelsNoRoom(`there are ${CHANNELS_MAX} channels already`)
    return tx.insert(alertChannels).values(made).returning().get()
  })
  return summaryOf(deps, row)
}

/** What may be seen of a channel. */
export async function summaryOf(deps: ChannelsDeps, row: Row): Promise<ChannelSummary> {
  const { sealed: _, ...seen } = row
  const settings = await settingsOf(deps, row)
  return { ...seen, target: settings.kind === 'mail' ? settings.to.join(', ') : new URL(settings.url).host }
}

/** What the settings of a channel are bound to. */
export function channelBinding(id: string): { purpose: string; id: string } {
  return { purpose: 'alert-channel', id }
}
