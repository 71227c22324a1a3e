/** Test cases of Zephyr Scale with their steps, by version 2 of its API: pages by number, and names of statuses by their ids. */
import * as v from 'valibot'
import { codeOf } from '../../base/mod.ts'
import type { Taking } from '../http/bounds.ts'
import { utcTime } from '../http/instants.ts'
import { readAnswer } from '../http/read-answer.ts'
import type { SiteClient } from '../http/site-client.ts'
import { detailsOf, TEST_TYPE, type TestDetails } from '../test-cases.ts'
import type { KeyedRecord } from '../whole-list.ts'
import type { ZephyrConfig } from './zephyr-config.ts'

const PAGE_STEPS = 100
const PAGE_NAMES = 1_000

const Text = v.optional(v.nullable(v.string()))
const Ref = v.optional(v.nullable(v.looseObject({ id: v.optional(v.nullable(v.number())) })))
const Case = v.looseObject({
  key: v.pipe(v.string(), v.minLength(1), v.maxLength(256)),
  ...{ name: Text, objective: Text, precondition: Text, createdOn: Text, component: Text },
  ...{ labels: v.optional(v.nullable(v.array(v.string()))), estimatedTime: v.optional(v.nullable(v.number())) },
  ...{ priority: Ref, status: Ref, folder: Ref, customFields: v.optional(v.unknown()) },
  owner: v.optional(v.nullable(v.looseObject({ accountId: Text }))),
  testScript: v.optional(v.nullable(v.looseObject({ self: Text }))),
})
type Case = v.InferOutput<typeof Case>
const Step = v.looseObject({
  inline: v.optional(v.nullable(v.looseObject({ description: Text, testData: Text, expectedResult: Text }))),
  testCase: v.optional(v.nullable(v.looseObject({ testCaseKey: Text }))),
})
const Named = v.looseObject({ id: v.number(), name: v.string() })
const Script = v.looseObject({ type: Text, text: Text })

export type ZephyrAsked = { http: SiteClient; config: ZephyrConfig; taking: Taking }

/** All of all projects, page by page. */
export async function* zephyrCases(asked: ZephyrAsked): AsyncGenerator<KeyedRecord[], void> {
  for (const project of asked.config.projects) {
    const statuses = await namesOf(asked, '/statuses', { projectKey: project, statusType: 'TEST_CASE' })
    const priorities = await namesOf(asked, '/priorities', { projectKey: project })
    for await (const cases of casesOf(asked, project)) {
      const records: KeyedRecord[] = []
      for (const one of cases)
        records.push(recordOf(project, one, { statuses, priorities }, await detailsOfCase(asked, one)))
      yield records
    }
  }
}

export function casesOf(asked: ZephyrAsked, projectKey: string): AsyncGenerator<Case[], void> {
  return pages(asked, Case, { path: '/testcases', query: { projectKey }, most: asked.config.pageTests })
}

async function namesOf(asked: ZephyrAsked, path: string, query: Record<string, string>): Promise<Map<number, string>> {
  const names = new Map<number, string>()
  for await (const found of pages(asked, Named, { path, query, most: PAGE_NAMES }))
    for (const { id, name } of found) names.set(id, name)
  return names
}

/** Its own API says where a test case's script is: in steps, or as one text. */
async function detailsOfCase(asked: ZephyrAsked, { key, testScript }: Case): Promise<TestDetails> {
  if (!asked.config.steps) return {}
  const path = `/testcases/${encodeURIComponent(key)}`
  try {
    if (testScript?.self?.endsWith('/testscript')) {
      const answer = await asked.http.ask({ path: `${path}/testscript` })
      asked.taking.count(answer)
      const { type, text } = readAnswer(answer, Script, 'with a script as Zephyr does')
      return { kind: type ?? undefined, definition: text ?? undefined }
    }
    const steps = []
    for await (const found of pages(asked, Step, { path: `${path}/teststeps`, query: {}, most: PAGE_STEPS }))
      steps.push(...found.map(stepOf))
    return { kind: 'steps', steps }
  } catch (error) {
    // It was removed since it was listed, or has no script.
    if (codeOf(error) === 'connector.site_has_not') return {}
    throw error
  }
}

/** A step is one of its own, or a call of another test case. */
function stepOf({ inline, testCase }: v.InferOutput<typeof Step>) {
  if (inline) return { action: inline.description, data: inline.testData, result: inline.expectedResult }
  return { action: testCase?.testCaseKey, data: null, result: null }
}

type Listing = { path: string; query: Record<string, string>; most: number }

async function* pages<const Schema extends v.GenericSchema>(
  { http, taking }: ZephyrAsked,
  schema: Schema,
  { path, query, most }: Listing,
): AsyncGenerator<v.InferOutput<Schema>[], void> {
  const Page = v.looseObject({
    values: v.array(schema),
    isLast: v.optional(v.boolean()),
    total: v.optional(v.number()),
  })
  for (let startAt = 0; ; ) {
    const answer = await http.ask({ path, query: { ...query, maxResults: String(most), startAt: String(startAt) } })
    taking.count(answer)
    const { values, isLast, total } = readAnswer(answer, Page, 'with a page as Zephyr does')
    yield values
    startAt += values.length
    if (values.length === 0 || isLast || (total !== undefined && startAt >= total)) return
  }
}

type Names = { statuses: ReadonlyMap<number, string>; priorities: ReadonlyMap<number, string> }

function recordOf(project: string, one: Case, { statuses, priorities }: Names, details: TestDetails): KeyedRecord {
  return {
    ...{ key: one.key, type: TEST_TYPE, project, summary: one.name, description: one.objective, labels: one.labels },
    ...{ status: statuses.get(one.status?.id ?? -1), priority: priorities.get(one.priority?.id ?? -1) },
    ...{ components: one.component ? [one.component] : [], assignee: one.owner?.accountId },
    ...{ created_at: utcTime(one.createdOn), precondition: one.precondition, estimated_ms: one.estimatedTime },
    ...{ custom_fields: one.customFields, ...detailsOf({ ...details, folder: one.folder?.id?.toString() }) },
  }
}
