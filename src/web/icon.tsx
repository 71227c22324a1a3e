/** The few drawings of the interface, as inline SVG: nothing is fetched, everything takes the colour of its text. */
import type { View } from './view.ts'

const PATHS = {
  overview: 'M3 3h7v9H3zM14 3h7v5h-7zM14 12h7v9h-7zM3 16h7v5H3z',
  deployments: 'M3 6h5v5H3zM16 13h5v5h-5zM8 8.5h4a2 2 0 0 1 2 2v3a2 2 0 0 0 2 2',
  bridges: 'M3 17V9M21 17V9M3 12c3.5 0 6-3 9-3s5.5 3 9 3M3 17h18M9 10v7M15 10v7',
  datasets:
    'M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3zM4 6v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3',
  vault: 'M14.5 9.5a5 5 0 1 0-3.2 4.7L13 16h3v3h3v2h2v-4l-6.2-6.2',
  audit: 'M9 5h11M9 12h11M9 19h11M3 5l1.5 1.5L7 4M3 12l1.5 1.5L7 11M3 19l1.5 1.5L7 18',
  settings: 'M4 6h9M17 6h3M4 12h3M11 12h9M4 18h11M19 18h1M13 4v4M7 10v4M15 16v4',
  runtimes: 'M3 4h18v7H3zM3 13h18v7H3zM7 7.5h.1M7 16.5h.1M11 7.5h6M11 16.5h6',
  blueprints: 'M6 3h9l4 4v14H6zM14 3v5h5M9 13h7M9 17h7',
  users:
    'M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM2 21v-1a6 6 0 0 1 6-6h2a6 6 0 0 1 6 6v1M16 3.5a4 4 0 0 1 0 7M18.5 14.5A5.5 5.5 0 0 1 22 20v1',
  lock: 'M5 11h14v10H5zM8 11V7a4 4 0 0 1 8 0v4M12 15v2',
  copy: 'M9 9h11v11H9zM15 5H4v11h1',
  check: 'M5 12.5l4.5 4.5L19 7',
  search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L20.5 20.5',
  sort: 'M8 10l4-5 4 5M8 14l4 5 4-5',
  up: 'M7 14l5-6 5 6',
  down: 'M7 10l5 6 5-6',
  warn: 'M12 4l9 16H3zM12 10v4M12 17h.1',
  wrong: 'M6 6l12 12M18 6L6 18',
} as const

export type IconName = keyof typeof PATHS

/** Decorative: the word beside it says the same. */
export function Icon(props: { name: IconName }): View {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[props.name]} />
    </svg>
  )
}
