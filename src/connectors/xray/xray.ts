/** The connector to Xray, Cloud and Data Center: tests with their steps. */
import { type AskContext, defineConnector, type PullContext } from '../definition.ts'
import { authorizationHeader } from '../http/authorization.ts'
import type { SignInContext } from '../http/sign-in.ts'
import { clockWords } from '../http/site-clock.ts'
import { myself } from '../jira/jira-site.ts'
import { TEST_TYPE } from '../test-cases.ts'
import { pullWhole } from '../whole-list.ts'
import { cloudTests, testsPage, xraySignIn } from './xray-cloud.ts'
import { XrayConfig } from './xray-config.ts'
import { jiraOf, pullDataCenter } from './xray-data-center.ts'

export const xray = defineConnector({
  type: 'xray',
  title: 'Xray',
  summary: 'Tests of Xray for Jira, Cloud or Data Center, with their steps, or the text that they are instead.',
  config: XrayConfig,
  lines: ['jql', 'ca'],
  credentials: ['password', 'token'],
  shapes: ['issues'],
  example: { projects: ['ABC'], deletions: 'daily' },
  site: ({ url, ca }) => ({ url, ca }),
  async signIn({ edition }, context: SignInContext) {
    if (edition === 'cloud') return xraySignIn(context)
    return { headers: authorizationHeader(context.secret), untilMs: Number.MAX_SAFE_INTEGER }
  },
  check,
  pull,
})

async function check(config: XrayConfig, { http }: AskContext): Promise<string[]> {
  if (config.edition === 'data-center') {
    const { name } = await myself(http, jiraOf(config))
    return [`Signed in as ${name}.`, ...clockWords(http)]
  }
  const { total } = await testsPage(http, { ...config, pageTests: 1 }, 0)
  return [`Xray shows ${total} tests.`, ...clockWords(http)]
}

async function* pull(config: XrayConfig, context: PullContext) {
  if (config.edition === 'data-center') return yield* pullDataCenter(config, context)
  const { deletions } = config
  yield* pullWhole({ ...context, deletions, list: () => cloudTests(context, config), type: TEST_TYPE, what: 'tests' })
}
