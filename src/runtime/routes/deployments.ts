/** Deployments as their owner sees them: what runs with its counts, what waits with what it adds, and the decisions. */
import { Hono } from 'hono'
import * as v from 'valibot'
import { rfc3339 } from '../../base/mod.ts'
import { parseInput, readJson } from '../../web/mod.ts'
import { DeploymentId } from '../../wire/mod.ts'
import { type DetailDeps, deploymentDetail, deploymentList } from '../deployment-detail.ts'
import type { RuntimeState } from '../open-state.ts'
import type { Station } from '../station.ts'
import { demand, type PersonEnv } from './person.ts'
import { recorded } from './recorded.ts'

const Version = v.pipe(v.number(), v.integer(), v.minValue(1))
const Approve = v.strictObject({ version: v.optional(Version) })
const Refuse = v.strictObject({
  version: v.optional(Version),
  reason: v.optional(v.pipe(v.string(), v.maxLength(256))),
})
const Whole = v.pipe(v.string(), v.regex(/^\d{1,15}$/, 'must be a whole number'), v.transform(Number))
const LettersQuery = v.object({ from: v.optional(Whole, '1'), limit: v.optional(Whole, '50') })
const DropQuery = v.object({ through: Whole })

export type LettersDeps = Pick<Station, 'deadLetters'> & { state: Pick<RuntimeState, 'trail'> }

export function deploymentRoutes(station: DetailDeps & LettersDeps): Hono<PersonEnv> {
  const { deployments } = station
  return new Hono<PersonEnv>()
    .get('/', async (c) => c.json({ deployments: await deploymentList(station) }))
    .get('/:id', async (c) => c.json(await deploymentDetail(station, idOf(c.req.param('id')))))
    .post('/:id/approve', async (c) => {
      const actor = demand(c, 'owner')
      const id = idOf(c.req.param('id'))
      await deployments.approve(id, (await readJson(c, Approve)).version, actor)
      return c.json(await deploymentDetail(station, id))
    })
    .post('/:id/refuse', async (c) => {
      const actor = demand(c, 'owner')
      const id = idOf(c.req.param('id'))
      const { version, reason } = await readJson(c, Refuse)
      return c.json(await deployments.refuse(id, version, { actor, reason }))
    })
    .post('/:id/stop', async (c) => {
      const actor = demand(c, 'operator')
      const id = idOf(c.req.param('id'))
      await deployments.stop(id, actor)
      return c.json(await deploymentDetail(station, id))
    })
    .route('/:id/dead-letters', letterRoutes(station))
}

/** Drops refused records up to and including a position, for good, and says so in the audit trail; answers how many. */
export async function dropLetters(
  { deadLetters, state }: LettersDeps,
  deployment: string,
  through: number,
  actor: string,
): Promise<number> {
  const { first, next } = await deadLetters.list(deployment, { from: 1, limit: 0 })
  const detail = { through, dropped: Math.max(0, Math.min(through, next - 1) - first + 1) }
  const act = { actor, action: 'dead_letters.dropped', subject: deployment, detail }
  return recorded(state.trail, act, () => deadLetters.drop(deployment, through))
}

function letterRoutes(station: LettersDeps): Hono<PersonEnv> {
  return new Hono<PersonEnv>()
    .get('/', async (c) => {
      demand(c, 'operator')
      const page = await station.deadLetters.list(idOf(c.req.param('id')), parseInput(LettersQuery, c.req.query()))
      return c.json({ ...page, letters: page.letters.map((letter) => ({ ...letter, at: rfc3339(letter.at) })) })
    })
    .delete('/', async (c) => {
      const actor = demand(c, 'operator')
      const id = idOf(c.req.param('id'))
      const { through } = parseInput(DropQuery, c.req.query())
      return c.json({ dropped: await dropLetters(station, id, through, actor) })
    })
}

/** The id becomes part of a path: only its own form is taken. */
function idOf(text: string | undefined): string {
  return parseInput(DeploymentId, text)
}
