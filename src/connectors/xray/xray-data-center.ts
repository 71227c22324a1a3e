/** Xray in a Jira of one's own: tests are found as issues that were updated, and their steps asked of Xray by their keys. */
import * as v from 'valibot'
import type { Moved, PullContext, PulledPage } from '../definition.ts'
import { isCensusDue } from '../gone.ts'
import { recordsDocument } from '../http/documents.ts'
import { readAnswer } from '../http/read-answer.ts'
import type { SiteClient } from '../http/site-client.ts'
import { issuesSince } from '../jira/issues-since.ts'
import { removedIssues } from '../jira/jira-census.ts'
import { JiraConfig } from '../jira/jira-config.ts'
import type { FoundIssue } from '../jira/jira-search.ts'
import { TEST_ISSUE_FIELDS, type TestDetails, TestIssueFields, testRecord } from '../test-cases.ts'
import type { KeyedRecord } from '../whole-list.ts'
import type { XrayConfig } from './xray-config.ts'

/** Texts come plain, or with how they look beside how they were written. */
const Text = v.pipe(
  v.optional(v.nullable(v.union([v.string(), v.looseObject({ raw: v.optional(v.nullable(v.string())) })]))),
  v.transform((text) => (typeof text === 'object' ? text?.raw : text) ?? undefined),
)
const Steps = v.looseObject({
  steps: v.optional(v.nullable(v.array(v.looseObject({ step: Text, data: Text, result: Text })))),
})
const Tests = v.array(
  v.looseObject({
    key: v.pipe(v.string(), v.maxLength(256)),
    type: v.optional(v.nullable(v.string())),
    definition: v.optional(v.nullable(v.union([v.string(), Steps]))),
  }),
)

/** The Jira that it is installed in. */
export function jiraOf({ url, ca, projects, jql, pageTests, deletions }: XrayConfig): JiraConfig {
  return v.parse(JiraConfig, {
    ...{ url, ca, projects, jql, deletions, edition: 'data-center', pageIssues: pageTests },
    fields: TEST_ISSUE_FIELDS.filter((name) => name !== 'key'),
  })
}

export async function* pullDataCenter(
  config: XrayConfig,
  context: PullContext,
): AsyncGenerator<PulledPage | Moved, void> {
  const { http, clock, knownKeys, warn } = context
  const jira = jiraOf(config)
  const { pages, progress } = await issuesSince(jira, context, `issuetype = "${config.issueType}"`)
  let number = 0
  for await (const { issues } of pages) {
    const fresh = progress.fresh(issues)
    if (fresh.length === 0) continue
    const records = await recordsOf(http, fresh)
    yield { ...recordsDocument(`tests-${++number}`, records), cursor: progress.cursor() }
  }
  if (!isCensusDue(config.deletions, progress.censusAtMs, clock.now())) return
  yield* removedIssues({ http, config: jira, knownKeys, warn }, () => progress.cursor())
  progress.censusAtMs = clock.now()
  yield { cursor: progress.cursor() }
}

async function recordsOf(http: SiteClient, issues: readonly FoundIssue[]): Promise<KeyedRecord[]> {
  const query = { keys: issues.map(({ key }) => key).join(';') }
  const answer = await http.ask({ path: '/rest/raven/1.0/api/test', query })
  const tests = readAnswer(answer, Tests, 'with tests as Xray does')
  const details = new Map(tests.map(({ key, type, definition }) => [key, detailsOf(type, definition)]))
  return issues.map(({ key, fields }) => {
    const read = readAnswer(
      { json: fields ?? {}, url: answer.url },
      TestIssueFields,
      'with fields of an issue as Jira does',
    )
    return testRecord(key, read, details.get(key) ?? {})
  })
}

function detailsOf(
  type: string | null | undefined,
  definition: string | v.InferOutput<typeof Steps> | null | undefined,
): TestDetails {
  if (typeof definition === 'string') return { kind: type ?? undefined, definition }
  const steps = definition?.steps?.map(({ step: action, data, result }) => ({ action, data, result }))
  return { kind: type ?? undefined, steps }
}
