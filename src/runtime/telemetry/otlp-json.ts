/**
 * Messages of OTLP 1.x in their JSON form (opentelemetry-proto, "JSON Protobuf Encoding"): ids as hex, 64-bit numbers as text, enums as
 * numbers. Written here by hand: the SDK would hold megabytes in a Runtime that does nothing, and count every figure a second time, for
 * messages of two shapes.
 */
import { buildFacts } from '../../host/mod.ts'

export type OtlpValue = { stringValue: string } | { intValue: string }
export type OtlpAttribute = { key: string; value: OtlpValue }

/** Who tells: the same for every message of a process. */
export function resourceOf(name: string): { attributes: OtlpAttribute[] } {
  return {
    attributes: attributesOf({
      'service.name': 'sluice-runtime',
      'service.instance.id': name,
      'service.version': buildFacts.version,
    }),
  }
}

export const SCOPE = { name: 'sluice', version: buildFacts.version }

/** Whole numbers become `intValue`, all else text. */
export function attributesOf(values: Readonly<Record<string, string | number>>): OtlpAttribute[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
  }))
}

/** Milliseconds since 1970, which may have a fraction, as nanoseconds. */
export function nanosOf(ms: number): string {
  const whole = Math.floor(ms)
  return String(BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1_000_000)))
}
