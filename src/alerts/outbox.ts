/** What has still to be told, to whom, and when it is tried again. It outlives a restart; each alert is told at least once to each channel. */
import { asc, count, eq, inArray, sql } from 'drizzle-orm'
import * as v from 'valibot'
import { backoffMs, codeOf } from '../base/mod.ts'
import { alertChannels, alertMessages, type Database } from '../store/mod.ts'
import { type Alert, cloudEventOf, mailTextOf } from './alert.ts'
import { type AlertTables, type ChannelsDeps, settingsOf } from './channels.ts'
import { sendMail } from './mail.ts'
import { postWebhook } from './webhook.ts'

export type Sender = ChannelsDeps & {
  /** Who speaks, for people: `Runtime factory-01`. */
  server: string
  /** The same for programs, a URI: `urn:sluice:runtime:rt_…`. */
  source: () => Promise<string>
  /** Aborted when the server stops: nothing is waited for any more. */
  closing: AbortSignal
}

/** What one channel is still to be told: the oldest give way. ≈ 1 KiB each: 32 channels hold 8 MiB at most. */
export const WAITING_MAX = 256
/** After a day an alert tells nobody anything: it is given up, and counted. */
export const KEEP_MS = 86_400_000
/** 10 s, 20 s, … at most every 10 min. */
const BACKOFF = { firstMs: 10_000, longestMs: 600_000 }
/** One channel in one round: so many messages, and none more after so long. The next round goes on; a slow channel holds up others no longer. */
const ROUND_MAX = 64
const ROUND_MS = 5_000

const Stored = v.object({
  id: v.string(),
  kind: v.picklist(['raised', 'cleared', 'test']),
  condition: v.object({ id: v.string(), what: v.string(), effect: v.optional(v.string()), sinceMs: v.number() }),
  atMs: v.number(),
})

type Within = Pick<Database<AlertTables>, 'select' | 'insert' | 'update' | 'delete'>
type ChannelRow = typeof alertChannels.$inferSelect

/** Queues alerts for every channel. */
export async function enqueue(tx: Within, alerts: readonly Alert[], atMs: number): Promise<void> {
  if (alerts.length === 0) return
  for (const { id: channel } of await tx.select({ id: alertChannels.id }).from(alertChannels)) {
    for (const alert of alerts.slice(-WAITING_MAX)) {
      const message = { channel, alert: JSON.stringify(alert), atMs, attempts: 0, nextAtMs: atMs }
      await tx.insert(alertMessages).values(message)
    }
    await dropOldest(tx, channel, alerts.length - WAITING_MAX)
  }
}

/** Tries once what is due. A channel that fails does not hold up another one: they are tried side by side. */
export async function deliverDue(sender: Sender): Promise<void> {
  const channels = await sender.db.select().from(alertChannels)
  await Promise.all(channels.map((channel) => deliverTo(sender, channel)))
}

/** In order, so that nothing is said to have passed before it was said to be wrong; no further once one has failed. */
async function deliverTo(sender: Sender, channel: ChannelRow): Promise<void> {
  const waiting = await sender.db
    .select()
    .from(alertMessages)
    .where(eq(alertMessages.channel, channel.id))
    .orderBy(asc(alertMessages.position))
    .limit(ROUND_MAX)
  if ((waiting[0]?.nextAtMs ?? 0) > sender.clock.now()) return
  const begun = sender.clock.monotonic()
  for (const message of waiting) {
    if (sender.closing.aborted || sender.clock.monotonic() - begun >= ROUND_MS) return
    if (!(await attempt(sender, channel, message))) return
  }
}

/** Sends one alert now, past the queue; fails with what the channel fails with, which its channel shows from then on. */
export async function sendNow(sender: Sender, channel: ChannelRow, alert: Alert): Promise<void> {
  try {
    await send(sender, channel, alert)
  } catch (error) {
    await failed(sender.db, channel.id, codeOf(error), false)
    throw error
  }
  await told(sender, channel.id)
}

async function send(sender: Sender, channel: ChannelRow, alert: Alert): Promise<void> {
  const settings = await settingsOf(sender, channel)
  const { closing: signal } = sender
  if (settings.kind === 'mail') {
    await sendMail(settings, { id: alert.id, ...mailTextOf(alert, sender.server) }, signal)
    return
  }
  const event = cloudEventOf(alert, await sender.source(), sender.server)
  await postWebhook(settings, { id: alert.id, event, sentAtMs: sender.clock.now(), signal })
}

async function attempt(
  sender: Sender,
  channel: ChannelRow,
  message: typeof alertMessages.$inferSelect,
): Promise<boolean> {
  const { db, clock, random, closing } = sender
  const its = eq(alertMessages.position, message.position)
  try {
    await send(sender, channel, v.parse(Stored, JSON.parse(message.alert)))
  } catch (error) {
    if (closing.aborted) return false
    const givenUp = clock.now() - message.atMs >= KEEP_MS
    await failed(db, channel.id, codeOf(error), givenUp)
    const attempts = message.attempts + 1
    const nextAtMs = clock.now() + backoffMs(attempts, BACKOFF, random)
    if (givenUp) await db.delete(alertMessages).where(its)
    else await db.update(alertMessages).set({ attempts, nextAtMs }).where(its)
    return false
  }
  await db.delete(alertMessages).where(its)
  await told(sender, channel.id)
  return true
}

async function told({ db, clock }: Pick<Sender, 'db' | 'clock'>, channel: string): Promise<void> {
  await db
    .update(alertChannels)
    .set({ lastSentAtMs: clock.now(), lastFailure: null })
    .where(eq(alertChannels.id, channel))
}

async function failed(db: Within, channel: string, lastFailure: string, givenUp: boolean): Promise<void> {
  await db
    .update(alertChannels)
    .set({ lastFailure, ...(givenUp && { dropped: sql`${alertChannels.dropped} + 1` }) })
    .where(eq(alertChannels.id, channel))
}

/** `beyond`: alerts that were not even queued. */
async function dropOldest(tx: Within, channel: string, beyond: number): Promise<void> {
  const [found] = await tx.select({ waiting: count() }).from(alertMessages).where(eq(alertMessages.channel, channel))
  const surplus = (found?.waiting ?? 0) - WAITING_MAX
  if (surplus > 0) {
    const oldest = tx
      .select({ position: alertMessages.position })
      .from(alertMessages)
      .where(eq(alertMessages.channel, channel))
      .orderBy(asc(alertMessages.position))
      .limit(surplus)
    await tx.delete(alertMessages).where(inArray(alertMessages.position, oldest))
  }
  const dropped = Math.max(0, surplus) + Math.max(0, beyond)
  if (dropped === 0) return
  await tx
    .update(alertChannels)
    .set({ dropped: sql`${alertChannels.dropped} + ${dropped}` })
    .where(eq(alertChannels.id, channel))
}
