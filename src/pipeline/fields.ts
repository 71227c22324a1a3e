/** Types of a record's fields, as far as they are known before the record is seen. */

/** `json` is any JSON value: what a field is whose type nobody declared. */
export type FieldType = 'string' | 'double' | 'int' | 'bool' | 'json'

/** Known fields by name. */
export type FieldTypes = {
  readonly types: Readonly<Record<string, FieldType>>
  /** True when records have exactly these fields; false when others may occur. */
  readonly complete: boolean
}

/** Nothing is known: any field, any JSON value. */
export const ANY_FIELDS: FieldTypes = { types: {}, complete: false }

/** A name that a field may have in a config: also what CEL takes as an identifier, without the names that JavaScript would mistake. */
export const FIELD_NAME = /^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]{0,127}$/
