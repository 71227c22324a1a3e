/** Asks a person at the terminal for something that is not to be seen: what is typed shows nowhere and is in no history. */
import { Cancelled } from '../base/mod.ts'

/** A secret is a line; PEM comes from a file. */
const LENGTH_MAX = 65_536
const CTRL_C = '\u0003'
const CTRL_D = '\u0004'

/** Standard input, as far as asking needs it. */
export type HiddenInput = Pick<NodeJS.ReadStream, 'setRawMode' | 'setEncoding' | 'resume' | 'pause' | 'on' | 'off'>

/** Asks on standard error, so that standard output stays the answer. Ctrl-C rejects with `internal.cancelled`. */
export function askHidden(input: HiddenInput, say: (text: string) => void, question: string): Promise<string> {
  say(`${question}: `)
  input.setRawMode(true)
  input.setEncoding('utf8').resume()
  return new Promise<string>((resolve, reject) => {
    let typed = ''
    const end = (how: () => void): void => {
      input.off('data', take)
      input.setRawMode(false)
      input.pause()
      say('\n')
      how()
    }
    const take = (text: string | Buffer): void => {
      for (const key of String(text)) {
        if (key === CTRL_C) {
          end(() => reject(new Cancelled('nothing was entered')))
          return
        }
        if (key === '\r' || key === '\n' || key === CTRL_D) {
          end(() => resolve(typed))
          return
        }
        typed = key === '\u007f' || key === '\b' ? typed.slice(0, -1) : (typed + key).slice(0, LENGTH_MAX)
      }
    }
    input.on('data', take)
  })
}
