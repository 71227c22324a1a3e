import { expect, test } from 'bun:test'
import { Command } from 'commander'
import type { CliContext } from '../../src/cli/context.ts'
import { untilStopped } from '../../src/cli/serve.ts'
import { VERBS } from '../../src/cli/verbs.ts'
import { sluice } from '../support/cli/terminal.ts'

const context: CliContext = {
  terminal: { out: () => undefined, err: () => undefined, interactive: false },
  environment: {},
  root: false,
  signal: new AbortController().signal,
}

test('every verb is found under each of the words that its file adds, and under no other', async () => {
  for (const { words, load } of VERBS.flatMap(({ verbs }) => verbs)) {
    const program = new Command()
    const add = await load()
    add(program, context)
    expect(program.commands.map((command) => command.name())).toEqual([...words])
  }
})

test('a verb explains itself in the same words, whether it is named first or after help', async () => {
  for (const word of VERBS.flatMap(({ verbs }) => verbs).flatMap(({ words }) => words)) {
    expect((await sluice([word, '--help'])).out).toBe((await sluice(['help', word])).out)
  }
})

test('untilStopped() tells that the server stands before it waits, and ends with the signal', async () => {
  const stopping = new AbortController()
  const told: string[] = []
  const stopped = untilStopped({ signal: stopping.signal, onStanding: () => told.push('stands') }).then(() =>
    told.push('stopped'),
  )
  expect(told).toEqual(['stands'])
  stopping.abort()
  await stopped
  expect(told).toEqual(['stands', 'stopped'])
})
