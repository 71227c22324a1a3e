/** What a record of an API becomes in a dataset: its fields by name, each from where it stands, in the type that was named. */
import { canonicalJson, rfc3339 } from '../../base/mod.ts'
import type { PulledRecord } from '../http/documents.ts'
import { instantMs } from '../http/instants.ts'
import { atPointer, namesOf } from '../http/json-pointer.ts'
import type { FieldMap } from './rest-parts.ts'

type Mapper = (record: unknown) => unknown

/** `undefined` for what is no object where no fields are named. */
export type RecordMapper = (record: unknown) => PulledRecord | undefined

export function recordMapper(fields: FieldMap | undefined): RecordMapper {
  if (fields === undefined) return (record) => (isObject(record) ? record : undefined)
  const mappers = Array.isArray(fields) ? ofPointers(fields) : ofNames(fields)
  return (record) =>
    Object.fromEntries(
      mappers.map(([name, map]) => [name, map(record)] as const).filter(([, value]) => value !== undefined),
    )
}

/** By their last names, or by all of them where two would have the same. */
function ofPointers(pointers: readonly string[]): [string, Mapper][] {
  const last = pointers.map((pointer) => namesOf(pointer).at(-1) ?? 'value')
  return pointers.map((pointer, at) => {
    const isOwn = last.indexOf(last[at] as string) === last.lastIndexOf(last[at] as string)
    return [isOwn ? (last[at] as string) : namesOf(pointer).join('_'), (record) => atPointer(record, pointer)]
  })
}

function ofNames(fields: Exclude<FieldMap, string[]>): [string, Mapper][] {
  return Object.entries(fields).map(([name, mapped]): [string, Mapper] => {
    if (typeof mapped === 'string') return [name, (record) => atPointer(record, mapped)]
    if ('value' in mapped) return [name, () => mapped.value]
    return [name, (record) => typed(atPointer(record, mapped.at), mapped.type)]
  })
}

/** What does not have the type stays as it is: its dataset says so. */
function typed(value: unknown, type: 'text' | 'number' | 'boolean' | 'time' | 'json' | undefined): unknown {
  if (value === undefined || value === null) return value
  switch (type) {
    case 'text':
      return typeof value === 'object' ? canonicalJson(value) : String(value)
    case 'number':
      return typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value
    case 'boolean':
      return value === 1 || value === 'true' ? true : value === 0 || value === 'false' ? false : value
    case 'time': {
      const ms = instantMs(value)
      return ms === undefined ? value : rfc3339(ms)
    }
    default:
      return value
  }
}

function isObject(value: unknown): value is PulledRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
