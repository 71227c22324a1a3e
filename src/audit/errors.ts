/** What the audit trail refuses, by name. */
import { AppError } from '../base/mod.ts'

/** The last line and the signed head do not belong together: going on would sign over what was done to the trail. */
export class AuditBroken extends AppError {
  override readonly code = 'audit.broken' as const
  override readonly kind = 'internal' as const
  override readonly advice = 'See where with: sluice audit verify. Then restore the database from a backup.'
}

/** An act says more than a line of the trail holds. */
export class AuditEntryTooLarge extends AppError {
  override readonly code = 'audit.entry_too_large' as const
  override readonly kind = 'limit' as const
}

/** The act is done, and its line that says so could not be written: the trail has only that it was tried. Its cause is in the log. */
export class AuditOutcomeUntold extends AppError {
  override readonly code = 'audit.outcome_untold' as const
  override readonly kind = 'internal' as const
  override readonly advice =
    'Do not ask for it again before you have looked whether it is there. See why with: sluice doctor (a full disk is the usual cause).'
}

/** What was given as an exported trail is none. */
export class AuditExportInvalid extends AppError {
  override readonly code = 'audit.export_invalid' as const
  override readonly kind = 'invalid' as const
  override readonly advice = 'Give a file that `sluice audit export` wrote, whole and unchanged.'
}
