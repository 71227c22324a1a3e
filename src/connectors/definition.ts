/** What a type of connector is. One shape for all, so that adding one is one file and one line in `types.ts`. */
import * as v from 'valibot'
import { type Bytes, type Clock, issueWords } from '../base/mod.ts'
import type { DiscoveredField, Shape } from '../wire/mod.ts'
import { ConnectorUnfit } from './errors.ts'
import type { AuthorizationForm } from './http/authorization.ts'
import type { SignedIn, SignInContext } from './http/sign-in.ts'
import type { Site, SiteClient } from './http/site-client.ts'

/** A page as it came, for the dataset's door. `cursor` is any JSON: where the next page is asked for once this one is durable. */
export type PulledPage = {
  content: Bytes
  contentType: string
  fileName: string
  records: number
  /** Keys of records that it takes away, where it is a document of removals. */
  removed?: number
  /** What it says of itself, as an upload would: `run`, `branch`, `commit`. */
  attributes?: Readonly<Record<string, string>>
  cursor: unknown
}

/** Where the cursor is though nothing came. */
export type Moved = { cursor: unknown }

export type AskContext = { http: SiteClient; clock: Clock; signal: AbortSignal }
export type PullContext = AskContext & {
  /** What the last page left; `null` for the first time and after a reset. */
  cursor: unknown
  /** What its owner should know though the run goes on; words of ours, at most a sentence. */
  warn: (code: string, message: string) => void
  /** Keys of the dataset's records whose field has that value, page by page in their order. */
  knownKeys: (field: string, value: string) => AsyncIterable<readonly string[]>
}

export type ConnectorSpec<Schema extends v.GenericSchema> = {
  /** `jira`: also what stands in the database. */
  type: string
  title: string
  summary: string
  /** An object schema; each entry has a description, and a default unless it is needed. */
  config: Schema
  /** Settings of several lines, for forms. */
  lines?: readonly string[]
  /** Kinds of credentials that it signs in with; `none`: it may do without. */
  credentials: readonly ('password' | 'token' | 'oauth2_client' | 'key_pair' | 'fields' | 'none')[]
  /** Shapes of datasets that its records fit. */
  shapes: readonly Shape[]
  example: unknown
  site(config: v.InferOutput<Schema>): Site
  /** How the credential is shown to it, where it is not `Authorization`. */
  authorization?(config: v.InferOutput<Schema>): AuthorizationForm
  /** Where the credential is shown to instead, where it signs in at another host: an owner agrees to both. */
  signInSite?(config: v.InferOutput<Schema>): Site
  /** What the site is told, where that is made from the credential or fetched with it. */
  signIn?(config: v.InferOutput<Schema>, context: SignInContext): Promise<SignedIn>
  /** What it sends where it does more than ask for what there is: an owner agrees to that too. */
  sends?(config: v.InferOutput<Schema>): string | undefined
  /** Says what it found, or fails. */
  check(config: v.InferOutput<Schema>, context: AskContext): Promise<string[]>
  /** Fields to choose from, and the setting that the choice goes into. */
  discover?: {
    setting: string
    fields(config: v.InferOutput<Schema>, context: AskContext): Promise<DiscoveredField[]>
  }
  /** Ends when it has all that there is now. Whatever it throws ends the run; what was yielded before stands. */
  pull(config: v.InferOutput<Schema>, context: PullContext): AsyncGenerator<PulledPage | Moved, void>
}

/** A setting as forms and papers tell of it. `kind`: `list` is one of texts, `switch` is yes or no. */
export type Setting = {
  name: string
  kind: 'text' | 'lines' | 'list' | 'choice' | 'number' | 'switch' | 'structure'
  options: readonly string[]
  needed: boolean
  fallback: unknown
  description: string
}

/** A type whose settings are parsed where it is called. */
export type ConnectorType = Omit<
  ConnectorSpec<v.GenericSchema>,
  'site' | 'authorization' | 'signInSite' | 'signIn' | 'sends' | 'check' | 'discover' | 'pull'
> & {
  settings: readonly Setting[]
  /** The settings with their defaults. Refuses `connector.unfit`. */
  parse(config: unknown): unknown
  site(config: unknown): Site
  authorization?(config: unknown): AuthorizationForm
  signInSite?(config: unknown): Site
  signIn?(config: unknown, context: SignInContext): Promise<SignedIn>
  sends?(config: unknown): string | undefined
  check(config: unknown, context: AskContext): Promise<string[]>
  discover?: { setting: string; fields(config: unknown, context: AskContext): Promise<DiscoveredField[]> }
  pull(config: unknown, context: PullContext): AsyncGenerator<PulledPage | Moved, void>
}

/** Makes a type of what it is. */
export function defineConnector<Schema extends v.GenericSchema>(spec: ConnectorSpec<Schema>): ConnectorType {
  const { discover, authorization, signInSite, signIn, sends } = spec
  const parse = (config: unknown): v.InferOutput<Schema> => {
    const parsed = v.safeParse(spec.config, config)
    if (parsed.success) return parsed.output
    const words = parsed.issues.map((issue) => issueWords(spec.config, issue))
    throw new ConnectorUnfit(
      words.map(({ path, message }) => (path === '' ? message : `${path} ${message}`)).join('; '),
    )
  }
  return {
    ...spec,
    settings: settingsOf(spec.config as unknown as Form, spec.lines ?? []),
    parse,
    site: (config) => spec.site(parse(config)),
    ...(authorization && { authorization: (config: unknown) => authorization(parse(config)) }),
    ...(signInSite && { signInSite: (config: unknown) => signInSite(parse(config)) }),
    ...(signIn && { signIn: (config: unknown, context: SignInContext) => signIn(parse(config), context) }),
    ...(sends && { sends: (config: unknown) => sends(parse(config)) }),
    check: (config, context) => spec.check(parse(config), context),
    ...(discover && {
      discover: { setting: discover.setting, fields: (config, context) => discover.fields(parse(config), context) },
    }),
    pull: (config, context) => spec.pull(parse(config), context),
  } as ConnectorType
}

/** The parts of valibot's schemas that are looked at; every schema is an object of this form. */
type Form = {
  type: string
  wrapped?: Form
  default?: unknown
  entries?: Record<string, Form>
  options?: readonly unknown[]
  item?: Form
}

function settingsOf({ entries = {} }: Form, lines: readonly string[]): Setting[] {
  return Object.entries(entries).map(([name, form]) => {
    const inner = form.wrapped ?? form
    const kind = lines.includes(name) ? 'lines' : kindOf(inner)
    return {
      ...{
        name,
        kind,
        options: kind === 'choice' ? (inner.options ?? []).map(String) : [],
        needed: form.type !== 'optional',
      },
      fallback: typeof form.default === 'function' ? form.default() : form.default,
      description: v.getDescription(form as unknown as v.GenericSchema) ?? '',
    }
  })
}

function kindOf({ type, item }: Form): Setting['kind'] {
  if (type === 'picklist') return 'choice'
  if (type === 'boolean') return 'switch'
  if (type === 'array') return item?.type === 'string' ? 'list' : 'structure'
  return type === 'number' ? 'number' : type === 'string' ? 'text' : 'structure'
}
