/** How GitLab's REST API is asked, and what it says of who asks. */
import * as v from 'valibot'
import { printable } from '../../base/mod.ts'
import type { AskContext } from '../definition.ts'
import { readAnswer } from '../http/read-answer.ts'
import type { SiteAnswer, SiteClient } from '../http/site-client.ts'
import { clockWords } from '../http/site-clock.ts'

const PROJECTS_CHECKED_MAX = 8

/** Where a project is in the API. */
export function projectPath(project: string): string {
  return `/api/v4/projects/${encodeURIComponent(project)}`
}

/** Refuses `connector.answer_odd`. */
export function readGitlab<const Schema extends v.GenericSchema>(answer: SiteAnswer, schema: Schema, what: string) {
  return readAnswer(answer, schema, `about ${what} as GitLab does`)
}

/** Refuses what `SiteClient.ask` refuses: 404 also where it is not shown to who asks. */
export async function projectOf(http: SiteClient, project: string) {
  const answer = await http.ask({ path: projectPath(project) })
  return readGitlab(answer, v.looseObject({ path_with_namespace: v.string() }), 'a project')
}

/** Whether it shows the projects. */
export async function checkGitlab(
  { url, projects }: { url: string; projects: readonly string[] },
  { http }: AskContext,
): Promise<string[]> {
  const said: string[] = []
  for (const project of projects.slice(0, PROJECTS_CHECKED_MAX)) {
    const { path_with_namespace: path } = await projectOf(http, project)
    said.push(`${new URL(url).host} shows ${printable(path).slice(0, 256)}.`)
  }
  return [...said, ...clockWords(http)]
}
