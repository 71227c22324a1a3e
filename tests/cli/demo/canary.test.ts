import { expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import { countMarkers } from '../../../src/cli/demo/canary.ts'

const MARKER = 'canary-7f3a19'

test('countMarkers() finds a marker as it is, as hex, and inside gzip in the middle of other bytes', () => {
  expect(countMarkers(Buffer.from(`{"name":"${MARKER}"}`), [MARKER])).toBe(1)
  expect(countMarkers(Buffer.from(Buffer.from(`ab${MARKER}`).toString('hex').toUpperCase()), [MARKER])).toBe(1)
  const packed = Buffer.concat([Buffer.from('head'), gzipSync(Buffer.from(`x${MARKER}`)), Buffer.from('tail')])
  expect(countMarkers(packed, [MARKER])).toBe(1)
})

test('countMarkers() finds a marker in base64 at every alignment and in both alphabets', () => {
  for (let shift = 0; shift < 6; shift++) {
    for (const alphabet of ['base64', 'base64url'] as const) {
      const text = Buffer.from(`${'?'.repeat(shift)}${MARKER}~~~`).toString(alphabet)
      expect(countMarkers(Buffer.from(text), [MARKER])).toBeGreaterThan(0)
    }
  }
})

test('countMarkers() finds nothing where there is nothing, gzip header or not', () => {
  expect(countMarkers(Buffer.from([0x1f, 0x8b, 0x08, 0, 1, 2, 3]), [MARKER])).toBe(0)
  expect(countMarkers(Buffer.from('canary-7f3a1'), [MARKER])).toBe(0)
})
