/** What of the deployments needs their owner: a version that waits, one that does not run, refused records, a bridge that is down. */
import type { AttentionLine } from '../attention.ts'
import type { DeploymentDetail } from '../deployment-detail.ts'
import { bridgeLines } from './bridges.ts'

export function deploymentLines({ deployments }: { deployments: readonly DeploymentDetail[] }): AttentionLine[] {
  return deployments.flatMap((one) => [
    ...waitingLines(one),
    ...failedLines(one),
    ...bridgeLines(one),
    ...letterLines(one),
  ])
}

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
  if (one.state === 'failed' || one.state === 'refused') {
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
  if (reason?.code !== 'runtime.row_not_authentic') return []
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
      // Nothing is late: the flow goes on, and whether they go through again or are dropped is for a person to say.
      ...{ state: 'awaiting-approval', word: 'to decide' },
      what: `${count} refused ${count === 1 ? 'record' : 'records'} of ${one.blueprint} ${count === 1 ? 'waits' : 'wait'}`,
      effect: 'They are kept on this Runtime until you replay or drop them; what runs goes on.',
      cure: { label: 'Look', href: `${pageOf(one)}/dead-letters` },
    },
  ]
}
