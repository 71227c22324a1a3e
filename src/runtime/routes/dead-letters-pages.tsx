/** The pages of refused records: list, one, and their replay and drop by form. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { roleReaches } from '../../accounts/mod.ts'
import type { Clock } from '../../base/mod.ts'
import { dangerPage, demand, type FormShown, formAct, type PersonEnv, type Site, Whole } from '../../server/mod.ts'
import { type Failure, listField, parseInput, readForm } from '../../web/mod.ts'
import { Code, type DeadLetterSelection, DeploymentId, Name, WorkerSilent } from '../../wire/mod.ts'
import { recordOf } from '../dead-letters/dead-letter-journal.ts'
import { dropLetters, inspectLetter, type LetterActsDeps, replayLetters } from '../dead-letters/letter-acts.ts'
import { type DetailDeps, deploymentDetail } from '../deployment-detail.ts'
import { DeadLetters, type DeadLettersProps, dropForm, LettersOutOfReach, OneLetter } from '../views/dead-letters.tsx'
import { deploymentTabs } from '../views/deployment-tabs.ts'
import { chosen } from './dead-letters.ts'

export type DeadLetterPagesDeps = DetailDeps & LetterActsDeps & { clock: Clock }

/** Records of one page. */
const LETTERS = 50

const Filter = { component: v.optional(Name), code: v.optional(Code) }
const ListQuery = v.object({ ...Filter, from: v.optional(Whole, '1') })
const Numbered = v.object({ id: DeploymentId, number: Whole })
const Digits = v.pipe(v.string(), v.regex(/^\d{1,15}$/, 'must be a whole number'))
const Chosen = v.object({ ...Filter, through: v.optional(Whole), numbers: listField(Digits) })
type Chosen = v.InferOutput<typeof Chosen>

export function deadLetterPages(deps: DeadLetterPagesDeps, site: Site): Hono<PersonEnv> {
  return new Hono<PersonEnv>()
    .get('/:id/dead-letters', async (c) => {
      demand(c, 'operator')
      return site.page(c, await listed(deps, c))
    })
    .route(
      '/',
      dangerPage(site, '/:id/dead-letters/drop', {
        role: 'operator',
        about: (c) => toDrop(deps, c),
        form: dropForm,
        frame: ({ about: { deployment, blueprint }, danger }) => ({ ...frameOf(deployment, blueprint), view: danger }),
        async act({ about: { deployment, selection }, actor }) {
          await dropLetters(deps, deployment, selection, actor)
          return `/deployments/${deployment}/dead-letters`
        },
      }),
    )
    .get('/:id/dead-letters/:number', async (c) => {
      const { id, number } = parseInput(Numbered, c.req.param())
      const { blueprint } = await deploymentDetail(deps, id)
      const letter = await inspectLetter(deps, id, number, demand(c, 'owner'))
      const shown = { deployment: id, letter, record: recordOf(letter), nowMs: deps.clock.now() }
      return site.page(c, {
        ...frameOf(id, `Refused record ${number} of ${blueprint}`),
        view: <OneLetter {...shown} />,
      })
    })
    .route(
      '/',
      formAct(site, '/:id/dead-letters/replay', {
        ...{ role: 'operator', schema: Chosen },
        again: ({ c, failed: { failure } }) => listed(deps, c, failure),
        async act({ c, input, actor }) {
          await replayLetters(deps, idOf(c), chosen(plain(input)), actor)
          return `/deployments/${idOf(c)}/dead-letters`
        },
      }),
    )
}

async function listed(deps: DeadLetterPagesDeps, c: Context<PersonEnv>, failure?: Failure): Promise<FormShown> {
  const id = idOf(c)
  const { blueprint } = await deploymentDetail(deps, id)
  const props = await letters(deps, c, id)
  return { ...frameOf(id, blueprint), view: props ? <DeadLetters {...{ ...props, failure }} /> : <LettersOutOfReach /> }
}

/** `undefined` while its worker does not answer. */
async function letters(
  { deadLetters, clock }: DeadLetterPagesDeps,
  c: Context<PersonEnv>,
  deployment: string,
): Promise<DeadLettersProps | undefined> {
  const { from, ...filter } = parseInput(ListQuery, c.req.method === 'GET' ? c.req.query() : {})
  const { role } = c.var.user
  try {
    const page = await deadLetters.list(deployment, { from, limit: LETTERS, ...filter })
    const may = { mayAct: roleReaches(role, 'operator'), mayInspect: roleReaches(role, 'owner') }
    return { deployment, page, counts: await deadLetters.counts(deployment), filter, nowMs: clock.now(), ...may }
  } catch (error) {
    if (error instanceof WorkerSilent) return undefined
    throw error
  }
}

/** What the form is about to drop: chosen in the address of its page, and sent along by it. Refuses `dead_letter.none_chosen`. */
async function toDrop(deps: DeadLetterPagesDeps, c: Context<PersonEnv>) {
  const deployment = idOf(c)
  const asked = c.req.method === 'POST' ? await readForm(c, Chosen) : parseInput(Chosen, asLists(c.req.queries()))
  const selection = chosen(plain(asked))
  const { blueprint } = await deploymentDetail(deps, deployment)
  const counts = await deps.deadLetters.counts(deployment)
  const fitting = counts.filter(
    (one) => (asked.component ?? one.component) === one.component && (asked.code ?? one.code) === one.code,
  )
  const count = selection.numbers?.length ?? fitting.reduce((sum, one) => sum + one.count, 0)
  return { deployment, blueprint, count, selection }
}

function frameOf(id: string, title: string) {
  return { title, current: '/deployments', ...deploymentTabs(id, 'dead-letters') }
}

/** A form sends no empty list: nothing ticked is nothing chosen. */
function plain({ numbers, ...rest }: Chosen): DeadLetterSelection {
  return { ...rest, ...(numbers.length > 0 && { numbers: numbers.map(Number) }) }
}

function asLists({ numbers, ...single }: Record<string, string[]>) {
  const firsts = Object.entries(single).map(([name, values]) => [name, values[0]])
  return { ...Object.fromEntries(firsts), ...(numbers && { numbers }) }
}

function idOf(c: Context<PersonEnv>): string {
  return parseInput(DeploymentId, c.req.param('id'))
}
