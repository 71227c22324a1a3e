/** What a Runtime refuses or fails at, by name. */
import { AppError } from '../base/mod.ts'

/** A row that its message authentication code does not cover: the database file was changed by something else. */
export class RowNotAuthentic extends AppError {
  override readonly code = 'runtime.row_not_authentic' as const
  override readonly kind = 'internal' as const
  override readonly advice = 'The database was changed outside of Sluice. Restore it from a backup.'
}

/** A form with files that is not one, or not whole. What stood before the fault was taken. */
export class UploadFormUnfit extends AppError {
  override readonly code = 'upload.form_unfit' as const
  override readonly advice =
    'Send multipart/form-data in which every part is a file, with what goes with them in the query.'
}

/** A client of resumable uploads speaks another version of tus. */
export class TusVersionUnsupported extends AppError {
  override readonly code = 'upload.tus_version' as const
  override readonly advice = 'Use a client of tus 1.0.0, as most are.'
}

export class DeploymentNotFound extends AppError {
  override readonly code = 'deployment.not_found' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'List the deployments of this Runtime to see their ids.'
}

/** A component that the version in force does not have. */
export class ComponentUnknown extends AppError {
  override readonly code = 'deployment.component_unknown' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'See the deployment’s own page for its components.'
}

/** An approval or refusal of a version that does not wait for one. */
export class DeploymentNotWaiting extends AppError {
  override readonly code = 'deployment.not_waiting' as const
  override readonly kind = 'conflict' as const
}

/** What was to run may not: something of it is unknown or gone, or the owner's rules forbid it. */
export class DeploymentForbidden extends AppError {
  override readonly code = 'deployment.forbidden' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Mend what the message names, or change the rules of this Runtime; then decide again.'
}

/** New rules would end other deployments than the owner agreed to end. `ends`: each as `<deployment>@<version>`. */
export class PolicyEndsMore extends AppError {
  override readonly code = 'policy.ends_more' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Look at what these rules would end, then confirm exactly that.'
  readonly ends: readonly string[]
  constructor(ends: readonly string[]) {
    super(ends.length === 0 ? 'these rules end nothing' : `these rules would end ${ends.join(', ')}`)
    this.ends = ends
  }
}

/** What its owner agrees to is not what is found by now, or cannot be agreed to: it is held against itself. */
export class DriftChanged extends AppError {
  override readonly code = 'drift.changed' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Look at the check again. What is held against its own signature is mended, not agreed to.'
}

/** The owner decides on one version, and another one waits by now. */
export class DeploymentChanged extends AppError {
  override readonly code = 'deployment.changed' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Look at what waits now, then decide again.'
}

export class PeerNotFound extends AppError {
  override readonly code = 'peer.not_found' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'List the accepted Runtimes with `sluice peer list`.'
}

/** An introduction of this Runtime itself. */
export class PeerIsSelf extends AppError {
  override readonly code = 'peer.is_self' as const
  override readonly advice = 'Exchange introductions with the owner of the other Runtime.'
}

export class NotEnrolled extends AppError {
  override readonly code = 'enrolment.missing' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Enrol this Runtime first, with a code made on the Platform.'
}

export class AlreadyEnrolled extends AppError {
  override readonly code = 'enrolment.exists' as const
  override readonly kind = 'conflict' as const
  override readonly advice =
    'See with `sluice status` which Platform it belongs to; a Runtime of another one needs its own data folder.'
}

export class EnrolmentExpired extends AppError {
  override readonly code = 'enrolment.expired' as const
  override readonly advice = 'Make a new code on the Platform; a code lives one hour by default.'
}

/** A chunk of code that does not follow what came before, or a whole that does not match its hash. */
export class CodeMismatch extends AppError {
  override readonly code = 'code.mismatch' as const
}

/** Code that is not part of the version that is looked at. */
export class CodeNotThere extends AppError {
  override readonly code = 'code.not_there' as const
  override readonly kind = 'not_found' as const
}

/** A chunk of code that this Runtime did not say it lacks, or of another size than its deployment named. */
export class CodeUnexpected extends AppError {
  override readonly code = 'code.unexpected' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Send the deployment first; its answer names the code that is lacking.'
}

/** The code files of all deployments together have reached their bound. */
export class CodeNoRoom extends AppError {
  override readonly code = 'code.no_room' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Stop deployments that are not needed; code that none names is forgotten within two hours.'
}

/** Deployments use the credential, those that have ended and can start again among them: to remove it must be meant. */
export class CredentialInUse extends AppError {
  override readonly code = 'credential.in_use' as const
  override readonly kind = 'conflict' as const
  override readonly advice =
    'Remove it all the same with `--force`, or by typing its name; what uses it fails at its next start.'
}

