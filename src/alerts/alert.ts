/** What is said to people: that something is wrong, that it has passed, or that a channel works. Words of ours, never record content. */
import { rfc3339 } from '../base/mod.ts'

/** Something that is wrong while it is listed. `id` is the same as long as it is the same thing: `deployment.failed dep_…`. */
export type Condition = {
  id: string
  /** What happened, as a sentence without its dot. */
  what: string
  /** What that affects. */
  effect?: string | undefined
  /** Since when, ms since 1970. */
  sinceMs: number
}

/** One thing to tell. `id` is the same in every attempt, so that a receiver can tell a repetition. */
export type Alert = {
  id: string
  kind: 'raised' | 'cleared' | 'test'
  condition: Condition
  atMs: number
}

/** As a CloudEvent 1.0 in structured form. `source` is a URI of the server that speaks. */
export function cloudEventOf(alert: Alert, source: string, server: string): Record<string, unknown> {
  const { id, kind, condition, atMs } = alert
  return {
    ...{ specversion: '1.0', id, source, type: `sluice.alert.${kind}`, subject: condition.id, time: rfc3339(atMs) },
    datacontenttype: 'application/json',
    data: {
      ...{ server, what: condition.what, since: rfc3339(condition.sinceMs) },
      ...(condition.effect !== undefined && { effect: condition.effect }),
    },
  }
}

const BEGINNINGS: Record<Alert['kind'], string> = { raised: 'Wrong', cleared: 'Passed', test: 'Test' }

/** As a mail: its subject and its text. */
export function mailTextOf(alert: Alert, server: string): { subject: string; text: string } {
  const { kind, condition, atMs } = alert
  const { what, effect, sinceMs } = condition
  const lines = [
    `${server}: ${what}.`,
    ...(effect === undefined ? [] : [`${effect}.`]),
    '',
    `Since ${rfc3339(sinceMs)}${kind === 'cleared' ? `, passed ${rfc3339(atMs)}` : ''}`,
  ]
  return { subject: `[${server}] ${BEGINNINGS[kind]}: ${what}`, text: `${lines.join('\n')}\n` }
}
