/** What the Platform refuses or fails at, by name. */
import { AppError } from '../base/mod.ts'

export class EnrolmentCodeNotFound extends AppError {
  override readonly code = 'enrolment_code.not_found' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'List the codes with `sluice enrolment-code list`.'
}

/** The code's time is over, or somebody took it back. */
export class EnrolmentCodeExpired extends AppError {
  override readonly code = 'enrolment_code.expired' as const
  override readonly kind = 'forbidden' as const
  override readonly advice = 'Make a new enrolment code and enrol with it before it expires.'
}

/** Another Runtime has enrolled with this code. */
export class EnrolmentCodeUsed extends AppError {
  override readonly code = 'enrolment_code.used' as const
  override readonly kind = 'conflict' as const
  override readonly advice =
    'Each code enrols one Runtime. Make a new one on the Platform with `sluice enrolment-code create`.'
}

/** A Runtime of this tenant has the name already. */
export class RuntimeNameTaken extends AppError {
  override readonly code = 'runtime.name_taken' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Start the Runtime with another --name.'
}

/** A Runtime's name that reads like an id could be taken for another Runtime. */
export class RuntimeNameUnfit extends AppError {
  override readonly code = 'runtime.name_unfit' as const
  override readonly advice = 'Start the Runtime with a --name that is not an id.'
}

export class RuntimeNotFound extends AppError {
  override readonly code = 'runtime.not_found' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'List the Runtimes with `sluice status`, asked of the Platform.'
}

export class BlueprintNotFound extends AppError {
  override readonly code = 'blueprint.not_found' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'Store it first with `sluice blueprint deploy FILE`.'
}

/** A file of code does not have the bytes that it was announced with, or there are too many. */
export class BlueprintCodeRefused extends AppError {
  override readonly code = 'blueprint.code_refused' as const
}

export class DeploymentNotFound extends AppError {
  override readonly code = 'deployment.unknown' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'List the deployments with `sluice deployment list`.'
}

/** What one Runtime would have to be told does not fit into a message. Nothing was stored. */
export class DeploymentTooLarge extends AppError {
  override readonly code = 'deployment.too_large' as const
  override readonly advice =
    'Make the configuration of that system’s components smaller, put long texts into code files, or split the blueprint.'
}

/** Somebody made a version of it at the same moment. Nothing was stored. */
export class DeploymentChanged extends AppError {
  override readonly code = 'deployment.changed_meanwhile' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Look at what is in force now, and deploy again if it is still wanted.'
}

/** Somebody stored a version of it at the same moment. Nothing was stored. */
export class BlueprintChanged extends AppError {
  override readonly code = 'blueprint.changed' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Look at the newest version, and store yours again if it is still wanted.'
}

/** The Runtime's address leads to where this Platform may not call. */
export class AddressForbidden extends AppError {
  override readonly code = 'platform.address_forbidden' as const
  override readonly kind = 'forbidden' as const
  override readonly advice =
    'Loopback, link-local and private addresses are called only with allow-private-addresses in the Platform’s configuration.'
}

/** The Runtime’s C2 door answered, but not with a signed answer. */
export class RuntimeRefusedMessage extends AppError {
  override readonly code = 'runtime.refused_message' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'Look at the Runtime’s own log: it names why it refused the message.'
}

/** What the Runtime answered is not what was asked of it. */
export class RuntimeAnswerOdd extends AppError {
  override readonly code = 'runtime.answer_odd' as const
  override readonly kind = 'unavailable' as const
}
