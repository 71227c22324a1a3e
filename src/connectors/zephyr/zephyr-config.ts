/** Settings of the connector to Zephyr Scale. */
import * as v from 'valibot'
import { ProjectKey } from '../jira/jira-config.ts'
import { Deletions, SiteAuthority, SiteUrl } from '../settings.ts'

/** Of one page; Zephyr gives a thousand at most. */
export const PAGE_TESTS_MAX = 1_000
const PROJECTS_MAX = 64

export const ZephyrConfig = v.strictObject({
  projects: v.pipe(
    v.array(ProjectKey),
    v.minLength(1),
    v.maxLength(PROJECTS_MAX),
    v.description('Keys of the projects.'),
  ),
  steps: v.pipe(
    v.optional(v.boolean(), true),
    v.description('Whether the steps are asked for, with one request for each test case.'),
  ),
  pageTests: v.pipe(
    v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(PAGE_TESTS_MAX)), 100),
    v.description('Test cases of one page.'),
  ),
  deletions: Deletions('test cases that are gone'),
  url: v.pipe(v.optional(SiteUrl, 'https://api.zephyrscale.smartbear.com/v2'), v.description('Where its API is.')),
  ca: SiteAuthority,
})
export type ZephyrConfig = v.InferOutput<typeof ZephyrConfig>
