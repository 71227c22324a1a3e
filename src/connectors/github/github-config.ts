/** Settings of connectors to GitHub: where it is, and which repositories. */
import * as v from 'valibot'
import { naming } from '../../base/mod.ts'
import { SCOPES_MAX } from '../http/by-scope.ts'
import { Deletions, SiteAuthority, SiteUrl } from '../settings.ts'

/** GitHub answers a hundred of anything at most. */
export const PAGE_RECORDS_MAX = 100
const HISTORY_DAYS_MAX = 400
/** A run may be run again within thirty days. */
const LOOK_BACK_DAYS_MAX = 35

const Repository = v.pipe(
  v.string(),
  v.trim(),
  v.regex(
    /^(?!\.{1,2}\/)[A-Za-z0-9_.-]{1,100}\/(?!\.{1,2}$)[A-Za-z0-9_.-]{1,100}$/,
    naming('must be a repository with its owner, such as acme/shop'),
  ),
)

const common = {
  url: v.pipe(
    v.optional(SiteUrl, 'https://api.github.com'),
    v.description('Where the API is. GitHub Enterprise Server has it at `https://github.example.com/api/v3`.'),
  ),
  repositories: v.pipe(
    v.pipe(v.array(Repository), v.minLength(1), v.maxLength(SCOPES_MAX)),
    v.description('Repositories with their owners: `acme/shop`.'),
  ),
}

export const GithubConfig = v.strictObject({
  ...common,
  deletions: Deletions('issues that are gone from the repositories, by listing all of them'),
  ca: SiteAuthority,
})
export type GithubConfig = v.InferOutput<typeof GithubConfig>

export const GithubActionsConfig = v.strictObject({
  ...common,
  branch: v.pipe(
    v.optional(v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(255))),
    v.description('Only runs of that branch.'),
  ),
  historyDays: v.pipe(
    v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(HISTORY_DAYS_MAX)), 30),
    v.description('How far back the first run of the connector reaches.'),
  ),
  lookBackDays: v.pipe(
    v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(LOOK_BACK_DAYS_MAX)), 3),
    v.description('How old a workflow run may be when it ends, or is run again, and is still taken.'),
  ),
  ca: SiteAuthority,
})
export type GithubActionsConfig = v.InferOutput<typeof GithubActionsConfig>
