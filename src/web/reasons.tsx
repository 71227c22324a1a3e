/** Why something of a deployment is as it is, and between whom nothing crosses. */
import { Ago } from './figures.tsx'
import { State, type StateWord } from './state.tsx'
import type { View } from './view.ts'
import { sentence, Words } from './words.tsx'

/**
 * Why something is as it is: a stable code, the component and the item it is about (wire's `Reason`), and where it is told in full what
 * failed and what to do.
 */
export type ReasonView = {
  code: string
  component?: string | undefined
  item?: string | undefined
  message?: string | undefined
  advice?: string | undefined
}

/** A Runtime whose part is not in force as this one's is: no record crosses to it or from it. Times in ms since 1970. */
export type PeerView = {
  name: string
  /** This end, where it is not the server's own. */
  of?: string
  version: number
  state: StateWord
  sinceMs: number
  /** The version that is in force there, if one is. */
  inForce?: number | undefined
}

export function Reason({ reason }: { reason: ReasonView }): View {
  const { code, component, item, message, advice } = reason
  return (
    <small class="reason">
      {component !== undefined && `${component}: `}
      <code>{code}</code>
      {item !== undefined && ` ${item}`}
      {message !== undefined && (
        <span class="said">
          <Words text={sentence(message)} />
        </span>
      )}
      {advice !== undefined && (
        <span class="said">
          <Words text={advice} />
        </span>
      )}
    </small>
  )
}

export function NothingCrosses({ peer, nowMs }: { peer: PeerView; nowMs: number }): View {
  const { name, of, version, state, sinceMs, inForce } = peer
  return (
    <small class="reason">
      {of === undefined ? `Nothing crosses to or from ${name}: ` : `Nothing crosses between ${of} and ${name}: `}
      {`there version ${version} is `}
      <State state={state} /> since <Ago at={sinceMs} now={nowMs} />
      {inForce !== undefined && `, and version ${inForce} is in force`}
    </small>
  )
}
