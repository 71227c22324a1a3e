/** What the records of each shape have: fields, what must be there, and what makes two of them the same. */
import type { DatasetField, FieldType, Shape } from '../../wire/mod.ts'

export type ShapeRules = {
  /** Those that every dataset of the shape has from its beginning. */
  fields: readonly DatasetField[]
  /** A record without one of them is refused. */
  required: readonly string[]
  /** Values that a field may have. */
  allowed: readonly (readonly [field: string, values: readonly string[]])[]
  /**
   * By what a record takes the place of an earlier one: the value of a field, or several fields within one run, of which a document may
   * hold many that are alike.
   */
  key: { field: string } | { withinRun: readonly string[] } | undefined
  /** Where fields go that the shape does not name; `undefined`: each becomes a field of its own. */
  rest: string | undefined
  /** What an upload says of itself and each of its records has as a field. */
  attributes: readonly string[]
}

const of = (type: FieldType, ...names: string[]): DatasetField[] => names.map((name) => ({ name, type }))

/** Fields of every record of the shape that stand with its import. */
export function saidFields(shape: Shape): DatasetField[] {
  return of('text', ...SHAPES[shape].attributes)
}

/** Attributes of an upload that an import has a column for. */
export const UPLOAD_ATTRIBUTES = ['run', 'branch', 'environment', 'commit', 'build'] as const

/** The rules of each shape. */
export const SHAPES: Readonly<Record<Shape, ShapeRules>> = {
  'test-results': {
    fields: [
      ...of('text', 'suite', 'class', 'name', 'status'),
      ...of('number', 'duration_ms'),
      ...of('text', 'message', 'details', 'file'),
      ...of('number', 'line'),
      ...of('time', 'started_at'),
      ...of('number', 'retries'),
      ...of('boolean', 'flaky'),
      ...of('json', 'properties'),
      ...of('text', 'stdout', 'stderr'),
    ],
    required: ['name', 'status'],
    allowed: [['status', ['passed', 'failed', 'error', 'skipped']]],
    key: { withinRun: ['suite', 'class', 'name', 'file'] },
    rest: 'properties',
    attributes: UPLOAD_ATTRIBUTES,
  },
  issues: {
    fields: [
      ...of('text', 'key', 'type', 'status', 'status_category', 'summary', 'description', 'priority'),
      ...of('text', 'assignee', 'reporter'),
      ...of('time', 'created_at', 'updated_at', 'resolved_at'),
      ...of('json', 'components', 'labels', 'fix_versions'),
      ...of('text', 'parent', 'sprint'),
      ...of('number', 'points'),
      ...of('text', 'project'),
      ...of('json', 'fields'),
    ],
    required: ['key'],
    allowed: [],
    key: { field: 'key' },
    rest: 'fields',
    attributes: [],
  },
  reviews: {
    fields: [
      ...of('text', 'id', 'app', 'store'),
      ...of('number', 'rating'),
      ...of('text', 'title', 'text', 'author', 'version', 'language', 'country', 'device'),
      ...of('time', 'created_at', 'updated_at'),
      ...of('text', 'reply'),
      ...of('time', 'replied_at'),
      ...of('json', 'fields'),
    ],
    required: ['id'],
    allowed: [],
    key: { field: 'id' },
    rest: 'fields',
    attributes: [],
  },
  table: { fields: [], required: [], allowed: [], key: undefined, rest: undefined, attributes: [] },
}
