/** The connector to Zephyr Scale in Jira Cloud: test cases with their steps. */
import { type AskContext, defineConnector, type PullContext } from '../definition.ts'
import { Taking } from '../http/bounds.ts'
import { clockWords } from '../http/site-clock.ts'
import { TEST_TYPE } from '../test-cases.ts'
import { pullWhole } from '../whole-list.ts'
import { casesOf, zephyrCases } from './zephyr-cases.ts'
import { ZephyrConfig } from './zephyr-config.ts'

const PROJECTS_CHECKED_MAX = 8

export const zephyr = defineConnector({
  type: 'zephyr',
  title: 'Zephyr Scale',
  summary: 'Test cases of Zephyr Scale in Jira Cloud, with their steps, or the text that they are instead.',
  config: ZephyrConfig,
  lines: ['ca'],
  credentials: ['token'],
  shapes: ['issues'],
  example: { projects: ['ABC'], deletions: 'daily' },
  site: ({ url, ca }) => ({ url, ca }),
  check,
  pull,
})

async function check(config: ZephyrConfig, { http, clock }: AskContext): Promise<string[]> {
  const taking = new Taking({ url: config.url, clock })
  const said: string[] = []
  for (const project of config.projects.slice(0, PROJECTS_CHECKED_MAX)) {
    const first = await casesOf({ http, config: { ...config, pageTests: 1 }, taking }, project).next()
    const has = first.value && first.value.length > 0 ? 'has test cases' : 'has no test case, or does not show any'
    said.push(`Project ${project} ${has}.`)
  }
  return [...said, ...clockWords(http)]
}

async function* pull(config: ZephyrConfig, context: PullContext) {
  const { http, clock } = context
  const asked = { http, config, taking: new Taking({ url: config.url, clock }) }
  const { deletions } = config
  yield* pullWhole({ ...context, deletions, list: () => zephyrCases(asked), type: TEST_TYPE, what: 'test cases' })
}
