/** Whether the fields of a credential that stand elsewhere can be fetched now; nothing that was fetched leaves this file. */
import { AppError } from '../base/mod.ts'
import { CredentialSourceFailed } from './credential-errors.ts'
import { checkFields, kindOf } from './credential-kinds.ts'
import { type FieldReference, fetchField, type SourceAccess } from './credential-sources.ts'
import type { Sealed } from './sealed-fields.ts'

/** A person waits for the answer; a command that takes longer may still be in time for a use. */
const TRY_MS = 10_000

/** A field that could not be fetched, or was not what its kind needs: why, and what to do. Without a value. */
export type Unavailable = { field: string; code: string; message: string; advice?: string }

/** Fetches every field that stands elsewhere, at most 10 s, and holds all against the kind. Nothing for what the vault has itself. */
export async function unavailableFields(
  { kind, fields }: Sealed,
  access: SourceAccess | undefined,
): Promise<Unavailable[]> {
  const faults: Unavailable[] = []
  const values = await Promise.all(
    Object.entries(fields).map(async ([field, value]) => {
      const found = typeof value === 'string' ? value : await tried(faults, field, () => inTime(field, value, access))
      return [field, found ?? ''] as const
    }),
  )
  if (faults.length > 0 || Object.values(fields).every((value) => typeof value === 'string')) return faults
  await tried(faults, '', async () => {
    checkFields(kindOf(kind), Object.fromEntries(values))
    await kindOf(kind).examine?.(Object.fromEntries(values))
  })
  return faults
}

async function tried<T>(faults: Unavailable[], field: string, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const { code, message, advice } = error
    const item = 'item' in error ? String(error.item) : field
    faults.push({ field: item, code, message, ...(advice !== undefined && { advice }) })
    return undefined
  }
}

async function inTime(field: string, reference: FieldReference, access: SourceAccess | undefined): Promise<string> {
  const done = new AbortController()
  const tooLate = access?.clock.sleep(TRY_MS, done.signal).then((): never => {
    throw new CredentialSourceFailed(field, `the source of ${field} gave nothing within ${TRY_MS / 1_000} s`)
  })
  // Once the value is there, nobody waits for it any more.
  tooLate?.catch(() => undefined)
  try {
    return await Promise.race([fetchField(field, reference, access), ...(tooLate ? [tooLate] : [])])
  } finally {
    done.abort()
  }
}
