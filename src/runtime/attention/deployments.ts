/** What of the deployments needs their owner: a version that waits, one that does not run, refused records, a bridge that is down. */
import { nounFor } from '../../base/mod.ts'
import type { AttentionLine } from '../attention.ts'
import type { DeploymentDetail } from '../deployment-detail.ts'
import { bridgeLines } from './bridges.ts'
import { retriedLines, waitsForLetters } from './retried.ts'

type DeploymentsSeen = { deployments: readonly DeploymentDetail[]; nowMs: number }

export function deploymentLines({ deployments, nowMs }: DeploymentsSeen): AttentionLine[] {
  return deployments.flatMap((one) => [
    ...waitingLines(one),
    ...failedLines(one),
    ...retriedLines(one, nowMs),
    ...bridgeLines(one),
    ...letterLines(one),
  ])
}

const ROW_NOT_AUTHENTIC = 'runtime.row_not_authentic'

function pageOf({ deployment }: DeploymentDetail): string {
  return `/deployments/${deployment}`
}

function waitingLines(one: DeploymentDetail): AttentionLine[] {
  if (!one.waiting) return []
  const count = Object.values(one.waiting.adds).flat().length
  return [
    {
      id: `deployment.awaits ${one.deployment} ${one.waiting.version}`,
      state: 'awaiting-approval',
      what: `${one.blueprint} version ${one.waiting.version} waits for your approval`,
      sinceMs: one.waiting.receivedAtMs,
      effect: `It adds ${count === 1 ? 'one thing' : `${count} things`} to what you approved; until you decide, what runs goes on.`,
      cure: { label: 'Review', href: `${pageOf(one)}/approval` },
    },
  ]
}

function failedLines(one: DeploymentDetail): AttentionLine[] {
  const [reason] = one.reasons
  const about = { sinceMs: one.changedAtMs, cure: { label: 'Look', href: pageOf(one) } }
  // One that failed and is being started again has not run since: it goes on having failed until it does.
  if (one.state === 'failed' || one.state === 'refused' || isStartedAgain(one)) {
    const what = `${one.blueprint} does not run: ${reason ? wordsOf(reason) : one.state}`
    return [
      {
        id: `deployment.failed ${one.deployment}`,
        state: 'failed',
        what,
        effect: ['Its sources are held where they are; nothing is lost.', reason?.advice].filter(Boolean).join(' '),
        ...about,
      },
    ]
  }
  if (reason?.code !== ROW_NOT_AUTHENTIC) return []
  const what = `The next version of ${one.blueprint} cannot be decided on: ${reason.code}`
  return [
    {
      id: `deployment.undecidable ${one.deployment}`,
      state: 'failed',
      what,
      effect: 'Its approvals were changed outside of Sluice; what runs goes on.',
      ...about,
    },
  ]
}

function isStartedAgain({ state, reasons: [reason] }: DeploymentDetail): boolean {
  return state === 'preparing' && reason !== undefined && reason.code !== ROW_NOT_AUTHENTIC
}

/** `csv_file.file_missing (orders, in/*.csv)`. Not the message: alerts carry this line, and it may name a file that nobody configured. */
function wordsOf({ code, component, item }: DeploymentDetail['reasons'][number]): string {
  const about = [component, item].filter(Boolean).join(', ')
  return about === '' ? code : `${code} (${about})`
}

function letterLines(one: DeploymentDetail): AttentionLine[] {
  const { deadLetters: count } = one
  if (count === 0) return []
  return [
    {
      id: `dead_letters.wait ${one.deployment}`,
      // Whether they go through again or are dropped is for a person to say.
      ...{ state: 'awaiting-approval', word: 'to decide' },
      what: `${count} refused ${nounFor(count, 'record')} of ${one.blueprint} ${nounFor(count, 'waits', 'wait')}`,
      effect: one.components.some(waitsForLetters)
        ? 'They fill the room that they have: the flow is held, and its sources with it, until you replay or drop some.'
        : 'They are kept on this Runtime until you replay or drop them; what runs goes on.',
      cure: { label: 'Look', href: `${pageOf(one)}/dead-letters` },
    },
  ]
}
