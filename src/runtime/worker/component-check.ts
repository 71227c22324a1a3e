/** A component's own check, in a process that was started for it alone: what it reaches out to never meets the Runtime's main process. */
import process from 'node:process'
import { AppError, type Clock, codeOf } from '../../base/mod.ts'
import { parseConfig, reasonOf } from '../../pipeline/mod.ts'
import type { AskOf, Channel, CheckFailure, mainAsks, ReplyOf, workerAsks } from '../../wire/mod.ts'
import type { ComponentTypes } from '../deployments/component-types.ts'
import { definitionOf } from '../deployments/examine.ts'
import { pathGate } from '../deployments/own-files.ts'
import { ComponentTypeUnknown } from '../errors.ts'
import { secretsByMain } from './parent-desk.ts'

export type ComponentCheckDeps = { types: ComponentTypes; ask: Channel<typeof workerAsks>['ask']; clock: Clock }

/** Answers with why it failed, in the program's own words: its messages may name what a credential holds. */
export async function checkComponent(
  { types, ask, clock }: ComponentCheckDeps,
  { files, closed, roots, component }: AskOf<typeof mainAsks, 'check'>,
): Promise<ReplyOf<typeof mainAsks, 'check'>> {
  process.chdir(files)
  const definition = definitionOf(component, types)
  try {
    if (!definition) throw new ComponentTypeUnknown(component.type)
    // Main ends this process when it has waited long enough.
    const { signal } = new AbortController()
    const context = {
      secrets: secretsByMain({ ask }),
      admitPath: pathGate({ data: closed, files, roots }),
      clock,
      signal,
    }
    await definition.check?.(parseConfig(definition, component.config), context)
    return {}
  } catch (error) {
    return { failure: failureOf(error) }
  }
}

function failureOf(error: unknown): CheckFailure {
  const advice = error instanceof AppError ? error.advice : undefined
  return { ...reasonOf(error), code: codeOf(error), ...(advice !== undefined && { advice }) }
}
