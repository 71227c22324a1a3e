/** The routes of an API as a page: what each is for, who may ask, what it takes and what it answers. Nothing is fetched or run. */
import { Code, Facts, type View } from '../../web/mod.ts'
import type { OpenApi, Operation } from '../openapi.ts'

type Route = { method: string; path: string; operation: Operation }

/** All routes under the heading of their noun. */
export function ApiDocs(props: { document: OpenApi }): View {
  const { document } = props
  const base = document.servers[0]?.url ?? ''
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
  return (
    <>
      <p>
        Ask with <code>Authorization: Bearer slt_…</code>, or by the session of a page. Failures are problem details
        (RFC 9457) with a stable <code>code</code>. The whole of it is{' '}
        <a href={`${base}/openapi.json`}>an OpenAPI document</a>.
      </p>
      {[...byTag(routes)].map(([tag, under]) => (
        <section class="api" aria-label={tag}>
          <h2>{tag}</h2>
          {under.map((route) => (
            <RouteDetail route={route} base={base} />
          ))}
        </section>
      ))}
    </>
  )
}

function byTag(routes: readonly Route[]): Map<string, Route[]> {
  const tags = new Map<string, Route[]>()
  for (const route of routes) {
    const tag = route.operation.tags[0] ?? ''
    tags.set(tag, [...(tags.get(tag) ?? []), route])
  }
  return tags
}

function RouteDetail(props: { route: Route; base: string }): View {
  const { method, path, operation } = props.route
  const { parameters = [], requestBody, responses } = operation
  return (
    <details>
      <summary>
        <code>{`${method} ${props.base}${path}`}</code> <span>{operation.summary}</span>
      </summary>
      <p>
        {`Needs the role ${operation['x-role']}`}
        {operation['x-confirm'] && ', and that you confirmed in the last ten minutes that it is you'}.
      </p>
      {parameters.length > 0 && <Facts rows={parameters.map((one) => [one.name, placeOf(one)] as const)} />}
      {requestBody && <Content name="Body" part={requestBody} />}
      {Object.entries(responses)
        .filter(([status]) => status !== 'default')
        .map(([status, response]) => (
          <Content name={`Answer ${status}`} part={response} />
        ))}
    </details>
  )
}

function placeOf({ in: place, required, schema }: NonNullable<Operation['parameters']>[number]): string {
  const { type, pattern, default: usual } = schema
  const words = [
    `in the ${place}`,
    required ? undefined : 'may be left out',
    typeof type === 'string' ? type : undefined,
    pattern === undefined ? undefined : `of the form ${pattern}`,
    usual === undefined ? undefined : `otherwise ${usual}`,
  ]
  return words.filter((word) => word !== undefined).join(', ')
}

/** A schema as it stands in the document; other media types by their name. */
function Content(props: { name: string; part: Readonly<Record<string, unknown>> }): View {
  const [content] = Object.entries((props.part['content'] ?? {}) as Record<string, { schema?: unknown }>)
  if (!content) return <p>{`${props.name}: nothing.`}</p>
  const [type, { schema }] = content
  if (schema === undefined) return <p>{`${props.name}: ${type}.`}</p>
  return <Code name={props.name} text={JSON.stringify(schema, null, 2)} />
}
