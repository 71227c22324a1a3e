/**
 * The kinds of credentials, with what each holds and what it lends. No field is ever shown, a username as little as a password:
 * where names are shown people put secrets into them by mistake, and a name is half of what a thief needs. What is public by its
 * nature, the public part of a key, is shown.
 */
import * as v from 'valibot'
import { nearestWord } from '../base/mod.ts'
import { CredentialFieldInvalid, CredentialKindUnknown } from './credential-errors.ts'
import { CredentialMalformed } from './errors.ts'
import { publicPartOf } from './key-pairs.ts'
import { sshPublicOf } from './ssh-key.ts'

/** What the owner of a credential may know of it: the public part of a key pair or an SSH key. */
export type PublicFacts = { publicKey: string; fingerprint: string }

/** A field as forms and papers tell of it. */
export type FieldFacts = { name: string; description: string; optional: boolean; lines: boolean }

type Entry = v.GenericSchema<unknown, string | undefined>
export type CredentialKind = {
  kind: string
  title: string
  summary: string
  /** What a component is lent, where that is not the fields themselves. */
  lends?: string
  /** `undefined`: fields of any names. */
  entries: Readonly<Record<string, Entry>> | undefined
  /** Fields of several lines, PEM. */
  multiline?: readonly string[]
  /** Looks at all fields together; what is public of them. Refuses `credential.field_invalid`. */
  examine?(fields: Readonly<Record<string, string>>): Promise<PublicFacts | undefined>
}

/** A service account's JSON or a chain of certificates with its key fits well. */
const FIELD_LENGTH_MAX = 64 * 1_024
const FIELDS_MAX = 32
/** Three names mean a part of every object to those who copy fields, and are left out by them. */
const FIELD_NAME = /^(?!(?:__proto__|constructor|prototype)$)[A-Za-z_][A-Za-z0-9_.-]{0,63}$/
const DATABASE_URL =
  /^(?:file|libsql|https|postgres|postgresql|mysql|mariadb|sqlserver|mongodb|mongodb\+srv|redis|rediss|nats|tls):/i

function needed(description: string, form?: { is: (value: string) => boolean; must: string }) {
  return v.pipe(
    v.string('is missing'),
    v.minLength(1, 'is empty'),
    v.maxLength(FIELD_LENGTH_MAX, `has more than ${FIELD_LENGTH_MAX} characters`),
    v.check((value) => form === undefined || form.is(value), form?.must ?? ''),
    v.description(description),
  )
}

function optional(description: string, form?: { is: (value: string) => boolean; must: string }) {
  return v.pipe(v.optional(needed(description, form)), v.description(description))
}

const httpsUrl = { is: isHttpsUrl, must: 'must be an https URL without a user, a password or a fragment' }
const line = { is: (value: string) => !/[\p{Cc}]/u.test(value), must: 'must be one line' }

const KINDS: readonly CredentialKind[] = [
  {
    kind: 'password',
    title: 'Password',
    summary: 'A password, with the name of its user.',
    entries: { username: optional('Who signs in.', line), password: needed('The password.') },
  },
  {
    kind: 'token',
    title: 'Token',
    summary: 'An API key or a bearer token.',
    entries: { token: needed('The token, without `Bearer`.', line) },
  },
  {
    kind: 'key_pair',
    title: 'Key pair',
    summary: 'A private key: made on the Runtime, or brought in PEM. The public part is shown.',
    entries: { privateKey: needed('PEM without a passphrase: a NIST curve, Ed25519, or RSA from 2,048 bits.') },
    multiline: ['privateKey'],
    examine: async ({ privateKey = '' }) => {
      const facts = await publicPartOf(privateKey)
      if (!facts) throw new CredentialFieldInvalid('privateKey', 'is no private key in PEM of a kind that is taken')
      return facts
    },
  },
  {
    kind: 'oauth2_client',
    title: 'OAuth2 client',
    summary: 'A client of an OAuth2 server (RFC 6749), by its own secret or with a refresh token.',
    lends:
      '`accessToken`, `tokenType` and `expiresAt`: fetched and refreshed by the vault; the client’s own secrets stay in it.',
    entries: {
      tokenUrl: needed('The token endpoint.', httpsUrl),
      clientId: needed('The client’s id.', line),
      clientSecret: needed('The client’s secret.'),
      refreshToken: optional('With it tokens are refreshed for a person; without it the client gets its own.'),
      scope: optional('Scopes to ask for, with spaces between.', line),
      audience: optional('`audience`, where the server wants one.', line),
      authentication: optional('How the client proves itself: `basic` (default) or `body`.', {
        is: (value) => value === 'basic' || value === 'body',
        must: 'must be `basic` or `body`',
      }),
      authority: optional('PEM of the authority that vouches for the endpoint, in place of the public ones.', {
        is: (value) => value.trimStart().startsWith('-----BEGIN CERTIFICATE-----'),
        must: 'must be a certificate in PEM',
      }),
    },
    multiline: ['authority'],
  },
  {
    kind: 'database_url',
    title: 'Database URL',
    summary: 'Where a database is and how to sign in, in one URL.',
    entries: {
      url: needed('The URL, user and password in it: `postgres://…`, `file:…`.', {
        is: isDatabaseUrl,
        must: 'must be a URL of a database, such as `postgres://…`, `mysql://…`, `libsql://…` or `file:…`',
      }),
      encryptionKey: optional('Key of an encrypted libSQL file.'),
    },
  },
  {
    kind: 's3',
    title: 'S3',
    summary: 'Access to an S3 object store.',
    entries: {
      accessKeyId: needed('The access key’s id.', line),
      secretAccessKey: needed('The secret access key.', line),
      sessionToken: optional('Of temporary credentials.', line),
      region: optional('The region.', line),
      endpoint: optional('URL of the service, where it is not AWS.', {
        is: (value) => isHttpsUrl(value) || isLoopbackUrl(value),
        must: 'must be an https URL',
      }),
      bucket: optional('The bucket.', line),
    },
  },
  {
    kind: 'ssh_key',
    title: 'SSH key',
    summary:
      'A private SSH key: made on the Runtime, or brought as OpenSSH or PEM keep it. Public part and fingerprint are shown.',
    entries: {
      privateKey: needed('OpenSSH’s own format or PEM: Ed25519, ECDSA, or RSA from 2,048 bits.'),
      passphrase: optional('Its passphrase, if it has one.'),
      username: optional('Who signs in.', line),
    },
    multiline: ['privateKey'],
    examine: async ({ privateKey = '', passphrase }) => {
      const facts = await sshPublicOf(privateKey, passphrase)
      if (!facts) {
        throw new CredentialFieldInvalid(
          'privateKey',
          'is no private SSH key of a kind that is taken, or its passphrase is another',
        )
      }
      return facts
    },
  },
  {
    kind: 'fields',
    title: 'Fields',
    summary: 'Any fields under names of your own, for components that say which they want.',
    entries: undefined,
  },
]

