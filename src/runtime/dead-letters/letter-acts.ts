/** What people of a Runtime do with refused records; each act is in the audit trail before it is done. */
import { recorded, type Trail } from '../../audit/mod.ts'
import type { AssignedComponent, Assignment, DeadLetterEntry, DeadLetterSelection } from '../../wire/mod.ts'
import type { ComponentTypes } from '../deployments/component-types.ts'
import type { Deployments } from '../deployments/deployments.ts'
import { hasEnded } from '../deployments/ended.ts'
import { definitionOf } from '../deployments/examine.ts'
import { DeadLetterWithoutTaker, DeploymentNotFound, DeploymentNotRunning } from '../errors.ts'
import type { Assignments } from '../state/assignments.ts'
import type { DeadLetterDesk } from './dead-letter-desk.ts'

export type LetterActsDeps = {
  deadLetters: DeadLetterDesk
  deployments: Pick<Deployments, 'restart'>
  types: ComponentTypes
  state: { trail: Pick<Trail, 'record'>; assignments: Pick<Assignments, 'placed' | 'open'> }
}

/** One refused record with its content: customer data that somebody looks at. */
export async function inspectLetter(
  { deadLetters, state }: Pick<LetterActsDeps, 'deadLetters' | 'state'>,
  deployment: string,
  number: number,
  actor: string,
): Promise<DeadLetterEntry> {
  const letter = await deadLetters.find(deployment, number)
  const act = { actor, action: 'dead_letter.inspected', subject: deployment, detail: { number } }
  return recorded(state.trail, act, async () => letter)
}

/** Drops refused records for good; answers how many. */
export function dropLetters(
  { deadLetters, state }: Pick<LetterActsDeps, 'deadLetters' | 'state'>,
  deployment: string,
  selection: DeadLetterSelection,
  actor: string,
): Promise<number> {
  const act = { actor, action: 'dead_letters.dropped', subject: deployment, detail: detailOf(selection) }
  return recorded(state.trail, act, () => deadLetters.drop(deployment, selection))
}

/**
 * Lets refused records go through their component again; answers how many. A flow that has ended is started for it, and one that runs
 * but in which that component has ended is started anew. Refuses `deployment.not_running` for one that was stopped,
 * `deployment.not_found`, and `dead_letter.no_taker` where none of the chosen has a component to go through.
 */
export async function replayLetters(
  { deadLetters, deployments, types, state }: LetterActsDeps,
  deployment: string,
  selection: DeadLetterSelection,
  actor: string,
): Promise<number> {
  const current = await state.assignments.placed(deployment, 'current')
  if (!current) throw new DeploymentNotFound(`no version of ${deployment} is in force`)
  if ((current.state === 'stopped' && !hasEnded(current)) || current.state === 'refused')
    throw new DeploymentNotRunning(`${deployment} was stopped`)
  const act = { actor, action: 'dead_letters.replayed', subject: deployment, detail: detailOf(selection) }
  const takers = takersOf(await state.assignments.open(deployment, current.version), types)
  const { queued, taken } = await recorded(state.trail, act, async () => {
    const done = await deadLetters.replay(deployment, selection, takers)
    if (done.queued === 0 && done.gone > 0)
      throw new DeadLetterWithoutTaker(`no component of ${deployment} takes the refused records that were chosen`)
    return done
  })
  if (taken) return queued
  const now = await state.assignments.placed(deployment, 'current')
  // One that failed is started again anyway; one that is on its way has them before it.
  if (now && (hasEnded(now) || now.state === 'running')) await deployments.restart(deployment, actor, 'operator')
  return queued
}

/** Names of the components that take records. */
function takersOf({ components }: Assignment, types: ComponentTypes): string[] {
  const takes = (component: AssignedComponent): boolean => definitionOf(component, types)?.kind !== 'source'
  return components.filter(takes).map(({ name }) => name)
}

function detailOf({ numbers, through, component, code }: DeadLetterSelection): Record<string, string | number> {
  const [first] = numbers ?? []
  return {
    ...(numbers && { records: numbers.length }),
    ...(numbers?.length === 1 && first !== undefined && { number: first }),
    ...(through !== undefined && { through }),
    ...(component !== undefined && { component }),
    ...(code !== undefined && { code }),
  }
}
