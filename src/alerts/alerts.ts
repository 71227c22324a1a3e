/** Alerts of a server's own: it looks at what is wrong every ten seconds and tells people, whoever else is gone. */
import { newId } from '../base/mod.ts'
import type { Condition } from './alert.ts'
import {
  addMail,
  addWebhook,
  type ChannelSummary,
  findChannel,
  listChannels,
  type MailInput,
  removeChannel,
  summaryOf,
  type WebhookInput,
} from './channels.ts'
import { notice } from './conditions.ts'
import { deliverDue, type Sender, sendNow } from './outbox.ts'

/**
 * How often a server is to look, and how often what is due is to be sent: something wrong is told within a minute and a quarter, or 20 s later
 * while a receiver hangs.
 */
export const LOOK_MS = 10_000
export const DELIVER_MS = 5_000

/** An open alerts desk; times are ms since 1970. */
export type Alerts = {
  /** By name. */
  list(): Promise<ChannelSummary[]>
  /** By id or name; refuses `alert.channel_not_found`. */
  find(channel: string): Promise<ChannelSummary>
  /** The secret is shown this once. Refuses `alert.channel_exists`, `alert.no_room`. */
  addWebhook(name: string, input: WebhookInput): Promise<{ channel: ChannelSummary; secret: string }>
  /** Refuses `alert.channel_exists`, `alert.no_room`. */
  addMail(name: string, input: MailInput): Promise<ChannelSummary>
  /** By id or name; refuses `alert.channel_not_found`. */
  remove(channel: string): Promise<void>
  /** Sends a test at once; fails with what the channel fails with: `alert.not_taken`, `alert.mail_…`, `host.…`. */
  test(channel: string): Promise<void>
  /** One look: what has become wrong or has passed is queued. It waits for no receiver. */
  notice(conditions: readonly Condition[]): Promise<void>
  /** Sends what is due. Asked again while it does, it is one and the same delivery: no message is sent by two at once. */
  deliver(): Promise<void>
}

export function openAlerts(sender: Sender): Alerts {
  let delivery: Promise<void> | undefined
  return {
    list: () => listChannels(sender),
    find: async (channel) => summaryOf(sender, await findChannel(sender, channel)),
    addWebhook: (name, input) => addWebhook(sender, name, input),
    addMail: (name, input) => addMail(sender, name, input),
    remove: (channel) => removeChannel(sender, channel),
    async test(channel) {
      const { clock, random } = sender
      const [atMs, what] = [clock.now(), 'this is a test of an alert channel']
      const condition = { id: 'alert.test', what, effect: 'Nothing is wrong', sinceMs: atMs }
      const row = await findChannel(sender, channel)
      await sendNow(sender, row, { id: newId('alt', clock, random), kind: 'test', condition, atMs })
    },
    notice: (conditions) => notice(sender, conditions),
    deliver() {
      delivery ??= deliverDue(sender).finally(() => {
        delivery = undefined
      })
      return delivery
    },
  }
}
