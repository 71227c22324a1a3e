/** A quick run (`npm run ok`) has a minute for everything: a test that takes more than half a second of a processor is left to the whole run. */
import { describe, test } from 'bun:test'

export const isQuick = process.env['SLUICE_TEST_QUICK'] === '1'

/** `test`, skipped in a quick run. */
export const slowTest = test.skipIf(isQuick)

/** `describe`, skipped in a quick run together with what it would start. */
export const describeSlow = describe.skipIf(isQuick)
