/** cli: verbs; environment and files into config; compose, run, stop. */
export type { CliContext } from './context.ts'
export { configureLogs } from './logs.ts'
export { run } from './program.ts'
export { askHidden } from './prompt.ts'
