import { expect, test } from 'bun:test'
import { EventEmitter } from 'node:events'
import { askHidden, type HiddenInput } from '../../src/cli/prompt.ts'
import { refusalOf } from '../support/refusal.ts'

/** A terminal without a person: the test types. */
function terminal() {
  const events = new EventEmitter()
  const modes: boolean[] = []
  const said: string[] = []
  const input = Object.assign(events, {
    setRawMode: (on: boolean) => void modes.push(on),
    setEncoding: () => input,
    resume: () => input,
    pause: () => input,
  })
  const ask = (): Promise<string> =>
    askHidden(input as unknown as HiddenInput, (text) => void said.push(text), 'password')
  return {
    ask,
    type: (text: string) => void events.emit('data', text),
    modes,
    said,
    listeners: () => events.listenerCount('data'),
  }
}

test('askHidden() gives what was typed, and shows none of it', async () => {
  const { ask, type, modes, said, listeners } = terminal()
  const asked = ask()
  type('sec')
  type('rx\u007f')
  type('et\r')
  expect(await asked).toBe('secret')
  expect(said.join('')).toBe('password: \n')
  expect(modes).toEqual([true, false])
  expect(listeners()).toBe(0)
})

test('askHidden() ends with Ctrl-C, and leaves the terminal as it was', async () => {
  const { ask, type, modes, listeners } = terminal()
  const asked = refusalOf(ask)
  type('sec\u0003')
  expect(await asked).toBe('internal.cancelled')
  expect(modes).toEqual([true, false])
  expect(listeners()).toBe(0)
})

test('askHidden() takes 65,536 characters and not one more', async () => {
  const { ask, type } = terminal()
  const asked = ask()
  type('x'.repeat(65_537))
  type('\n')
  expect((await asked).length).toBe(65_536)
})