/** No component that is in force, uses the credential and can try it. */
export class CredentialNotChecked extends AppError {
  override readonly code = 'credential.not_checked' as const
  override readonly kind = 'conflict' as const
  override readonly advice =
    'Deploy and approve a Blueprint whose component uses it; the catalogue says which types can try theirs.'
}

/** As many checks as may wait. */
export class ChecksBusy extends AppError {
  override readonly code = 'credential.checks_busy' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Wait until the checks that run have ended.'
}

/** A worker asked for what its assignment does not name. */
export class WorkerForbidden extends AppError {
  override readonly code = 'worker.forbidden' as const
  override readonly kind = 'forbidden' as const
}

/** This program has no component of that type; `item` is the type. */
export class ComponentTypeUnknown extends AppError {
  override readonly code = 'component.type_unknown' as const
  override readonly advice = 'Update this Runtime, or deploy a Blueprint that uses the types that it has.'
  readonly item: string
  constructor(item: string) {
    super(`there is no component type ${item}`)
    this.item = item
  }
}

/** `runWorker` was called in a process that no Runtime started. */
export class WorkerWithoutParent extends AppError {
  override readonly code = 'worker.without_parent' as const
  override readonly advice = 'Workers are started by a Runtime; run `sluice runtime`.'
}

/** What a problem document said. */
export type ToldProblem = { code: string; detail: string; advice?: string | undefined }

/** The Platform answered that it has less than it had acknowledged before, and nothing of what it was just told. */
export class PlatformTookNothing extends AppError {
  override readonly code = 'platform.took_nothing' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'It is told again by itself. If that goes on, see whether the Platform was restored.'
}

/** The Platform answered with another status than 200. `problem` is what it said of it: a stable code and a sentence. */
export class PlatformRefused extends AppError {
  override readonly code = 'platform.refused' as const
  override readonly kind = 'unavailable' as const
  readonly status: number
  readonly problem: ToldProblem | undefined
  constructor(status: number, problem?: ToldProblem) {
    super(`the Platform answered with status ${status}${problem ? ` (${problem.code})` : ''}`)
    this.status = status
    this.problem = problem
  }
}

/** A file that a component opens is really in a place that is closed to components, whatever its path was called. */
export class PathForbidden extends AppError {
  override readonly code = 'policy.path_forbidden' as const
  override readonly kind = 'forbidden' as const
  override readonly advice = 'Look where the links in the path of the component lead.'
}

/** The refused record is gone: dropped, or replayed and where it was to go. */
export class DeadLetterGone extends AppError {
  override readonly code = 'dead_letter.not_found' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'See with `sluice dead-letter list` which are there.'
}

/** Refused records are asked for by a component that the deployment does not have, and that has refused none. */
export class DeadLetterComponentUnknown extends AppError {
  override readonly code = 'dead_letter.component_unknown' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'See with `sluice dead-letter list DEPLOYMENT --counts` which refused how many.'
}

/** What was chosen lies in too many places among other refused records. */
export class DeadLettersScattered extends AppError {
  override readonly code = 'dead_letter.scattered' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Drop or replay those between as well, or wait until what is being replayed has gone.'
}

/** No component takes these refused records: the version in force has none of that name, or it is a source. */
export class DeadLetterWithoutTaker extends AppError {
  override readonly code = 'dead_letter.no_taker' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Drop them, or deploy a version that has the component again.'
}

/** Refused records go back through a running flow, and this deployment does not run. */
export class DeploymentNotRunning extends AppError {
  override readonly code = 'deployment.not_running' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Restart the deployment, then replay.'
}

/** It was not said which refused records are meant. */
export class SelectionEmpty extends AppError {
  override readonly code = 'dead_letter.none_chosen' as const
  override readonly advice = 'Name them by their numbers, or say up to which number.'
}

/** A setting of the export by OTLP that cannot be used. */
export class OtlpSettingInvalid extends AppError {
  override readonly code = 'otlp.setting_invalid' as const
  override readonly advice = 'See `otlp-endpoint` and `otlp-headers-file` in `sluice runtime --help`.'
}

/** The collector does not take what it was sent: `final`, or for now. */
export class OtlpNotTaken extends AppError {
  override readonly code = 'otlp.not_taken' as const
  override readonly kind = 'unavailable' as const
  readonly final: boolean
  /** How long it asks to be left alone, milliseconds. */
  readonly retryAfterMs: number
  constructor(message: string, { final = false, retryAfterMs = 0 } = {}) {
    super(message)
    this.final = final
    this.retryAfterMs = retryAfterMs
  }
}

/** Who asked for an export takes nothing of it any more. */
export class ReaderSilent extends AppError {
  override readonly code = 'export.reader_silent' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'Export it again, to where it can be written as fast as it comes.'
}
