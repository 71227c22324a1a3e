/** The form of records as text, which crosses bridges with them and lies beside a refused record, and records made again by it. */
import * as v from 'valibot'
import { type Bytes, concatBytes, utf8 } from '../base/mod.ts'
import { recordOf } from '../wire/mod.ts'
import { isDelimiter } from './csv-scan.ts'
import type { EncodedForm } from './encoded.ts'
import type { FieldType } from './fields.ts'
import { Records } from './records.ts'

const FieldTypeName = v.picklist(['string', 'double', 'int', 'bool', 'json'] satisfies FieldType[])

/** As it is written in JSON. */
export const RecordForm = v.variant('format', [
  v.strictObject({
    format: v.literal('csv'),
    columns: v.array(v.pipe(v.string(), v.notValue('__proto__'))),
    types: v.array(FieldTypeName),
    delimiter: v.pipe(v.string(), v.check(isDelimiter)),
  }),
  v.strictObject({
    format: v.literal('json_lines'),
    types: v.optional(recordOf(v.string(), FieldTypeName)),
    complete: v.optional(v.boolean()),
  }),
])
export type RecordForm = v.InferOutput<typeof RecordForm>

export function writtenForm(form: EncodedForm): RecordForm {
  if (form.format === 'csv') {
    const { columns, types, delimiter } = form
    return { format: 'csv', columns: [...columns], types: [...types], delimiter }
  }
  return {
    format: 'json_lines',
    ...(form.fields && { types: { ...form.fields.types }, complete: form.fields.complete }),
  }
}

export function readForm(form: RecordForm): EncodedForm {
  if (form.format === 'csv') return form
  const fields = form.types && { types: form.types, complete: form.complete === true }
  return { format: 'json_lines', ...(fields && { fields }) }
}

const texts = new WeakMap<object, string>()

/** The records' form as JSON text; the same string for all records of a kind, so that thousands of refusals share one. */
export function formText(records: Records): string {
  const form = records.form
  const key = form.format === 'csv' ? form.columns : (form.fields ?? records)
  const known = texts.get(key)
  if (known !== undefined) return known
  const text = JSON.stringify(writtenForm(form))
  texts.set(key, text)
  return text
}

const LF = 0x0a
const LINE_END = utf8('\n')

/** Records from the bytes of each, as `recordBytes` gave them, and the text of their form; `undefined` when that is no form. */
export function recordsFrom(text: string, records: readonly Bytes[]): Records | undefined {
  const form = v.safeParse(v.pipe(v.string(), v.parseJson(), RecordForm), text)
  if (!form.success) return undefined
  const offsets = new Uint32Array(records.length + 1)
  const parts: Uint8Array[] = []
  for (const [i, record] of records.entries()) {
    const ended = record.at(-1) === LF
    parts.push(record)
    if (!ended) parts.push(LINE_END)
    offsets[i + 1] = (offsets[i] ?? 0) + record.byteLength + (ended ? 0 : 1)
  }
  return Records.fromEncoded({ ...readForm(form.output), bytes: concatBytes(...parts), offsets, line: 0 })
}
