/** Reads a text file line by line, whatever its size. */
import { open } from 'node:fs/promises'
import { AppError, fromUtf8 } from '../base/mod.ts'
import { fileFailure, LineTooLong } from './errors.ts'

const READ_BYTES = 65_536
const NEWLINE = 0x0a

/**
 * The lines of a UTF-8 file without their ends; the last may lack one. Holds one line of at most `lineBytesMax` at a time.
 * Fails with `host.line_too_long`, `encoding.invalid`, and as `readBytes` does.
 */
export async function* readLines(path: string, lineBytesMax: number): AsyncGenerator<string> {
  let rest = new Uint8Array(0)
  for await (const part of partsOf(path)) {
    let from = 0
    for (let end = part.indexOf(NEWLINE); end >= 0; end = part.indexOf(NEWLINE, from)) {
      yield lineOf(joined(rest, part.subarray(from, end)), path, lineBytesMax)
      rest = new Uint8Array(0)
      from = end + 1
    }
    rest = joined(rest, part.subarray(from))
    if (rest.length > lineBytesMax) throw tooLong(path, lineBytesMax)
  }
  if (rest.length > 0) yield lineOf(rest, path, lineBytesMax)
}

function lineOf(bytes: Uint8Array<ArrayBuffer>, path: string, lineBytesMax: number): string {
  if (bytes.length > lineBytesMax) throw tooLong(path, lineBytesMax)
  return fromUtf8(bytes)
}

function tooLong(path: string, lineBytesMax: number): LineTooLong {
  return new LineTooLong(`a line of ${path} is longer than ${lineBytesMax} bytes`)
}

function joined(head: Uint8Array<ArrayBuffer>, tail: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(head.length + tail.length)
  whole.set(head)
  whole.set(tail, head.length)
  return whole
}

async function* partsOf(path: string): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(READ_BYTES)
  let file: Awaited<ReturnType<typeof open>> | undefined
  try {
    file = await open(path, 'r')
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, READ_BYTES)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } catch (cause) {
    throw cause instanceof AppError ? cause : fileFailure('read', path, cause)
  } finally {
    await file?.close()
  }
}
