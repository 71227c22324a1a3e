/** What a Runtime refuses or fails at, by name. */
import { AppError, type ErrorKind } from '../base/mod.ts'

/** A row that its message authentication code does not cover: the database file was changed by something else. */
export class RowNotAuthentic extends AppError {
  override readonly code = 'runtime.row_not_authentic' as const
  override readonly kind = 'internal' as const
  override readonly advice = 'The database was changed outside of Sluice. Restore it from a backup.'
}

export class DeploymentNotFound extends AppError {
  override readonly code = 'deployment.not_found' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'List the deployments of this Runtime to see their ids.'
}

/** An approval or refusal of a version that does not wait for one. */
export class DeploymentNotWaiting extends AppError {
  override readonly code = 'deployment.not_waiting' as const
  override readonly kind = 'conflict' as const
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

/** The code files of all deployments together have reached their bound. */
export class CodeNoRoom extends AppError {
  override readonly code = 'code.no_room' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Stop deployments that are not needed; code that none names is forgotten within two hours.'
}

/** A worker asked for what its assignment does not name. */
export class WorkerForbidden extends AppError {
  override readonly code = 'worker.forbidden' as const
  override readonly kind = 'forbidden' as const
}

/** The worker of a deployment is gone. */
export class WorkerGone extends AppError {
  override readonly code = 'worker.gone' as const
  override readonly kind = 'unavailable' as const
}

/** A worker that lives did not answer in time: it is busy with something else, or hangs. */
export class WorkerSilent extends AppError {
  override readonly code = 'worker.silent' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'Ask again; a worker that tells nothing for two minutes is started anew.'
}

/** What the other end of a worker's channel sent is not a message of it. */
export class ChannelBroken extends AppError {
  override readonly code = 'worker.channel_broken' as const
  override readonly kind = 'internal' as const
}

/** A failure that happened elsewhere, in a worker or at the Platform, under its own code. */
export class RemoteFailure extends AppError {
  override readonly code: string
  override readonly kind: ErrorKind
  override readonly advice: string | undefined
  constructor(code: string, kind: ErrorKind, message: string, advice?: string) {
    super(message)
    this.code = code
    this.kind = kind
    this.advice = advice
  }
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
