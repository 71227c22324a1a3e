/** /v1/deployments/:id/dead-letters: records that components refused. What they hold is their owner's to see, and each look is recorded. */

import * as v from 'valibot'
import { recorded } from '../../audit/mod.ts'
import { nearestWord, rfc3339 } from '../../base/mod.ts'
import { ApiRoutes, demand, Whole } from '../../server/mod.ts'
import { Code, DeadLetterEntry, DeadLetterSelection, DeploymentId, Name } from '../../wire/mod.ts'
import type { DeadLetterPage } from '../dead-letters/dead-letter-journal.ts'
import { dropLetters, inspectLetter, type LetterActsDeps, replayLetters } from '../dead-letters/letter-acts.ts'
import { DeadLetterComponentUnknown, SelectionEmpty } from '../errors.ts'

/** The id becomes part of a path: only its own form is taken. */
const Identified = v.object({ id: DeploymentId })
const Numbered = v.object({ id: DeploymentId, number: Whole })
const Filter = { component: v.optional(Name), code: v.optional(Code) }
const ListQuery = v.object({
  from: v.optional(Whole, '1'),
  limit: v.optional(Whole, '50'),
  ...Filter,
  records: v.optional(v.picklist(['true', 'false']), 'false'),
})

const Letter = v.object({ ...DeadLetterEntry.entries, at: v.string(), record: v.optional(v.string()) })
const Page = v.object({
  letters: v.array(Letter),
  first: v.number(),
  /** The number that the next refused record will have. */
  next: v.number(),
  /** Where to go on, if there may be more. */
  resume: v.optional(v.number()),
})
const Counts = v.object({
  counts: v.array(v.object({ component: v.string(), code: v.string(), count: v.number() })),
})

export function letterRoutes(deps: LetterActsDeps): ApiRoutes {
  return new ApiRoutes('Dead letters')
    .get(
      '/',
      {
        summary: 'Refused records: where they come from and why; with `records=true` (owner) what they hold.',
        ...{ role: 'operator', params: Identified, query: ListQuery, answer: Page },
      },
      async ({ c, params: { id }, query: { records, ...query } }) => {
        await demandComponent(deps, id, query.component)
        if (records === 'false') return shown(await deps.deadLetters.list(id, query), false)
        const { from, limit } = query
        const actor = demand(c, 'owner')
        const act = { actor, action: 'dead_letters.inspected', subject: id, detail: { from, limit } }
        return shown(await recorded(deps.state.trail, act, () => deps.deadLetters.list(id, query)), true)
      },
    )
    .get(
      '/counts',
      { summary: 'How many were refused for which reason.', role: 'operator', params: Identified, answer: Counts },
      async ({ params }) => ({ counts: await deps.deadLetters.counts(params.id) }),
    )
    .mount('', letterActs(deps))
}

function letterActs(deps: LetterActsDeps): ApiRoutes {
  return new ApiRoutes('Dead letters')
    .get(
      '/:number',
      { summary: 'One refused record with what it holds.', role: 'owner', params: Numbered, answer: Letter },
      async ({ params: { id, number }, actor }) => {
        const letter = await inspectLetter(deps, id, number, actor)
        return { ...letter, at: rfc3339(letter.at) }
      },
    )
    .post(
      '/replay',
      {
        summary: 'Lets refused records go through the component that refused them again.',
        ...{ role: 'operator', params: Identified, body: DeadLetterSelection, status: 202 },
        answer: v.object({ replaying: v.number() }),
      },
      async ({ params: { id }, body, actor }) => {
        await demandComponent(deps, id, body.component)
        return { replaying: await replayLetters(deps, id, chosen(body), actor) }
      },
    )
    .post(
      '/drop',
      {
        summary: 'Drops refused records for good.',
        ...{ role: 'operator', fresh: true, params: Identified, body: DeadLetterSelection },
        answer: v.object({ dropped: v.number() }),
      },
      async ({ params: { id }, body, actor }) => {
        await demandComponent(deps, id, body.component)
        return { dropped: await dropLetters(deps, id, chosen(body), actor) }
      },
    )
}

/** A name that is misspelt would be answered as one that refused nothing. Refuses `dead_letter.component_unknown`. */
async function demandComponent(
  { deadLetters, state: { assignments } }: LetterActsDeps,
  deployment: string,
  component: string | undefined,
): Promise<void> {
  if (component === undefined) return
  const current = await assignments.placed(deployment, 'current')
  const inForce = current ? (await assignments.open(deployment, current.version)).components : []
  // Of a version before, too: what its components refused is still here.
  const refusing = await deadLetters.counts(deployment)
  const known = [...new Set([...inForce.map(({ name }) => name), ...refusing.map((one) => one.component)])]
  if (known.includes(component)) return
  const near = nearestWord(component, known)
  const hint = near ? `; did you mean ${near}?` : known.length > 0 ? `; there are ${known.join(', ')}` : ''
  throw new DeadLetterComponentUnknown(`${deployment} has no component ${component}${hint}`)
}

/** Refuses `dead_letter.none_chosen`: nothing is done to all of them because someone forgot to say which. */
export function chosen(selection: DeadLetterSelection): DeadLetterSelection {
  if ((selection.numbers === undefined) === (selection.through === undefined))
    throw new SelectionEmpty('either `numbers` or `through` says which refused records are meant')
  return selection
}

function shown({ letters, ...page }: DeadLetterPage, withRecords: boolean) {
  return {
    ...page,
    letters: letters.map(({ record, at, ...letter }) => ({
      ...{ ...letter, at: rfc3339(at) },
      ...(withRecords && { record }),
    })),
  }
}
