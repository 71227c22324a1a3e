/** Reads the form of a credential: which inputs it has depends on its kind. */
import * as v from 'valibot'
import {
  CREDENTIAL_SOURCES,
  credentialKinds,
  FieldReference,
  fieldsOf,
  KEY_ALGORITHMS,
  kindOf,
} from '../../keys/mod.ts'
import { type FormFailure, formFailure, parseInput } from '../../web/mod.ts'
import { FROM_PREFIX, LINES, VALUE_PREFIX } from '../views/credential-form.tsx'

const Text = v.pipe(v.string(), v.maxLength(131_072))
const Name = v.pipe(v.string(), v.trim(), v.minLength(1, 'is missing'), v.maxLength(64))

/** Every form of a credential says which kind it is. */
export const CredentialInput = v.objectWithRest(
  {
    name: Name,
    kind: v.picklist(credentialKinds.map(({ kind }) => kind)),
    replaces: v.optional(v.literal('yes')),
  },
  v.optional(Text),
)
export type CredentialInput = v.InferOutput<typeof CredentialInput>

export const KeyInput = v.object({
  name: Name,
  kind: v.picklist(['key_pair', 'ssh_key']),
  replaces: v.optional(v.literal('yes')),
  algorithm: v.picklist(KEY_ALGORITHMS),
  username: v.optional(v.pipe(v.string(), v.trim(), v.maxLength(256)), ''),
})

const NOUNS = { environment: 'name of a variable', file: 'absolute path', command: 'command' } as const

/** The fields as they were typed: values, or references where the form says so. What stayed empty is left out. */
export function fieldsIn(input: CredentialInput): Record<string, string | FieldReference> {
  const about = kindOf(input.kind)
  if (about.entries === undefined) return linesIn(input[LINES] ?? '')
  return Object.fromEntries(
    fieldsOf(about).flatMap(({ name, lines }) => {
      const typed = (input[`${VALUE_PREFIX}${name}`] ?? '').replace(/\r\n/g, '\n')
      if (typed === '') return []
      const from = input[`${FROM_PREFIX}${name}`] ?? 'stored'
      const source = CREDENTIAL_SOURCES.find((one) => one === from)
      return [[name, source ? referenceOf(name, source, typed.trim()) : lines ? typed : typed.replace(/\n$/, '')]]
    }),
  )
}

function referenceOf(name: string, source: (typeof CREDENTIAL_SOURCES)[number], typed: string): FieldReference {
  const reference = source === 'command' ? { command: typed.split(/\s+/) } : { [source]: typed }
  const known = v.check((value) => v.is(FieldReference, value), `is no ${NOUNS[source]}`)
  parseInput(v.object({ [`${VALUE_PREFIX}${name}`]: v.pipe(v.unknown(), known) }), {
    [`${VALUE_PREFIX}${name}`]: reference,
  })
  return v.parse(FieldReference, reference)
}

function linesIn(text: string): Record<string, string> {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=')
      return at < 0 ? [line.trim(), ''] : [line.slice(0, at).trim(), line.slice(at + 1)]
    }),
  )
}

/** Where a failure of the vault belongs in the form: beside the field that it names. */
export function credentialFailure(error: unknown): FormFailure {
  const failed = formFailure(error)
  const item = error instanceof Error && 'item' in error && typeof error.item === 'string' ? error.item : undefined
  if (item === undefined || !failed.failure) return failed
  return { ...failed, errors: { [`${VALUE_PREFIX}${item}`]: failed.failure.message } }
}

/** Fields of a form whose values never come back. */
export const SECRETS = new RegExp(`^${VALUE_PREFIX}`)
