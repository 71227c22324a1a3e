/** The one list of types of connectors. */
import type { ConnectorType } from './definition.ts'
import { ConnectorTypeUnknown } from './errors.ts'
import { jira } from './jira/jira.ts'

export const connectorTypes: readonly ConnectorType[] = [jira]

/** Refuses `connector.type_unknown`. */
export function connectorType(type: string): ConnectorType {
  const found = connectorTypes.find((one) => one.type === type)
  if (!found)
    throw new ConnectorTypeUnknown(
      `there is no such type: there are ${connectorTypes.map((one) => one.type).join(', ')}`,
    )
  return found
}
