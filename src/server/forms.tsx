/**
 * Pages with a form, each declared once: who may, how long it may be, what it takes, how it is shown again when it was refused, and
 * what it does. The order is held here: bound, role and freshness, then what it is about, then what was sent.
 */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import type { Role } from '../accounts/mod.ts'
import { codeOf } from '../base/mod.ts'
import {
  DangerForm,
  type DangerFormProps,
  type Failure,
  type FieldErrors,
  type FormFailure,
  formFailure,
  limitBody,
  parseInput,
  readForm,
  readUpload,
  requireTyped,
  type View,
} from '../web/mod.ts'
import { demand, demandFresh, type PersonEnv } from './person.ts'
import type { Shown, Site } from './site.tsx'

type Schema = v.GenericSchema
type Nothing = v.UnknownSchema
/** What was typed, to stand in the form again: what came once, no files, nothing secret. */
export type FormValues = Readonly<Record<string, string>>
/** Why a form stands there again: words above it, words beside its fields. Nothing when it is shown first. */
export type FailedForm = { failure?: Failure | undefined; errors: FieldErrors; code?: string }
/** A page but for its status, which is that of the failure. */
export type FormShown = Omit<Shown, 'status'>

export type FormDeclaration<S extends Schema, About> = {
  /** The lowest role that may look at it and send it. */
  role: Role
  /** A dangerous act: who has not proved themselves lately is asked again before they type. */
  fresh?: boolean
  /** Of the body as it is sent, where a byte may be three; default `BODY_BYTES_MAX`. */
  bytesMax?: number
  /** With files. */
  multipart?: boolean
  schema?: S
  /** Names of fields that never come back. */
  secrets?: RegExp
  /** What it is about, found anew for each request; what is not there has the error page. */
  about?: (c: Context<PersonEnv>) => About | Promise<About>
  /** The page with the form: empty, or with what was typed and why it was refused. */
  again: (shown: {
    c: Context<PersonEnv>
    about: About
    values: FormValues
    failed: FailedForm
  }) => FormShown | Promise<FormShown>
  /** Gives the address to go on to, without the server's base, or a page of its own. */
  act: (asked: {
    c: Context<PersonEnv>
    actor: string
    about: About
    input: v.InferOutput<S>
  }) => Promise<Response | string>
  /** Default `formFailure`. */
  failureOf?: (error: unknown) => FormFailure
}

/** A page of a form and what it posts to, both at `path`. */
export function formPage<S extends Schema = Nothing, About = undefined>(
  site: Site,
  path: string,
  form: FormDeclaration<S, About>,
): Hono<PersonEnv> {
  return new Hono<PersonEnv>()
    .get(path, async (c) => {
      demandOf(c, form)
      const about = await aboutOf(c, form)
      return site.page(c, await form.again({ c, about, values: {}, failed: { errors: {} } }))
    })
    .route('/', formAct(site, path, form))
}

/** What a form posts to that stands on another page, which `again` shows with what was refused. */
export function formAct<S extends Schema = Nothing, About = undefined>(
  site: Site,
  path: string,
  form: FormDeclaration<S, About>,
): Hono<PersonEnv> {
  return new Hono<PersonEnv>().post(path, limitBody(form.bytesMax), async (c) => {
    c.set('secretFields', form.secrets)
    c.set('showsAgain', true)
    const actor = demandOf(c, form)
    const about = await aboutOf(c, form)
    let values: FormValues = {}
    try {
      if (c.env?.askOnceMore) {
        values = shownAgain(await readForm(c, Sent), form.secrets)
        return site.page(c, await form.again({ c, about, values, failed: { failure: ONCE_MORE, errors: {} } }))
      }
      const sent = await (form.multipart ? readUpload : readForm)(c, Sent)
      values = shownAgain(sent, form.secrets)
      const done = await form.act({ c, actor, about, input: form.schema && parseInput(form.schema, sent) })
      return typeof done === 'string' ? c.redirect(`${site.place.base}${done}`, 303) : done
    } catch (error) {
      const { status, ...failed } = (form.failureOf ?? formFailure)(error)
      const shown = await form.again({ c, about, values, failed: { ...failed, code: codeOf(error) } })
      return site.page(c, { ...shown, status })
    }
  })
}

/** What a dangerous form says and asks for; why it was refused is put into it here. */
export type DangerProps = Omit<DangerFormProps, 'failure' | 'error'>

export type DangerDeclaration<S extends Schema, About> = Omit<FormDeclaration<S, About>, 'again' | 'fresh'> & {
  form: (about: About) => DangerProps | Promise<DangerProps>
  /** The page around it. */
  frame: (shown: { c: Context<PersonEnv>; about: About; danger: View }) => FormShown | Promise<FormShown>
}

/** The page of an act that takes something away: always by a fresh proof, and the name typed. */
export function dangerPage<S extends Schema = Nothing, About = undefined>(
  site: Site,
  path: string,
  danger: DangerDeclaration<S, About>,
): Hono<PersonEnv> {
  return formPage(site, path, typedForm(danger))
}

/** The same for a form that stands on another page. */
export function dangerAct<S extends Schema = Nothing, About = undefined>(
  site: Site,
  path: string,
  danger: DangerDeclaration<S, About>,
): Hono<PersonEnv> {
  return formAct(site, path, typedForm(danger))
}

function typedForm<S extends Schema, About>({
  form,
  frame,
  act,
  ...rest
}: DangerDeclaration<S, About>): FormDeclaration<S, About> {
  return {
    ...rest,
    fresh: true,
    async again({ c, about, failed: { failure, errors } }) {
      const danger = <DangerForm {...(await form(about))} failure={failure} error={errors['typed']} />
      return frame({ c, about, danger })
    },
    async act(asked) {
      const { typed } = await readForm(asked.c, Typed)
      requireTyped(typed, (await form(asked.about)).name)
      return act(asked)
    },
  }
}

const ONCE_MORE: Failure = {
  message: 'Nothing was done yet: what is secret, and files, were not kept while you confirmed',
  advice: 'Fill those in once more, and send it.',
}
const Typed = v.object({ typed: v.optional(v.string(), '') })
/** As it was sent: `schema` comes after what may be shown again was taken out. */
const Sent = v.custom<Readonly<Record<string, unknown>>>(() => true)

function demandOf(c: Context<PersonEnv>, { role, fresh }: { role: Role; fresh?: boolean }): string {
  return fresh ? demandFresh(c, role) : demand(c, role)
}

async function aboutOf<About>(
  c: Context<PersonEnv>,
  { about }: { about?: (c: Context<PersonEnv>) => About | Promise<About> },
): Promise<About> {
  // Without `about` it is the default of its type, `undefined`.
  return about ? about(c) : (undefined as About)
}

function shownAgain(sent: Readonly<Record<string, unknown>>, secrets?: RegExp): FormValues {
  const texts = Object.entries(sent).filter((field): field is [string, string] => typeof field[1] === 'string')
  return Object.fromEntries(texts.filter(([name]) => name !== 'typed' && !secrets?.test(name)))
}