/** Every kind, in the order of forms and papers. */
export const credentialKinds: readonly CredentialKind[] = KINDS

/** Refuses `credential.kind_unknown`. */
export function kindOf(kind: string): CredentialKind {
  const found = KINDS.find((one) => one.kind === kind)
  if (!found) {
    const kinds = KINDS.map((one) => one.kind)
    const near = nearestWord(kind, kinds)
    const meant = near === undefined ? '' : `; did you mean ${near}?`
    throw new CredentialKindUnknown(`there is no such kind of credential: there are ${kinds.join(', ')}${meant}`)
  }
  return found
}

/** The fields of a kind; none for one that takes any. */
export function fieldsOf(kind: CredentialKind): FieldFacts[] {
  return Object.entries(kind.entries ?? {}).map(([name, entry]) => ({
    name,
    description: v.getDescription(entry) ?? '',
    optional: v.is(entry, undefined),
    lines: kind.multiline?.includes(name) ?? false,
  }))
}

/**
 * Checks names and values of fields. `outside` are those whose values stand elsewhere: they may be of any value until they are
 * fetched. Refuses `credential.field_invalid`, naming the field and never its value, and `credential.malformed`.
 */
export function checkFields(
  kind: CredentialKind,
  fields: Readonly<Record<string, string>>,
  outside: readonly string[] = [],
): void {
  const names = [...Object.keys(fields), ...outside]
  if (names.length < 1 || names.length > FIELDS_MAX) {
    throw new CredentialMalformed(`a credential has 1 to ${FIELDS_MAX} fields`)
  }
  if (!names.every((name) => FIELD_NAME.test(name))) {
    throw new CredentialMalformed('a field’s name has 1 to 64 letters, digits, _ . or -, a letter or _ first')
  }
  const { entries } = kind
  if (!entries) return
  const unknown = names.find((name) => !Object.hasOwn(entries, name))
  if (unknown !== undefined) throw new CredentialFieldInvalid(unknown, `is not one of the kind ${kind.kind}`)
  for (const [name, entry] of Object.entries(entries)) {
    if (outside.includes(name)) continue
    const parsed = v.safeParse(entry, fields[name])
    // Every message is a sentence of ours, above: none quotes what was given.
    if (!parsed.success) throw new CredentialFieldInvalid(name, parsed.issues[0].message)
  }
}

function isHttpsUrl(value: string): boolean {
  const url = URL.canParse(value) ? new URL(value) : undefined
  return url?.protocol === 'https:' && url.username === '' && url.password === '' && url.hash === ''
}

/** A store on this very machine may do without TLS: nothing leaves it. */
function isLoopbackUrl(value: string): boolean {
  const url = URL.canParse(value) ? new URL(value) : undefined
  return url?.protocol === 'http:' && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname) && url.username === ''
}

function isDatabaseUrl(value: string): boolean {
  if (!DATABASE_URL.test(value) || !line.is(value)) return false
  return /^file:./i.test(value) || (URL.canParse(value) && new URL(value).hostname !== '')
}
