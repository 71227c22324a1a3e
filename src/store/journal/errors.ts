/** What can go wrong in a journal, by name. */
import { AppError } from '../../base/mod.ts'

/** Acknowledged entries cannot be read: bytes of a segment were changed, or a segment is missing. */
export class JournalDamaged extends AppError {
  override readonly code = 'journal.damaged' as const
  override readonly kind = 'internal' as const
  override readonly advice = 'Check the volume, and restore the named segment from a backup if there is one.'
  /** File name of the segment, and the first position that cannot be read. */
  readonly segment: string
  readonly position: number

  constructor(segment: string, position: number, reason: string, options?: ErrorOptions) {
    super(`segment ${segment} is damaged at position ${position}: ${reason}`, options)
    this.segment = segment
    this.position = position
  }
}

/** The journal's bytes have reached their bound; nothing of the refused append was written. */
export class JournalFull extends AppError {
  override readonly code = 'journal.full' as const
  override readonly kind = 'limit' as const
  override readonly advice =
    'Drop refused records with `sluice dead-letter drop`; what is owed to a Platform leaves by itself once it was told.'
}

/** One append is larger than a group may be. */
export class JournalAppendTooLarge extends AppError {
  override readonly code = 'journal.append_too_large' as const
  override readonly kind = 'limit' as const
}

/** The segments were sealed under another key, or their heads were changed. */
export class JournalWrongKey extends AppError {
  override readonly code = 'journal.wrong_key' as const
  override readonly advice = 'Start with the master key that made this data folder.'
}

/** The journal takes no more: it was closed, or a failed write could not be taken back. */
export class JournalClosed extends AppError {
  override readonly code = 'journal.closed' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'Start again; what was acknowledged is kept.'
}

/** Another opening of the same folder is at work, in this process or in another. */
export class JournalInUse extends AppError {
  override readonly code = 'journal.in_use' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Stop the other process that uses this data folder.'
}
