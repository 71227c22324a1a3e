/** A QR code as inline SVG: drawn on the server, nothing is fetched, and no style that our policy would forbid. */
import type { View } from './view.ts'

/** Rows of cells, true where it is dark, with the quiet zone around (ISO/IEC 18004: four cells). `label` is read out in its place. */
export function QrCode(props: { cells: readonly (readonly boolean[])[]; label: string }): View {
  const size = props.cells.length
  const path = props.cells.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : ''))).join('')
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={props.label}>
      <path class="paper" d={`M0 0h${size}v${size}h-${size}z`} />
      <path d={path} />
    </svg>
  )
}
