/** What a Runtime is told of the other ends of its bridges: whose part is not in force as its own is. */
import { and, desc, eq, inArray, lt, sql } from 'drizzle-orm'
import { PEER_STANDINGS_MAX, type PeerStanding } from '../../wire/mod.ts'
import type { TenantStore } from '../database.ts'
import { isTaken, type OlderInForce, peersOutOfForce } from './peers-out-of-force.ts'
import { type Standing, targetsOf } from './targets.ts'

/** Deployments that are looked into for one answer: with a handful of peers each they fill it. The others are told when these are mended. */
const DEPLOYMENTS_MAX = 64

/** Of those deployments that a Runtime has, the peers that nothing crosses to or from. */
export async function farSidesOf(
  db: TenantStore,
  runtime: string,
  deployments: readonly string[],
): Promise<PeerStanding[]> {
  const standings: PeerStanding[] = []
  for (const { deployment, version } of await troubled(db, deployments)) {
    const targets = await targetsOf(db, deployment, version)
    const own = targets.find((target) => target.runtime === runtime)
    if (!own) continue
    const peers = peersOutOfForce(own, targets, await olderInForce(db, targets))
    standings.push(...peers.map(({ runtime: peer, ...stands }) => ({ ...stands, deployment, peer }) as PeerStanding))
  }
  return standings.slice(0, PEER_STANDINGS_MAX)
}

/** For targets of one version: who has an earlier one in force. Nothing is asked where all have taken this one. */
export async function olderInForce(db: TenantStore, targets: readonly Standing[]): Promise<OlderInForce> {
  const behind = targets.filter((target) => target.wanted === 'run' && !isTaken(target))
  const [first] = behind
  if (!first) return new Map()
  const table = db.tables.tenantTargets
  const runtimes = behind.map(({ runtime }) => runtime)
  const rows = await db
    .select({ runtime: table.runtime, version: table.version, state: table.state })
    .from(table)
    .where(
      and(
        ...[eq(table.deployment, first.deployment), lt(table.version, first.version), eq(table.delivery, 'told')],
        ...[
          inArray(table.runtime, runtimes),
          inArray(table.state, ['preparing', 'running', 'draining', 'failed', 'stopped']),
        ],
      ),
    )
    .orderBy(desc(table.version))
  // The last that a Runtime took; one that was stopped since is not in force.
  const last = new Map<string, (typeof rows)[number]>()
  for (const row of rows) if (!last.has(row.runtime)) last.set(row.runtime, row)
  return new Map(
    [...last.values()].filter(({ state }) => state !== 'stopped').map(({ runtime, version }) => [runtime, version]),
  )
}

/** Those of which some Runtime does not run the newest version; that is none of them, nearly always. */
async function troubled(db: TenantStore, names: readonly string[]): Promise<{ deployment: string; version: number }[]> {
  if (names.length === 0) return []
  const { tenantTargets: targets, tenantDeployments: newest } = db.tables
  // Written out, since each heartbeat asks it: to put it together costs more than to answer it.
  return db.all(sql`
    select distinct ${newest.id} as deployment, ${newest.version} as version from ${newest}
    join ${targets} on ${targets.deployment} = ${newest.id} and ${targets.version} = ${newest.version}
    where ${newest.id} in (select value from json_each(${JSON.stringify(names)}))
      and ${newest.wanted} = 'run' and ${targets.wanted} = 'run'
      and (${targets.delivery} <> 'told' or ${targets.state} in ('refused', 'awaiting-approval', 'failed')
        or (${targets.state} = 'stopped' and coalesce(json_extract(${targets.reasons}, '$[0].code'), '') <> 'flow.ended'))
    limit ${DEPLOYMENTS_MAX}`)
}
