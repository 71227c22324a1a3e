/**
 * Test cases with their steps as records of the shape `issues`: a test case has a key, a status, a priority and people, as an issue has,
 * and by its key it takes its own place. Its steps are nested within it: they have no life without it.
 */
import * as v from 'valibot'
import { utcTime } from './http/instants.ts'
import type { KeyedRecord } from './whole-list.ts'

/** `definition`: what it is instead, where it has no steps: Gherkin or free text. */
export type TestDetails = {
  kind?: string | undefined
  steps?: readonly TestStep[] | undefined
  definition?: string | undefined
  folder?: string | undefined
}
export type TestStep = { action: unknown; data: unknown; result: unknown }

const Name = v.optional(v.nullable(v.looseObject({ name: v.optional(v.nullable(v.string())) })))
const Person = v.optional(
  v.nullable(
    v.looseObject({ displayName: v.optional(v.nullable(v.string())), name: v.optional(v.nullable(v.string())) }),
  ),
)
/** Fields of an issue of Jira, as the search and Xray give them. */
export const TestIssueFields = v.looseObject({
  summary: v.optional(v.nullable(v.string())),
  status: v.optional(v.nullable(v.looseObject({ name: v.optional(v.nullable(v.string())), statusCategory: Name }))),
  ...{ priority: Name, assignee: Person, reporter: Person, labels: v.optional(v.nullable(v.array(v.string()))) },
  components: v.optional(v.nullable(v.array(v.looseObject({ name: v.string() })))),
  ...{ created: v.optional(v.unknown()), updated: v.optional(v.unknown()) },
})
export type TestIssueFields = v.InferOutput<typeof TestIssueFields>
/** Names of those. */
export const TEST_ISSUE_FIELDS = [
  ...['key', 'summary', 'status', 'priority', 'labels', 'components', 'assignee', 'reporter', 'created', 'updated'],
]

/** What tests have as their type, by which a dataset's own are found. */
export const TEST_TYPE = 'Test'

/** A test that is an issue of Jira. */
export function testRecord(key: string, fields: TestIssueFields, details: TestDetails): KeyedRecord {
  const { summary, status, priority, labels, components, assignee, reporter, created, updated } = fields
  return {
    ...{ key, type: TEST_TYPE, project: key.slice(0, Math.max(0, key.lastIndexOf('-'))), summary, labels },
    ...{ status: status?.name, status_category: status?.statusCategory?.name, priority: priority?.name },
    ...{ components: components?.map(({ name }) => name) ?? [] },
    ...{ assignee: assignee?.displayName ?? assignee?.name, reporter: reporter?.displayName ?? reporter?.name },
    ...{ created_at: utcTime(created), updated_at: utcTime(updated), ...detailsOf(details) },
  }
}

/** As fields beside those of the shape. */
export function detailsOf({ kind, steps, definition, folder }: TestDetails) {
  return { test_type: kind, steps, definition, folder }
}
