/** Whether a text parses as a module of JavaScript or TypeScript, and what it imports. It is read and never run. */

/** Where it stops being one, counted from 1. */
export type ModuleFault = { line: number; column: number; message: string }
export type ModuleSyntax = { imports: string[] } | { fault: ModuleFault }

/** What Bun says of a text that does not parse: one message, or several in an `AggregateError`. */
type Complaint = Error & { position?: { line: number; column: number } | null; errors?: Complaint[] }

/**
 * Parses a text, which takes up to a second for 8 MiB and blocks for so long. `undefined` on Node and Deno, which have no parser of
 * TypeScript of their own. Bun's parser runs macros (`with { type: 'macro' }`) unless it is told not to; here they are a fault.
 */
export function moduleSyntax(text: string, language: 'js' | 'ts'): ModuleSyntax | undefined {
  if (typeof Bun === 'undefined') return undefined
  // bun-types lacks the one value that turns macros off.
  const parser = new Bun.Transpiler({ loader: language, macro: false as never })
  try {
    parser.scan(text)
    return { imports: parser.scanImports(text).map(({ path }) => path) }
  } catch (error) {
    return { fault: faultOf(error) }
  }
}

function faultOf(error: unknown): ModuleFault {
  if (!(error instanceof Error)) throw error
  const complaint: Complaint = error
  const [{ position, message } = complaint] = complaint.errors ?? [complaint]
  return { line: position?.line ?? 1, column: position?.column ?? 1, message: message.slice(0, 256) }
}
