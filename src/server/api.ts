/**
 * Routes of the API that cannot be without their documentation: what a route needs and takes is declared once, held by the code
 * below, and written into the OpenAPI document from the same declaration (`openapi.ts`).
 */
import { type Context, Hono } from 'hono'
import type * as v from 'valibot'
import type { Role } from '../accounts/mod.ts'
import { BODY_BYTES_MAX, limitBody, limitStreamedBody, parseInput, readJson } from '../web/mod.ts'
import { demand, demandFresh, type PersonEnv } from './person.ts'

type Schema = v.GenericSchema
/** What a schema puts out, as it may be given: nobody writes into an answer. */
type Answerable<T> = T extends object ? { readonly [Key in keyof T]: Answerable<T[Key]> } : T

/** What a route is: `params` and `query` are objects of strings, `answer` is the body of its JSON answer. */
export type Declaration<
  Params extends Schema = Schema,
  Query extends Schema = Schema,
  Body extends Schema = Schema,
  Answer extends Schema = Schema,
> = {
  /** One sentence for people who look for it. */
  summary: string
  /** The lowest role that may ask. */
  role: Role
  /** A dangerous act: refused with `account.confirm_first` unless the person proved themselves lately. */
  fresh?: boolean
  params?: Params
  query?: Query
  body?: Body
  /** Media type of a body that is not JSON: the handler reads it from `c`. */
  upload?: string
  /** Default `BODY_BYTES_MAX`. */
  bodyBytesMax?: number
  /** The handler streams the body on and counts it: nothing of it is held here. */
  streams?: true
  answer?: Answer
  /** With `Accept: text/event-stream` the handler gives the `Response` of a stream; this says what its events are. */
  events?: string
  /** Media type of an answer that is not JSON; the handler gives a `Response` then. */
  file?: string
  /** Of the answer when all went well; default 200, or 204 for a route that answers nothing. */
  status?: 200 | 201 | 202 | 204
}

/** What a handler is handed: all of it parsed. `actor` is how the audit trail names who asks. */
export type Asked<Params, Query, Body> = {
  c: Context<PersonEnv>
  actor: string
  params: Params
  query: Query
  body: Body
}

type Handler<Params extends Schema, Query extends Schema, Body extends Schema, Answer extends Schema> = (
  asked: Asked<v.InferOutput<Params>, v.InferOutput<Query>, v.InferOutput<Body>>,
) => Promise<v.InferInput<Answer> extends undefined ? unknown : Answerable<v.InferInput<Answer>> | Response>

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete' | 'options'
/** One route as the document has it. `path` begins with `/`, parameters as `:name`. */
export type DeclaredRoute = { method: Method; path: string; tag: string; declaration: Declaration }

type Nothing = v.UndefinedSchema<undefined>
/** Adds a route; what it does not declare, its handler is handed as `undefined`. */
type Adder = <
  P extends Schema = Nothing,
  Q extends Schema = Nothing,
  B extends Schema = Nothing,
  A extends Schema = Nothing,
>(
  path: string,
  declaration: Declaration<P, Q, B, A>,
  handler: Handler<P, Q, B, A>,
) => ApiRoutes

/** Routes of one noun; `tag` is its heading in the document. Mount them with `mount`, and in the end serve `hono`. */
export class ApiRoutes {
  readonly hono = new Hono<PersonEnv>()
  readonly get: Adder = (...route) => this.#add('get', ...route)
  readonly post: Adder = (...route) => this.#add('post', ...route)
  readonly put: Adder = (...route) => this.#add('put', ...route)
  readonly patch: Adder = (...route) => this.#add('patch', ...route)
  readonly delete: Adder = (...route) => this.#add('delete', ...route)
  readonly #tag: string
  readonly #declared: DeclaredRoute[] = []

  constructor(tag: string) {
    this.#tag = tag
  }

  /** Every route, those that were mounted too. */
  get declared(): readonly DeclaredRoute[] {
    return this.#declared
  }

  /** Puts a route into the document that is answered before the gate, by a token of its own. */
  describe(method: Method, path: string, declaration: Declaration): this {
    this.#declared.push({ method, path: joined('', path), tag: this.#tag, declaration })
    return this
  }

  /** Puts another noun's routes below `prefix`. */
  mount(prefix: string, routes: ApiRoutes): this {
    this.hono.route(prefix, routes.hono)
    this.#declared.push(...routes.#declared.map((route) => ({ ...route, path: joined(prefix, route.path) })))
    return this
  }

  #add<P extends Schema, Q extends Schema, B extends Schema, A extends Schema>(
    method: Method,
    path: string,
    declaration: Declaration<P, Q, B, A>,
    handler: Handler<P, Q, B, A>,
  ): this {
    this.describe(method, path, declaration as Declaration)
    const { bodyBytesMax = BODY_BYTES_MAX, streams } = declaration
    const bounded = streams ? limitStreamedBody(bodyBytesMax) : limitBody(bodyBytesMax)
    this.hono.on(method.toUpperCase(), path, bounded, async (c) => {
      // Before anything that was sent is looked at.
      const actor = declaration.fresh ? demandFresh(c, declaration.role) : demand(c, declaration.role)
      const { params, query, body, status } = declaration
      const answer = await handler({
        ...{ c, actor },
        params: params && parseInput(params, c.req.param()),
        query: query && parseInput(query, c.req.query()),
        body: body && (await readJson(c, body)),
      })
      if (answer instanceof Response) return answer
      return declaration.answer ? c.json(answer, status === 204 ? 200 : status) : c.body(null, 204)
    })
    return this
  }
}

function joined(prefix: string, path: string): string {
  const whole = `${prefix}${path === '/' ? '' : path}`
  return whole === '' ? '/' : whole
}
