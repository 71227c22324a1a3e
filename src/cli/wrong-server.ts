/** Verbs asked of the wrong kind of server: a Platform has no vault, a Runtime no enrolment codes. */

/** Requests that only one kind of server takes, as method, space and path. */
const ONLY_AT: readonly [request: RegExp, server: 'Platform' | 'Runtime'][] = [
  [/ \/v1\/(enrolment-codes|blueprints)\b/, 'Platform'],
  [/^POST \/v1\/deployments$/, 'Platform'],
  [
    / \/v1\/(peers|credentials|enrolment|policy|drift|network|libraries|metrics-token|data-tenants|datasets)(?![\w-])/,
    'Runtime',
  ],
  [/ \/v1\/(certificate|alerts|keys|recovery|backup)(?![\w-])/, 'Runtime'],
  [/ \/v1\/deployments\/[^/]+\/(approval|approve|refuse|restart|dead-letters)\b/, 'Runtime'],
]

/** What to say when a server does not know the path of a request that this command sends. */
export function wrongServer(method: string, path: string): { detail: string; advice: string } {
  const server = ONLY_AT.find(([request]) => request.test(`${method} ${path}`))?.[1]
  return {
    detail: 'this server has no such thing',
    advice: server
      ? `See whether --at names the right server: this verb is for a ${server}.`
      : 'See whether --at names the right server, and compare its version with `sluice version`.',
  }
}
