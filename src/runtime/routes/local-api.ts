/** The local API, `/v1`: what the command line and the pages stand on. JSON both ways, failures as RFC 9457. */
import { Hono } from 'hono'
import * as v from 'valibot'
import { rfc3339 } from '../../base/mod.ts'
import type { CredentialSummary } from '../../keys/mod.ts'
import { parseInput, readJson } from '../../web/mod.ts'
import { introduce, readIntroduction } from '../introductions.ts'
import { LOGS_PAGE_MAX } from '../local-logs.ts'
import type { RuntimeState } from '../open-state.ts'
import type { Peer } from '../state/peers.ts'
import type { Station } from '../station.ts'
import { deploymentRoutes } from './deployments.ts'
import { demand, type PersonEnv } from './person.ts'
import { recorded } from './recorded.ts'
import { type EnrolmentView, enrolmentOf, statusOf } from './status.ts'

const Enrol = v.strictObject({ code: v.pipe(v.string(), v.maxLength(32_768)) })
const Introduction = v.strictObject({ introduction: v.pipe(v.string(), v.maxLength(32_768)) })
/** No longer than a line of the trail takes; which characters it may have is the vault's to say. */
const CredentialName = v.pipe(v.string(), v.maxLength(256))
const Fields = v.strictObject({ fields: v.record(v.string(), v.string()) })
/** A whole number in a query. */
const Whole = v.pipe(v.string(), v.regex(/^\d{1,15}$/, 'must be a whole number'), v.transform(Number))
const LogsQuery = v.object({
  after: v.optional(Whole),
  limit: v.optional(Whole, '200'),
  deployment: v.optional(v.string()),
})
const TrailQuery = v.object({ after: v.optional(Whole), limit: v.optional(Whole, '200') })
const HeadQuery = v.object({ count: v.optional(Whole), hash: v.optional(v.string()) })

export function localApi(station: Station): Hono<PersonEnv> {
  return new Hono<PersonEnv>()
    .get('/status', async (c) => c.json(await statusOf(station)))
    .route('/deployments', deploymentRoutes(station))
    .route('/enrolment', enrolmentRoutes(station))
    .route('/peers', peerRoutes(station))
    .route('/credentials', credentialRoutes(station))
    .route('/audit', auditRoutes(station.state))
    .get('/logs', async (c) => {
      const { after, limit, deployment } = parseInput(LogsQuery, c.req.query())
      const about = { ...(after !== undefined && { after }), ...(deployment !== undefined && { deployment }) }
      return c.json(await station.state.logs.list({ ...about, limit: Math.min(limit, LOGS_PAGE_MAX) }))
    })
}

function enrolmentRoutes(station: EnrolmentView): Hono<PersonEnv> {
  return new Hono<PersonEnv>()
    .get('/', async (c) => c.json(await enrolmentOf(station)))
    .post('/', async (c) => {
      const actor = demand(c, 'owner')
      await station.enrolment.enrol((await readJson(c, Enrol)).code, actor)
      return c.json(await enrolmentOf(station), 201)
    })
}

type PeerRoutesDeps = Pick<Station, 'addresses' | 'enrolment' | 'peerRemoved'> & {
  state: Pick<RuntimeState, 'signing' | 'agreement' | 'authority' | 'enrolment' | 'peers' | 'trail'>
}

function peerRoutes({ state, addresses, enrolment, peerRemoved }: PeerRoutesDeps): Hono<PersonEnv> {
  const { peers, trail } = state
  const bridges = () => ({ host: addresses().bridgeHost, port: addresses().bridgePort })
  const deps = { ...state, bridges }
  return new Hono<PersonEnv>()
    .get('/', async (c) => {
      const { accepted, notAuthentic } = await peers.list()
      return c.json({ peers: accepted.map(peerAsJson), notAuthentic })
    })
    .post('/introduction', async (c) => {
      demand(c, 'operator')
      return c.json(await introduce(deps))
    })
    .post('/', async (c) => {
      const actor = demand(c, 'owner')
      const introduced = await readIntroduction(deps, (await readJson(c, Introduction)).introduction)
      const { runtime: subject, fingerprint } = introduced
      const act = { actor, action: 'peer.accepted', subject, detail: { fingerprint } }
      const peer = await recorded(trail, act, () => peers.accept({ ...introduced, acceptedBy: actor }))
      enrolment.changed()
      return c.json(peerAsJson(peer), 201)
    })
    .delete('/:runtime', async (c) => {
      const actor = demand(c, 'owner')
      const { runtime: subject } = await peers.row(c.req.param('runtime'))
      const removed = await recorded(trail, { actor, action: 'peer.removed', subject }, () => peers.remove(subject))
      peerRemoved(subject)
      return c.json(peerAsJson(removed))
    })
}

type CredentialRoutesDeps = Pick<Station, 'enrolment'> & { state: Pick<RuntimeState, 'vault' | 'trail'> }

function credentialRoutes({ state: { vault, trail }, enrolment }: CredentialRoutesDeps): Hono<PersonEnv> {
  return new Hono<PersonEnv>()
    .get('/', async (c) => c.json({ credentials: (await vault.list()).map(credentialAsJson) }))
    .put('/:name', async (c) => {
      const actor = demand(c, 'owner')
      const subject = parseInput(CredentialName, c.req.param('name'))
      const { fields } = await readJson(c, Fields)
      const act = { actor, action: 'credential.set', subject }
      const summary = await recorded(trail, act, () => vault.set(subject, fields))
      enrolment.changed()
      return c.json(credentialAsJson(summary))
    })
    .delete('/:name', async (c) => {
      const actor = demand(c, 'owner')
      const name = parseInput(CredentialName, c.req.param('name'))
      await recorded(trail, { actor, action: 'credential.removed', subject: name }, () => vault.remove(name))
      enrolment.changed()
      return c.json({ removed: name })
    })
}

function auditRoutes({ trail }: Pick<RuntimeState, 'trail'>): Hono<PersonEnv> {
  return new Hono<PersonEnv>()
    .get('/', async (c) => {
      const { after, limit } = parseInput(TrailQuery, c.req.query())
      const page = { limit: Math.min(limit, 1_000), ...(after !== undefined && { afterCount: after }) }
      return c.json({ head: await trail.head(), entries: await trail.list(page) })
    })
    .get('/verify', async (c) => {
      const { count, hash } = parseInput(HeadQuery, c.req.query())
      return c.json(await trail.verify(count !== undefined && hash !== undefined ? { count, hash } : undefined))
    })
}

function peerAsJson({ runtime, name, fingerprint, bridgeHost, bridgePort, acceptedBy, acceptedAtMs }: Peer) {
  return { runtime, name, fingerprint, bridgeHost, bridgePort, addedBy: acceptedBy, addedAt: rfc3339(acceptedAtMs) }
}

function credentialAsJson({ id, name, fields, createdAt, replacedAt }: CredentialSummary) {
  const times = { createdAt: rfc3339(createdAt), replacedAt: replacedAt === null ? null : rfc3339(replacedAt) }
  return { id, name, fields, ...times }
}
