/** What the protocol refuses, by name. Texts never carry content of a message. */
import { AppError, type ErrorKind } from '../base/mod.ts'

/** At which step of the order of refusal a message fell. For the local log only: no answer ever carries it. */
export type RefusalReason =
  | 'size'
  | 'form'
  | 'type'
  | 'key'
  | 'recipient'
  | 'signature'
  | 'time'
  | 'nonce'
  | 'payload'
  | 'id_reused'
  | 'answers_another'

/** A C2 message was refused. The sender gets one same answer whatever the reason; `reason` is for the local log. */
export class C2Refused extends AppError {
  override readonly code = 'c2.refused' as const
  override readonly advice = 'Check that both sides know each other’s keys and that their clocks agree.'
  readonly reason: RefusalReason
  constructor(reason: RefusalReason, options?: ErrorOptions) {
    super('the message was refused', options)
    this.reason = reason
  }
}

/** A message of our own would be longer than a receiver takes; `MESSAGE_BYTES_MAX`. */
export class C2MessageTooLarge extends AppError {
  override readonly code = 'c2.message_too_large' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Split what is sent, or make the blueprint’s configuration smaller.'
}

/** What came back is not the signed answer to what was sent. Trying again may help. */
export class C2AnswerRefused extends AppError {
  override readonly code = 'c2.answer_refused' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'Check that the address leads to the party that was enrolled, and that both clocks agree.'
  readonly reason: RefusalReason
  constructor(reason: RefusalReason, options?: ErrorOptions) {
    super(`the answer was refused (${reason})`, options)
    this.reason = reason
  }
}

/** A sealed document, result or chunk does not have the form that its kind has, or does not open. */
export class SealedRefused extends AppError {
  override readonly code = 'sealed.refused' as const
  override readonly advice =
    'What was sealed belongs to another recipient, sender or deployment, or was changed on its way.'
}

/** The tenant's own signature over an assignment does not hold. */
export class AssignmentSignatureRefused extends AppError {
  override readonly code = 'assignment.signature_refused' as const
  override readonly kind = 'forbidden' as const
  override readonly advice = 'Deploy again from the Platform that this Runtime is enrolled with.'
}

/** Something in an assignment is not what its manifest lists; `item` names it: `assignment`, `component <name>` or `code <hash>`. */
export class ManifestMismatch extends AppError {
  override readonly code = 'manifest.mismatch' as const
  override readonly advice = 'The version in force is untouched. Deploy again.'
  readonly item: string
  constructor(item: string) {
    super(`${item} does not match the manifest`)
    this.item = item
  }
}

/** A text is not an enrolment code. */
export class EnrolmentCodeMalformed extends AppError {
  override readonly code = 'enrolment_code.malformed' as const
  override readonly advice = 'Copy the whole code, from slx_ to its end.'
}

/** A sealed enrolment request or answer was refused. Strangers get one same answer whatever the reason. */
export class EnrolmentRefused extends AppError {
  override readonly code = 'enrolment.refused' as const
  override readonly advice = 'Make a new enrolment code and enrol with it before it expires.'
}

/** A text is not a peer's introduction, or its signature does not hold. */
export class IntroductionRefused extends AppError {
  override readonly code = 'introduction.refused' as const
  override readonly advice =
    'Ask the peer’s owner for a new introduction and copy the whole of it, from slp_ to its end.'
}

/** The worker that was asked is gone. */
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
