/** Structured logs through LogTape: a library's loggers are silent until `cli` configures a sink. */
import { getLogger } from '@logtape/logtape'

/** What a room may say. Messages are constant texts; everything that varies goes into the fields. */
export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
}

/** The logger of a room, in the category `sluice.<room>`. */
export function logOf(room: string): Log {
  return getLogger(['sluice', room])
}
