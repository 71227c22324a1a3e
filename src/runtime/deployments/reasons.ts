/** Why a deployment does not run, as its owner reads it: which component, what it is about, and what to do. */
import { printable } from '../../base/mod.ts'
import type { AssignedComponent, Failure, Reason } from '../../wire/mod.ts'
import type { RefusedVersion } from '../state/refusals.ts'

/** A reason with what is said of it on this Runtime only: the failure in full, and what to do. */
export type ExplainedReason = Reason & Pick<Failure, 'message' | 'advice'>

/** The reason with the component that it is about, where the item is not that already. */
export function saidOf({ name }: Pick<AssignedComponent, 'name'>, reason: Reason): Reason {
  return reason.item === name ? reason : { ...reason, component: name }
}

/** `failure`: what its worker failed at last, in the program's own words. */
export function explained(reason: Reason, failure: Failure | undefined): ExplainedReason {
  const told = failure?.code === reason.code && failure.component === reason.component ? failure : undefined
  const advice = told?.advice ?? ADVICE[reason.code]
  return {
    ...reason,
    ...(told?.message !== undefined && { message: told.message }),
    ...(advice !== undefined && { advice }),
  }
}

/** `Version 2 of cells was refused here: credential.missing (warehouse). Set it …` */
export function refusedWords({ deployment, version, blueprint, reasons }: RefusedVersion): string {
  const why = reasons.map(({ code, component, item }) => {
    const about = [component, item].filter(Boolean).join(', ')
    return about === '' ? code : `${code} (${about})`
  })
  return printable(
    `Version ${version} of ${blueprint ?? deployment} was refused here: ${why.join('; ')}. ${curesOf(reasons)}`,
  )
}

/** What to do about a refused version, of its first reason; then it has to be sent again, for the Platform does not by itself. */
export function curesOf([first]: readonly Reason[]): string {
  const advice = first && ADVICE[first.code]
  if (!advice) return 'Have it mended on the Platform and deployed again.'
  return advice.includes('eploy it again') ? advice : `${advice} Then deploy it again from the Platform.`
}

const RULES = 'Change the rules of this Runtime if it shall run, or have the Blueprint changed.'
const RESEND = 'Deploy it again from the Platform; see its log if that changes nothing.'

/** What to do about the reasons that are no error's own; those of errors bring theirs. */
const ADVICE: Readonly<Record<string, string>> = {
  'assignment.misdirected': RESEND,
  'assignment.name_twice': RESEND,
  'assignment.not_understood': 'Update this Runtime: the Platform speaks a newer form than this version reads.',
  'assignment.signature_refused':
    'Deploy it again from the Platform; if it comes back, see who changed the data folder.',
  'assignment.too_many_restricted': 'Restrict fewer fields in the Blueprint, or split it.',
  'assignment.wiring': RESEND,
  'component.code_too_large': 'Make the code of the component smaller: a file has at most 8 MiB.',
  'component.code_unexpected': 'Take `code` out of the component: its type runs none.',
  'component.config_invalid': 'Compare the component with `sluice blueprint lint` and the catalogue of this version.',
  'component.type_unknown': 'Update this Runtime, or use a type that it has.',
  'credential.missing': 'Set it with `sluice credential set`, or name another one in the Blueprint.',
  'deployment.version_old': 'Nothing: a newer version is known here.',
  'deployment.version_reused': RESEND,
  'library.missing': 'Install it with `sluice library install`, or import another one.',
  'peer.unknown': 'Exchange introductions with the owner of that Runtime: `sluice peer introduce` and `accept`.',
  'policy.host_forbidden': RULES,
  'policy.name_unprintable': 'Name it by characters that can be seen.',
  'policy.path_forbidden': 'Name a path outside of the data folder and of /proc, /sys and /dev.',
  'policy.peer_forbidden': RULES,
  'policy.root_forbidden': RULES,
  'policy.script_forbidden': RULES,
  'policy.table_forbidden': RULES,
  'policy.too_many_assignments': 'Wait an hour: the Platform sent more than this Runtime takes in one.',
  'policy.type_forbidden': RULES,
  'policy.waiting_max': 'Decide on what waits, or let more wait by `waitingMax` of the rules.',
  'policy.workers_max': 'Stop a deployment, or let more run by `workersMax` of the rules.',
  'worker.channel_broken': 'It is started again by itself; if it comes back, report it with the log.',
  'worker.crashed':
    'It is started again by itself; if it comes back, see the log of this Runtime and the memory of the machine.',
  'worker.failed': 'It is started again by itself; see its log.',
  'worker.memory_exceeded':
    'Raise `workerMemoryMiB` of the rules, or make the records or the state of the component smaller.',
  'worker.silent':
    'It is started again by itself; if it comes back, look for an expression or a disk that takes minutes.',
}
