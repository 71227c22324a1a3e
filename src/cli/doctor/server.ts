/** What the doctor hears from the Runtime itself, by the API: its certificate, its Platform, what drifted. */

import * as v from 'valibot'
import { nounFor } from '../../base/mod.ts'
import { type Check, type Found, look, ok, skipped } from '../../host/mod.ts'
import { readAs } from '../answers.ts'
import type { Client } from '../client.ts'

const Certificate = v.looseObject({
  shown: v.looseObject({ validTo: v.string(), fingerprint: v.string() }),
  warnings: v.array(v.looseObject({ code: v.string(), level: v.string(), daysLeft: v.nullable(v.number()) })),
})
const Status = v.looseObject({
  platform: v.looseObject({
    state: v.string(),
    platform: v.optional(v.string()),
    lastHeartbeatAnsweredAt: v.optional(v.string()),
    failure: v.optional(v.string()),
  }),
})

const Drift = v.looseObject({
  checkedAt: v.optional(v.string()),
  items: v.array(v.looseObject({ name: v.string(), differs: v.boolean() })),
})

/** With no client there is nobody to ask. */
export async function checksOfServer(client: Client | undefined): Promise<Check[]> {
  const silent = async () => skipped('the Runtime does not run')
  return [
    await look('TLS', client ? () => tls(client) : silent),
    await look('Platform', client ? () => platform(client) : silent),
    await look('drift', client ? () => drift(client) : silent),
  ]
}

async function tls(client: Client): Promise<Found> {
  const { shown, warnings } = readAs(Certificate, await client.get('/v1/certificate'))
  const [worst] = warnings
  if (!worst) return ok(`1.2 and 1.3; the certificate holds until ${shown.validTo}`)
  const found = `${worst.code}${worst.daysLeft === null ? '' : `, ${worst.daysLeft} ${nounFor(worst.daysLeft, 'day')} left`}`
  const advice = 'Install a new one with `sluice certificate set`, or go back with `sluice certificate remove`.'
  return { verdict: worst.level === 'bad' ? 'bad' : 'warn', found, advice }
}

async function platform(client: Client): Promise<Found> {
  const { platform: link } = readAs(Status, await client.get('/v1/status'))
  if (link.state !== 'enrolled') return skipped('this Runtime belongs to no Platform')
  const heard = link.lastHeartbeatAnsweredAt ?? 'never'
  if (link.failure === undefined) return ok(`${link.platform ?? ''} answered at ${heard}`)
  return {
    verdict: 'bad',
    found: `${link.platform ?? ''} does not answer (${link.failure}); it last did: ${heard}`,
    advice:
      'See whether this host reaches that address, through its firewall and proxy, and whether both clocks are right.',
  }
}

async function drift(client: Client): Promise<Found> {
  const { checkedAt, items } = readAs(Drift, await client.get('/v1/drift'))
  if (checkedAt === undefined) return skipped('nothing was checked yet: `sluice drift check`')
  const names = items.filter(({ differs }) => differs).map(({ name }) => name)
  if (names.length === 0) return ok(`everything was as it was set up at ${checkedAt}`)
  const found = `not as it was set up at ${checkedAt}: ${names.join(', ')}`
  return { verdict: 'bad', found, advice: 'See what of each differs, and what to do, with `sluice drift show`.' }
}
