/** What a server refused, in the words of the verb that was called: its flags in place of the API's fields, and what was given. */
import type { Command } from 'commander'
import { printable } from '../base/mod.ts'
import { ApiRefused } from './client.ts'

const GIVEN_LENGTH_MAX = 64
/** Codes, introductions and tokens begin so: they are not repeated. */
const SECRET = /^sl[a-z]_/

/** The line of a refusal that names fields; `undefined` for any other failure. */
export function refusedFields(error: unknown, called: Command | undefined): string | undefined {
  if (!(error instanceof ApiRefused) || error.fields.length === 0) return undefined
  return error.fields
    .map(({ path, message }) => {
      const given = called && givenAs(called, path)
      if (!given) return `${path}: ${message}`
      const isTold = message.includes(', got ') || message.startsWith('is not known')
      return `${given.name}: ${message}${isTold ? '' : gotOf(given.value)}`
    })
    .join('; ')
}

function gotOf(value: unknown): string {
  if (typeof value !== 'string' || value === '' || SECRET.test(value)) return ''
  const cut = value.length > GIVEN_LENGTH_MAX ? `${value.slice(0, GIVEN_LENGTH_MAX)}…` : value
  return `, got \`${printable(cut)}\``
}

/** The flag or argument that a field came from, if it bears its name; of one that takes several, the item. */
function givenAs(called: Command, path: string): { name: string; value: unknown } | undefined {
  const [, field = '', item] = /^(\w+)(?:\.(\d+))?$/.exec(path) ?? []
  const pick = (value: unknown): unknown => (Array.isArray(value) ? value[Number(item)] : value)
  // `expiresInMs` is what `--expires-in` becomes.
  const option = called.options.find((one) => [field, field.replace(/Ms$/, '')].includes(one.attributeName()))
  const value: unknown = option && called.getOptionValue(option.attributeName())
  if (option && value !== undefined) return { name: option.long ?? field, value: pick(value) }
  const at = called.registeredArguments.findIndex((argument) => argument.name() === field)
  return at < 0 ? undefined : { name: field, value: pick(called.processedArgs[at]) }
}
