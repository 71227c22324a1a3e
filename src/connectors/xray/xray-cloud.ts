/** Xray Cloud: signing in with an API key, and tests by GraphQL, of which a call gives a hundred. */
import * as v from 'valibot'
import { printable } from '../../base/mod.ts'
import type { AskContext } from '../definition.ts'
import { ConnectorCredentialUnfit, SiteRefused } from '../errors.ts'
import { Taking } from '../http/bounds.ts'
import { readAnswer } from '../http/read-answer.ts'
import type { SignedIn, SignInContext } from '../http/sign-in.ts'
import type { SiteClient } from '../http/site-client.ts'
import { filterOf } from '../jira/issues-since.ts'
import { TEST_ISSUE_FIELDS, TestIssueFields, testRecord } from '../test-cases.ts'
import type { KeyedRecord } from '../whole-list.ts'
import type { XrayConfig } from './xray-config.ts'

/** A token lives a day. */
const TOKEN_MS = 72_000_000
const SAID_LENGTH_MAX = 200

const Token = v.pipe(v.string(), v.maxLength(8_192), v.regex(/^[\x21-\x7e]+$/))
const Text = v.optional(v.nullable(v.string()))
const Test = v.looseObject({
  testType: v.optional(v.nullable(v.looseObject({ name: Text }))),
  steps: v.optional(v.nullable(v.array(v.looseObject({ action: Text, data: Text, result: Text })))),
  ...{ gherkin: Text, unstructured: Text, folder: v.optional(v.nullable(v.looseObject({ path: Text }))) },
  jira: v.intersect([v.looseObject({ key: v.pipe(v.string(), v.minLength(1), v.maxLength(256)) }), TestIssueFields]),
})
const Answer = v.looseObject({
  errors: v.optional(v.nullable(v.array(v.looseObject({ message: Text })))),
  data: v.optional(
    v.nullable(
      v.looseObject({ getTests: v.optional(v.nullable(v.looseObject({ total: v.number(), results: v.array(Test) }))) }),
    ),
  ),
})

const QUERY = `query ($jql: String, $limit: Int!, $start: Int) {
  getTests(jql: $jql, limit: $limit, start: $start) {
    total
    results {
      testType { name }
      steps { action data result }
      gherkin
      unstructured
      folder { path }
      jira(fields: [${TEST_ISSUE_FIELDS.map((name) => `"${name}"`).join(', ')}])
    }
  }
}`

/** With the id of an API key as the user and its secret as the password. */
export async function xraySignIn({ secret, door, nowMs }: SignInContext): Promise<SignedIn> {
  const { username, password } = secret
  if (username === undefined || password === undefined)
    throw new ConnectorCredentialUnfit(
      'the credential needs the id of an API key as its username, and the secret as its password',
    )
  const body = { client_id: username, client_secret: password }
  const answer = await door.ask({ method: 'POST', path: '/api/v2/authenticate', body })
  const token = readAnswer(answer, Token, 'with a token as Xray does')
  return { headers: { authorization: `Bearer ${token}` }, untilMs: nowMs + TOKEN_MS }
}

/** How many there are, and those from there on. */
export async function testsPage(http: SiteClient, config: XrayConfig, start: number) {
  const variables = { jql: filterOf(config), limit: config.pageTests, start }
  const answer = await http.ask({ method: 'POST', path: '/api/v2/graphql', body: { query: QUERY, variables } })
  const { errors, data } = readAnswer(answer, Answer, 'with tests as Xray does')
  const tests = data?.getTests
  if (!tests || (errors && errors.length > 0)) {
    const said = printable(errors?.[0]?.message ?? 'nothing').slice(0, SAID_LENGTH_MAX)
    throw new SiteRefused(`${new URL(config.url).host} answered to a query for tests: ${said}`)
  }
  return { answer, total: tests.total, tests: tests.results.map(recordOf) }
}

/** All of them, page by page. */
export async function* cloudTests(
  { http, clock }: Pick<AskContext, 'http' | 'clock'>,
  config: XrayConfig,
): AsyncGenerator<KeyedRecord[], void> {
  const taking = new Taking({ url: config.url, clock })
  for (let start = 0; ; ) {
    const { answer, total, tests } = await testsPage(http, config, start)
    taking.count(answer)
    yield tests
    start += tests.length
    if (tests.length === 0 || start >= total) return
  }
}

function recordOf({ jira, testType, steps, gherkin, unstructured, folder }: v.InferOutput<typeof Test>): KeyedRecord {
  return testRecord(jira.key, jira, {
    ...{ kind: testType?.name ?? undefined, folder: folder?.path ?? undefined },
    definition: gherkin ?? unstructured ?? undefined,
    steps: steps?.map(({ action, data, result }) => ({ action, data, result })),
  })
}
