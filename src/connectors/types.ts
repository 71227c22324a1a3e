/** The one list of types of connectors. */
import { appStore } from './app-store/app-store.ts'
import { appStoreFeed } from './app-store/app-store-feed.ts'
import type { ConnectorType } from './definition.ts'
import { ConnectorTypeUnknown } from './errors.ts'
import { github } from './github/github.ts'
import { githubActions } from './github/github-actions.ts'
import { gitlab } from './gitlab/gitlab.ts'
import { gitlabCi } from './gitlab/gitlab-ci.ts'
import { googlePlay } from './google-play/google-play.ts'
import { jira } from './jira/jira.ts'
import { rest } from './rest/rest.ts'
import { xray } from './xray/xray.ts'
import { zephyr } from './zephyr/zephyr.ts'

export const connectorTypes: readonly ConnectorType[] = [
  jira,
  github,
  githubActions,
  gitlab,
  gitlabCi,
  rest,
  appStore,
  appStoreFeed,
  googlePlay,
  xray,
  zephyr,
]

/** Refuses `connector.type_unknown`. */
export function connectorType(type: string): ConnectorType {
  const found = connectorTypes.find((one) => one.type === type)
  if (!found)
    throw new ConnectorTypeUnknown(
      `there is no such type: there are ${connectorTypes.map((one) => one.type).join(', ')}`,
    )
  return found
}
