/** The history of one deployment as bytes: what the rings are, as JSON, and behind it their values as 32-bit floats, little-endian. */
import * as v from 'valibot'
import { type Bytes, concatBytes, fromUtf8, utf8 } from '../../base/mod.ts'
import type { KeptRing } from './history.ts'
import { RANGE_WORDS } from './ranges.ts'

const FLOAT_BYTES = 4
const Header = v.strictObject({
  format: v.literal(1),
  rings: v.array(
    v.strictObject({
      component: v.string(),
      count: v.string(),
      range: v.picklist(RANGE_WORDS),
      newest: v.pipe(v.number(), v.safeInteger()),
      length: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1_024)),
    }),
  ),
})

export function encodeHistory(rings: readonly KeptRing[]): Bytes {
  const head = rings.map(({ values, component, count, range, newest }) => ({
    ...{ component, count, range, newest },
    length: values.length,
  }))
  const header = utf8(JSON.stringify({ format: 1, rings: head }))
  const size = new DataView(new ArrayBuffer(FLOAT_BYTES))
  size.setUint32(0, header.byteLength)
  const floats = new DataView(new ArrayBuffer(rings.reduce((sum, { values }) => sum + values.length, 0) * FLOAT_BYTES))
  let at = 0
  for (const { values } of rings) for (const value of values) floats.setFloat32(FLOAT_BYTES * at++, value, true)
  return concatBytes(new Uint8Array(size.buffer), header, new Uint8Array(floats.buffer))
}

/** Empty for bytes of another form: a history is worth less than a start. */
export function decodeHistory(bytes: Uint8Array): KeptRing[] {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let at = FLOAT_BYTES + view.getUint32(0)
    const { rings } = v.parse(Header, JSON.parse(fromUtf8(bytes.subarray(FLOAT_BYTES, at))))
    return rings.map(({ length, ...ring }) => {
      const values = Float32Array.from({ length }, (_, i) => view.getFloat32(at + FLOAT_BYTES * i, true))
      at += FLOAT_BYTES * length
      return { ...ring, values }
    })
  } catch {
    return []
  }
}
